package fromonnx

import (
	"math"
	"slices"

	"petrify/graph"
	"petrify/internal/onnxeval"
)

// attended makes a layer of the products of two computed values in each of some heads: of
// queries and keys, or of the shares of positions and their values.
func (v *visit) attended(a, b *signal) (*signal, error) {
	rank := len(a.shape)
	if rank < 3 || len(b.shape) != rank || !slices.Equal(a.shape[:rank-2], b.shape[:rank-2]) ||
		a.shape[rank-1] != b.shape[rank-2] {
		return nil, refuse("attention is imported", "it multiplies computed values of shapes %v and %v", a.shape,
			b.shape)
	}
	if last := v.to[len(v.to)-1]; last != b.shape[rank-1] {
		return nil, refuse("", "it multiplies along axis %d of its second input, and the batch is in it", rank-1)
	}
	x, y := copied(a), copied(b)
	factor := x.factor() * y.factor()
	p := product{visit: v, a: x, b: y, heads: sizeOf(a.shape[1 : rank-2]),
		m: a.shape[rank-2], k: a.shape[rank-1], n: b.shape[rank-1]}
	s, err := p.values()
	if s == nil && err == nil {
		s, err = p.scores()
	}
	if err != nil {
		return nil, err
	}
	if factor != 1 {
		out, _ := v.source(s.layer)
		return v.scaled(s, constants(out.C, factor), constants(out.C, 0)), nil
	}
	return s, nil
}

// factor is the number that a value is multiplied by, which it is no more.
func (s *signal) factor() float64 {
	if !s.affine() || s.padded() || !uniform(s, s.scale[0], 0) {
		return 1
	}
	f := s.scale[0]
	s.scale, s.shift = nil, nil
	return f
}

// product is one of heads: M × K times K × N.
type product struct {
	*visit
	a, b           *signal
	heads, m, k, n int
}

// as is a value of heads × rows × columns with its axes in another order, as an image of the given
// channels, height and width.
func (p product) as(s *signal, rows, columns int, perm []int, shape ...int) *signal {
	y := copied(s)
	y.order = permuted(s.order, []int{p.heads, rows, columns}, perm)
	y.shape = append([]int{p.dims[0]}, shape...)
	return y
}

// values is the product of shares, which are keys × heads × queries in their layer, and values,
// in this order or both transposed; nil if it is no such product.
func (p product) values() (*signal, error) {
	for _, o := range []struct {
		shares, values *signal
		queries, each  int   // positions, and values' channels of a head
		order          []int // of heads × channels × queries in the result
	}{
		{p.as(p.a, p.m, p.k, []int{2, 0, 1}, p.k, p.heads, p.m),
			p.as(p.b, p.k, p.n, []int{0, 2, 1}, p.heads*p.n, p.k), p.m, p.n, []int{0, 2, 1}},
		{p.as(p.b, p.k, p.n, []int{1, 0, 2}, p.k, p.heads, p.n),
			p.as(p.a, p.m, p.k, []int{0, 1, 2}, p.heads*p.m, p.k), p.n, p.m, []int{0, 1, 2}},
	} {
		out, vector := p.source(o.shares.layer)
		if vector || o.shares.order != nil || out != (graph.Shape{C: p.k, H: p.heads, W: o.queries}) {
			continue
		}
		if _, err := p.image(o.values); err != nil {
			continue
		}
		if _, err := p.settled(o.shares); err != nil {
			return nil, err
		}
		l := &layer{Layer: graph.Layer{Kind: graph.KindAttentionValues},
			out: graph.Shape{C: p.heads * o.each, H: 1, W: o.queries}}
		order := permuted(nil, []int{p.heads, o.each, o.queries}, o.order)
		return p.add(l, order, o.shares.layer, o.values.layer), nil
	}
	return nil, nil
}

// scores are the products of queries and keys.
func (p product) scores() (*signal, error) {
	queries := p.as(p.a, p.m, p.k, []int{0, 2, 1}, p.heads*p.k, p.m)
	keys := p.as(p.b, p.k, p.n, []int{0, 1, 2}, p.heads*p.k, p.n)
	for _, s := range []*signal{queries, keys} {
		if _, err := p.image(s); err != nil {
			return nil, refuse("attention of positions to positions is imported",
				"it multiplies computed values of shapes %v and %v, of which one is transposed in a way that no layer "+
					"can do", p.a.shape, p.b.shape)
		}
		if _, err := p.settled(s); err != nil {
			return nil, err
		}
	}
	l := &layer{Layer: graph.Layer{Kind: graph.KindAttentionScores, Heads: p.heads}, scale: 1,
		out: graph.Shape{C: p.n, H: p.heads, W: p.m}}
	return p.add(l, permuted(nil, []int{p.n, p.heads, p.m}, []int{1, 2, 0}), queries.layer, keys.layer), nil
}

