package fromonnx

import (
	"slices"

	"petrify/graph"
	"petrify/internal/onnxeval"
	"petrify/internal/onnxpb"
)

// pick is a Slice, Split or Gather: it takes some elements of its input. Which these
// are comes from the operator itself, applied to the elements' numbers.
func pick(v *visit) (*signal, error) {
	x, err := v.input()
	if err != nil {
		return nil, err
	}
	numbers := &onnxeval.Tensor{Type: onnxpb.Int64, Shape: x.shape, I: make([]int64, sizeOf(x.shape))}
	for i := range numbers.I {
		numbers.I[i] = int64(i)
	}
	in := slices.Clone(v.constants)
	in[0] = numbers
	parts, err := v.Compute(in)
	if err != nil {
		return nil, err
	}
	var first *signal
	for i, part := range parts {
		if i >= len(v.Outputs) || v.Outputs[i] == "" {
			continue
		}
		y, err := v.picked(x, part)
		if err != nil {
			return nil, err
		}
		if y.shape, y.apart, err = v.result(v.shapes[v.Outputs[i]]); err != nil {
			return nil, err
		}
		if y.sole = y.sole && v.readers[v.Outputs[i]] <= 1; i == 0 {
			first = y
		} else {
			v.mapping.signals[v.Outputs[i]] = y
		}
	}
	return first, nil
}

// picked is the value that takes the numbered elements of another.
func (v *visit) picked(s *signal, part *onnxeval.Tensor) (*signal, error) {
	if len(part.Shape) == 0 || part.Shape[0] != s.shape[0] {
		return nil, refuse("", "it takes some inputs of a batch")
	}
	y := copied(s)
	if _, err := v.settled(y); err != nil {
		return nil, err
	}
	y.shape = part.Shape
	elements := make([]int, sizeOf(part.Shape[1:]))
	if len(elements) == 0 {
		return nil, refuse("", "it takes nothing")
	}
	whole := len(elements) == s.size()
	for i := range elements {
		elements[i] = int(part.I[i])
		if elements[i] >= s.size() {
			return nil, refuse("", "it takes some inputs of a batch")
		}
		whole = whole && elements[i] == i
	}
	if whole {
		v.dropped++
		return y, nil
	}
	before := copied(y)
	before.shape = s.shape
	if l, ok := v.box(before, elements); ok {
		return v.taken(y, before, l, elements), nil
	}
	if err := v.straighten(before); err != nil { // shuffled channels
		return nil, err
	}
	if l, ok := v.box(before, elements); ok {
		return v.taken(y, before, l, elements), nil
	}
	return y, v.runs(y, before, elements, v.String())
}

// stepped is a slice, and steps of rows and columns after it.
type stepped struct {
	graph.Layer
	step [2]int
}

// box is the slice that takes the given elements of a value, in any order.
func (v *visit) box(s *signal, elements []int) (l stepped, ok bool) {
	out, _ := v.source(s.layer)
	var axes [3][]int // the channels, rows and columns that occur
	for _, e := range elements {
		at := s.at(e)
		for i, k := range [3]int{at / (out.H * out.W), at / out.W % out.H, at % out.W} {
			axes[i] = append(axes[i], k)
		}
	}
	n := 1
	l.Kind, l.step = graph.KindSlice, [2]int{1, 1}
	for i := range axes {
		slices.Sort(axes[i])
		axes[i] = slices.Compact(axes[i])
		list := axes[i]
		n *= len(list)
		step := 1
		if len(list) > 1 {
			step = list[1] - list[0]
		}
		for k := range list {
			if list[k] != list[0]+k*step {
				return l, false
			}
		}
		if i > 0 {
			l.step[i-1] = step
		} else if step != 1 {
			return l, false
		}
		end, size := list[len(list)-1]+1, [3]int{out.C, out.H, out.W}[i]
		if list[0] == 0 && size-end < step { // the steps end with the axis
			end = size
		}
		*[3]*[2]int{&l.Channels, &l.Rows, &l.Columns}[i] = [2]int{list[0], end}
	}
	return l, n == len(elements)
}

// taken adds the layers of a box.
func (v *visit) taken(y, x *signal, l stepped, elements []int) *signal {
	in, _ := v.source(x.layer)
	out := graph.Shape{C: l.Channels[1] - l.Channels[0], H: l.Rows[1] - l.Rows[0], W: l.Columns[1] - l.Columns[0]}
	at := x.layer
	if out != in {
		at = v.part(x.layer, out, l.Layer, v.String())
	}
	rows, columns := (out.H-1)/l.step[0]+1, (out.W-1)/l.step[1]+1
	if l.step != [2]int{1, 1} {
		pool := graph.Layer{Kind: graph.KindMaxPool, Kernel: [2]int{1, 1}, Stride: l.step}
		at = v.append(&layer{Layer: pool, out: graph.Shape{C: out.C, H: rows, W: columns},
			nodes: []string{v.String()}}, at)
	}
	order := make([]int32, len(elements))
	for i, e := range elements {
		from := x.at(e)
		c, row, column := from/(in.H*in.W)-l.Channels[0], from/in.W%in.H-l.Rows[0], from%in.W-l.Columns[0]
		order[i] = int32((c*rows+row/l.step[0])*columns + column/l.step[1])
	}
	y.layer, y.order, y.sole = at, simplest(order), true
	return y
}

