package randnet

import (
	"fmt"
	"math/rand/v2"
	"slices"

	"petrify/graph"
	"petrify/internal/portable"
)

// Options bound the networks.
type Options struct {
	Layers  int          // at most this many before the branches are joined; 0: 12
	Without []graph.Kind // kinds that do not occur; linear and flatten end a network and always do

	// Output, if not nil, says what a network with an input computes, with a loss that is not
	// its own: C features, or an image. nil: 2 to 10 features, or as many as the input has.
	Output func(in graph.Shape) graph.Shape

	// Large draws images of up to 20 pixels a side instead of 9, and up to 96 channels
	// instead of 24, as vector kernels want them.
	Large bool
}

// activation is the output of a layer, or the input.
type activation struct {
	name   string
	kind   graph.Kind // that made it; 0: the input
	shape  graph.Shape
	vector bool
	read   bool
}

// builder adds layers to a network.
type builder struct {
	rng     *rand.Rand
	without []graph.Kind
	largest int // number of channels of a convolution, and of pixels to which padding enlarges an image
	layers  []graph.Layer
	made    []*activation // the input first, then each layer's
}

// Network draws a network and the shape of its input. It is valid, and its
// layers have names.
func Network(rng *rand.Rand, o Options) (graph.Network, graph.Shape) {
	side, largest := 9, 24
	if o.Large {
		side, largest = 20, 96
	}
	in := graph.Shape{C: 1 + rng.IntN(4), H: 1 + rng.IntN(side), W: 1 + rng.IntN(side)}
	if rng.IntN(8) == 0 {
		in = graph.Shape{C: 1 + rng.IntN(12), H: 1, W: 1}
	}
	b := &builder{rng: rng, without: o.Without, largest: largest}
	b.made = []*activation{{name: graph.InputName, shape: in, vector: in.H == 1 && in.W == 1}}
	if o.Layers == 0 {
		o.Layers = 12
	}
	for range 1 + rng.IntN(o.Layers) {
		b.grow()
	}
	n := graph.Network{Name: "random"}
	out := graph.Shape{C: 2 + rng.IntN(9), H: 1, W: 1}
	if rng.IntN(8) == 0 {
		n.Loss, out.C = graph.MeanSquare, in.Size()
	}
	if o.Output != nil {
		n.Loss, out = graph.CrossEntropy, o.Output(in)
	}
	b.end(out)
	n.Layers = b.layers
	return n, in
}

// one reports true in one of n cases.
func one(rng *rand.Rand, n int) bool { return rng.IntN(n) == 0 }

// newest is the last layer's activation.
func (b *builder) newest() *activation { return b.made[len(b.made)-1] }

// grow adds a layer, most often to the newest activation, so that layers are
// fused and chains grow long.
func (b *builder) grow() {
	x := b.newest()
	if one(b.rng, 4) {
		x = b.made[b.rng.IntN(len(b.made))]
	}
	var kinds []graph.Kind
	for _, k := range graph.Kinds() {
		if b.fits(k, x) {
			kinds = append(kinds, k)
		}
	}
	for range 4 * len(habits[x.kind]) {
		if k := habits[x.kind][b.rng.IntN(len(habits[x.kind]))]; b.fits(k, x) {
			kinds = append(kinds, k)
		}
	}
	b.add(kinds[b.rng.IntN(len(kinds))], x)
}

// habits are the kinds that often follow another because they are fused with
// it.
var habits = map[graph.Kind][]graph.Kind{
	0:                         {graph.KindConv2D, graph.KindLinear},
	graph.KindConv2D:          {graph.KindBatchNorm, graph.KindBatchNorm, graph.KindReLU, graph.KindReLU6},
	graph.KindConvTranspose:   {graph.KindBatchNorm, graph.KindReLU},
	graph.KindLinear:          {graph.KindBatchNorm, graph.KindReLU},
	graph.KindBatchNorm:       {graph.KindReLU, graph.KindReLU, graph.KindReLU6},
	graph.KindAdd:             {graph.KindReLU, graph.KindReLU6},
	graph.KindSub:             {graph.KindReLU, graph.KindReLU6},
	graph.KindMul:             {graph.KindReLU, graph.KindReLU6},
	graph.KindReLU:            {graph.KindMaxPool, graph.KindAvgPool},
	graph.KindAttentionScores: {graph.KindSoftmax, graph.KindSoftmax, graph.KindReLU},
	graph.KindSoftmax:         {graph.KindAttentionValues, graph.KindAttentionValues},
}