// scoreScale is the factor of attention scores as the layer has it: 0 is the usual, 1/√channels
// of a head.
func (m *mapping) scoreScale(l *layer) float32 {
	queries, _ := m.source(l.from[0])
	usual := 1 / math.Sqrt(float64(queries.C/l.Heads))
	if math.Abs(l.scale-usual) < 1e-6*usual {
		return 0
	}
	return float32(l.scale)
}

// each is a·x + b with other numbers for each element: a depthwise convolution of all elements
// as channels of one pixel.
func (v *visit) each(s *signal, c *onnxeval.Tensor, combine func(c float64) (a, b float64)) (*signal, error) {
	in, _ := v.source(s.layer)
	numbers, err := v.spread(s, c, 1)
	if err != nil {
		return nil, err
	}
	a, b := make([]float64, len(numbers)), make([]float64, len(numbers))
	for i, c := range numbers {
		a[i], b[i] = combine(c)
	}
	if at := s.layer; at >= 0 && s.sole && s.plain() && v.layers[at].Kind == graph.KindReshape {
		if l := v.layers[at].from[0]; l >= 0 && v.layers[l].each {
			v.layers[l].rescale(a, b)
			v.layers[l].also(v.String())
			return v.view(s), nil
		}
	}
	if _, err := v.settled(s); err != nil {
		return nil, err
	}
	flat := graph.Shape{C: in.Size(), H: 1, W: 1}
	at := slices.IndexFunc(v.constants, func(c *onnxeval.Tensor) bool { return c != nil })
	l := &layer{Layer: graph.DepthwiseConv2D(1), title: title(v.Inputs[at], v.Name), out: flat, weight: a, bias: b,
		each: true, size: []int{flat.C, 1, 1, 1}, nodes: []string{v.String()}}
	at = v.append(&layer{Layer: graph.Reshape(flat), out: flat}, s.layer)
	at = v.append(&layer{Layer: graph.Reshape(in), out: in}, v.append(l, at))
	y := v.view(s)
	y.layer, y.sole = at, v.alone()
	return y, nil
}

// extended puts constant positions before or after those of a signal, such as the token that
// collects what a transformer says of an image: zeros, and a constant of each element.
func (v *visit) extended(s *signal) (*signal, error) {
	rank := len(v.to)
	axis := v.Int("axis", 1)
	if axis < 0 {
		axis += rank
	}
	if axis == 0 || s.apart != nil {
		return nil, refuse("positions of a signal are imported", "it joins constants along axis %d", axis)
	}
	n, channels := s.size()/s.shape[rank-1], s.shape[rank-1]
	x := copied(s)
	x.order = permuted(s.order, []int{n, channels}, []int{1, 0})
	x.shape = []int{v.dims[0], channels, n}
	if axis == rank-1 || sizeOf(v.to[1:])/v.to[axis]*s.shape[axis] != s.size() || s.shape[axis] != n {
		return nil, refuse("positions of a signal are imported", "it joins constants along axis %d", axis)
	}
	if _, err := v.image(x); err != nil {
		return nil, err
	}
	if _, err := v.settled(x); err != nil {
		return nil, err
	}
	constant := onnxeval.Floats(append([]int{1}, v.to[1:]...), nil)
	var sides [2]int
	before := true
	for i, c := range v.constants {
		if v.signals[i] != nil {
			constant.F, before = append(constant.F, make([]float64, n*channels)...), false
			continue
		}
		each := c.Size() / max(c.Shape[0], 1)
		if c.F == nil || each == 0 || each%channels != 0 || slices.ContainsFunc(slices.Collect(slices.Chunk(c.F, each)),
			func(one []float64) bool { return !slices.Equal(one, c.F[:each]) }) {
			return nil, refuse("", "it joins a constant of shape %v with numbers for each input of a batch", c.Shape)
		}
		constant.F = append(constant.F, c.F[:each]...)
		if before {
			sides[0] += each / channels
		} else {
			sides[1] += each / channels
		}
	}
	l := &layer{Layer: graph.Layer{Kind: graph.KindPad, Padding: graph.Padding{Left: sides[0], Right: sides[1]}},
		out: graph.Shape{C: channels, H: 1, W: n + sides[0] + sides[1]}}
	y := v.add(l, permuted(nil, []int{channels, l.out.W}, []int{1, 0}), x.layer)
	return v.each(y, constant, func(c float64) (a, b float64) { return 1, c })
}