// part adds a slice; what is not cut is left out.
func (m *mapping) part(from int, out graph.Shape, l graph.Layer, nodes ...string) int {
	in, vector := m.source(from)
	for _, axis := range []struct {
		size int
		to   *[2]int
	}{{in.C, &l.Channels}, {in.H, &l.Rows}, {in.W, &l.Columns}} {
		if *axis.to == [2]int{0, axis.size} {
			*axis.to = [2]int{}
		}
	}
	return m.append(&layer{Layer: l, out: out, vector: vector, nodes: nodes}, from)
}

// mostRuns limits the slices of which whole channels are put together.
const mostRuns = 64

// runs takes whole channels in any order: slices of those that follow each other, and
// their concatenation.
func (m *mapping) runs(y, x *signal, elements []int, nodes ...string) error {
	in, vector := m.source(x.layer)
	plane := in.H * in.W
	place, channels := map[int]int{}, []int(nil)
	for _, e := range elements {
		c := x.at(e) / plane
		if _, known := place[c]; !known {
			place[c], channels = len(channels), append(channels, c)
		}
	}
	var ends []int // of the runs
	for i, c := range channels {
		if i+1 == len(channels) || channels[i+1] != c+1 {
			ends = append(ends, i+1)
		}
	}
	if len(channels)*plane != len(elements) || len(ends) > mostRuns {
		return refuse("a box of channels, rows and columns, and whole channels in up to 64 runs are imported",
			"it takes %d elements of %v otherwise", len(elements), in)
	}
	var from []int
	begin := 0
	for _, end := range ends {
		l := graph.Slice(channels[begin], channels[end-1]+1)
		from = append(from, m.part(x.layer, graph.Shape{C: end - begin, H: in.H, W: in.W}, l, nodes...))
		begin = end
	}
	out := graph.Shape{C: len(channels), H: in.H, W: in.W}
	at := from[0]
	if len(from) > 1 {
		at = m.append(&layer{Layer: graph.Concat(), out: out, vector: vector, nodes: nodes}, from...)
	}
	order := make([]int32, len(elements))
	for i, e := range elements {
		k := x.at(e)
		order[i] = int32(place[k/plane]*plane + k%plane)
	}
	y.layer, y.order, y.sole = at, simplest(order), true
	return nil
}

// straighten moves the channels of a value whose order is another than its layer's: by a
// shuffle, if they are those of groups by turns, or by slices. It does nothing if the
// elements within channels are in another order, or too many slices would be needed.
func (m *mapping) straighten(s *signal) error {
	in, vector := m.source(s.layer)
	if s.order == nil || s.padded() || !permutes(s, in) {
		return nil
	}
	groups := shuffled(s, in)
	if groups == 0 && changes(s, in) > mostRuns {
		return nil
	}
	if _, err := m.settled(s); err != nil {
		return err
	}
	if groups == 0 {
		elements := make([]int, s.size())
		for i := range elements {
			elements[i] = i
		}
		return m.runs(s, copied(s), elements)
	}
	key := reshaping{of: s.layer, groups: groups}
	at, ok := m.shaped[key]
	if !ok {
		at = m.append(&layer{Layer: graph.Shuffle(groups), out: in, vector: vector}, s.layer)
		m.shaped[key] = at
	}
	s.layer, s.order, s.sole = at, nil, false
	return nil
}

// permutes reports whether a value is all of its layer's channels, in any order.
func permutes(s *signal, in graph.Shape) bool {
	plane := in.H * in.W
	if s.size() != in.Size() {
		return false
	}
	seen := make([]bool, in.C)
	for i := range s.size() {
		at := s.at(i)
		if i%plane == 0 {
			if seen[at/plane] {
				return false
			}
			seen[at/plane] = true
		}
		if at%plane != i%plane || at/plane != s.at(i-i%plane)/plane {
			return false
		}
	}
	return true
}

// changes counts the channels that do not follow the one before.
func changes(s *signal, in graph.Shape) int {
	plane, n := in.H*in.W, 1
	for c := 1; c < in.C; c++ {
		if s.at(c*plane) != s.at((c-1)*plane)+plane {
			n++
		}
	}
	return n
}

// shuffled is the number of groups whose channels a value has by turns; 0 if that is
// not the order of its channels.
func shuffled(s *signal, in graph.Shape) int {
	plane := in.H * in.W
	if in.C < 4 {
		return 0
	}
	each := s.at(plane) / plane // the second channel: the first of the second group
	if each < 2 || in.C%each != 0 {
		return 0
	}
	groups := in.C / each
	for c := range in.C {
		if s.at(c*plane)/plane != c%groups*each+c/groups {
			return 0
		}
	}
	return groups
}