// fits reports whether a layer of the kind may take x.
func (b *builder) fits(k graph.Kind, x *activation) bool {
	if slices.Contains(b.without, k) {
		return false
	}
	switch k {
	case graph.KindLinear:
		return x.vector
	case graph.KindSoftmax:
		return x.vector || x.shape.C > 1
	case graph.KindLayerNorm: // of one channel, it is constant
		return x.shape.C > 1
	case graph.KindAttentionScores:
		return !x.vector && x.shape.H == 1 && x.shape.W <= 40
	case graph.KindAttentionValues:
		return len(b.values(x)) > 0
	case graph.KindConv2D, graph.KindMaxPool, graph.KindAvgPool, graph.KindGlobalAvgPool:
		return !x.vector
	case graph.KindConvTranspose:
		return !x.vector && max(x.shape.H, x.shape.W) <= 7
	case graph.KindResize:
		return !x.vector && max(x.shape.H, x.shape.W) <= 7
	case graph.KindConcat:
		return x.shape.C < b.largest
	case graph.KindSlice:
		return x.shape.Size() > 1
	case graph.KindPad:
		return x.shape.C < b.largest && max(x.shape.H, x.shape.W) <= b.largest
	case graph.KindShuffle:
		return x.shape.C > 1
	}
	return true
}

// add adds a layer that reads x, and others if it joins.
func (b *builder) add(k graph.Kind, x *activation) *activation {
	l := graph.Layer{Kind: k}
	y := &activation{kind: k, shape: x.shape, vector: x.vector}
	from := []*activation{x}
	switch k {
	case graph.KindConv2D:
		b.window(&l, x.shape)
		b.filters(&l, x.shape.C)
		y.shape = slide(l, x.shape)
	case graph.KindMaxPool, graph.KindAvgPool:
		b.window(&l, x.shape)
		y.shape = slide(l, x.shape)
	case graph.KindGlobalAvgPool:
		y.shape = graph.Shape{C: x.shape.C, H: 1, W: 1}
	case graph.KindLinear:
		l.Units = b.channels()
		y.shape = graph.Shape{C: l.Units, H: 1, W: 1}
	case graph.KindFlatten:
		y.shape, y.vector = graph.Shape{C: x.shape.Size(), H: 1, W: 1}, true
	case graph.KindReshape:
		l.Shape = b.factors(x.shape.Size())
		y.shape, y.vector = l.Shape, false
	case graph.KindConvTranspose:
		b.filters(&l, x.shape.C)
		y.shape = b.reach(&l, x.shape)
	case graph.KindResize:
		l.Factor = [2]int{1 + b.rng.IntN(3), 1 + b.rng.IntN(3)}
		y.shape.H, y.shape.W = x.shape.H*l.Factor[0], x.shape.W*l.Factor[1]
	case graph.KindAttentionScores:
		b.scores(&l, x.shape.C)
		from = append(from, b.like(x, k))
		y.shape = graph.Shape{C: x.shape.W, H: l.Heads, W: x.shape.W}
	case graph.KindAttentionValues:
		all := b.values(x)
		from = append(from, all[b.rng.IntN(len(all))])
		y.shape = graph.Shape{C: from[1].shape.C, H: 1, W: x.shape.W}
	case graph.KindSlice:
		b.part(&l, x.shape)
		y.shape = graph.Shape{C: l.Channels[1] - l.Channels[0], H: l.Rows[1] - l.Rows[0],
			W: l.Columns[1] - l.Columns[0]}
	case graph.KindPad:
		b.around(&l, x)
		p, c := l.Padding, l.ExtraChannels
		y.shape = graph.Shape{C: x.shape.C + c[0] + c[1], H: x.shape.H + p.Top + p.Bottom,
			W: x.shape.W + p.Left + p.Right}
	case graph.KindShuffle:
		l.Groups = b.groups(x.shape.C)
	case graph.KindAdd, graph.KindSub, graph.KindMul, graph.KindMax, graph.KindMin:
		factor := b.like(x, k)
		if from = append(from, factor); b.fits(graph.KindGlobalAvgPool, factor) && one(b.rng, 2) {
			from[1] = b.add(graph.KindGlobalAvgPool, factor)
		}
		if k == graph.KindSub && from[1] == x { // always 0
			l.Kind = graph.KindAdd
		}
	case graph.KindConcat:
		for range 1 + b.rng.IntN(2) {
			from = append(from, b.like(x, k))
		}
		y.shape.C = 0
		for _, in := range from {
			y.shape.C += in.shape.C
		}
	case graph.KindLeakyReLU:
		if l.Slope = 0.01 + float32(b.rng.Float32()/2); one(b.rng, 3) {
			l.Slope = float32(4*b.rng.Float32()) - 2
		}
	case graph.KindBatchNorm, graph.KindLayerNorm:
		if one(b.rng, 3) {
			l.Epsilon = portable.Pow(10, -5*b.rng.Float64())
		}
	case graph.KindClip:
		l.Min, l.Max = b.bounds()
	case graph.KindDropout:
		l.Rate = b.rng.Float32() * 0.75
	}
	return b.append(l, y, from)
}

// bounds draws those of a clip, one of which may be none.
func (b *builder) bounds() (least, greatest float32) {
	least = float32(3*b.rng.Float32()) - 2
	greatest = least + 0.1 + float32(3*b.rng.Float32())
	switch b.rng.IntN(4) {
	case 0:
		least = -graph.Unbounded
	case 1:
		greatest = graph.Unbounded
	}
	return least, greatest
}

// part draws what a slice takes: not all of an input of the given shape.
func (b *builder) part(l *graph.Layer, in graph.Shape) {
	for taken := in.Size(); taken == in.Size(); {
		taken = 1
		for axis, size := range [3]int{in.C, in.H, in.W} {
			first := b.rng.IntN(size)
			end := first + 1 + b.rng.IntN(size-first)
			*[3]*[2]int{&l.Channels, &l.Rows, &l.Columns}[axis] = [2]int{first, end}
			taken *= end - first
		}
	}
}

// around draws what a pad adds.
func (b *builder) around(l *graph.Layer, x *activation) {
	l.ExtraChannels[0] = b.rng.IntN(3)
	if l.ExtraChannels[1] = b.rng.IntN(3); x.vector || l.ExtraChannels == [2]int{} && one(b.rng, 2) {
		l.ExtraChannels[1]++
	}
	if !x.vector {
		l.Padding = graph.Padding{Top: b.rng.IntN(3), Left: b.rng.IntN(2), Bottom: b.rng.IntN(2), Right: 1}
	}
	if one(b.rng, 2) {
		l.Value = float32(4*b.rng.Float32()) - 2
	}
}

// groups draws a divisor of a number of channels, not 1.
func (b *builder) groups(channels int) int {
	for {
		if n := 2 + b.rng.IntN(channels-1); channels%n == 0 {
			return n
		}
	}
}

// append gives the layer its name and inputs.
func (b *builder) append(l graph.Layer, y *activation, from []*activation) *activation {
	l.Name = fmt.Sprintf("%v_%d", l.Kind, len(b.layers)+1)
	y.name = l.Name
	for _, x := range from {
		x.read = true
	}
	if len(from) > 1 || from[0] != b.newest() || one(b.rng, 8) {
		for _, x := range from {
			l.From = append(l.From, x.name)
		}
	}
	b.layers, b.made = append(b.layers, l), append(b.made, y)
	return y
}

// like is an activation that can be joined with x, x itself if there is none.
func (b *builder) like(x *activation, k graph.Kind) *activation {
	var found []*activation
	for _, y := range b.made {
		same := y.vector == x.vector && y.shape.H == x.shape.H && y.shape.W == x.shape.W
		if same && (k == graph.KindConcat && y.shape.C < b.largest || y.shape == x.shape) {
			found = append(found, y)
		}
	}
	return found[b.rng.IntN(len(found))]
}

// end joins what nobody reads and turns it into the network's output.
func (b *builder) end(out graph.Shape) {
	var ends []*activation
	for _, x := range slices.Clone(b.made) {
		if !x.read {
			ends = append(ends, b.features(x))
		}
	}
	x := ends[0]
	if len(ends) > 1 {
		y := &activation{kind: graph.KindConcat, vector: true, shape: graph.Shape{H: 1, W: 1}}
		for _, e := range ends {
			y.shape.C += e.shape.C
		}
		x = b.append(graph.Layer{Kind: graph.KindConcat}, y, ends)
	}
	x = b.append(graph.Layer{Kind: graph.KindLinear, Units: out.Size()},
		&activation{kind: graph.KindLinear, vector: true, shape: graph.Shape{C: out.Size(), H: 1, W: 1}},
		[]*activation{x})
	if out.H*out.W > 1 {
		y := &activation{kind: graph.KindReshape, shape: out}
		x = b.append(graph.Layer{Kind: graph.KindReshape, Shape: out}, y, []*activation{x})
		b.append(graph.Conv2D(out.C, 3).Same(), &activation{kind: graph.KindConv2D, shape: out}, []*activation{x})
		return
	}
	last := []graph.Kind{graph.KindBatchNorm, graph.KindHardSwish, graph.KindTanh, graph.KindReshape, graph.KindSoftmax}
	if k := last[b.rng.IntN(len(last))]; one(b.rng, 4) && b.fits(k, x) {
		b.add(k, x)
	}
}

// features turns x into a vector.
func (b *builder) features(x *activation) *activation {
	if b.fits(graph.KindGlobalAvgPool, x) && one(b.rng, 3) {
		x = b.add(graph.KindGlobalAvgPool, x)
	}
	if !x.vector {
		x = b.add(graph.KindFlatten, x)
	}
	if one(b.rng, 4) {
		x = b.add(graph.KindLinear, x)
	}
	return x
}
