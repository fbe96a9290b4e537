package imported

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"

	"petrify/graph"
	"petrify/graph/fromonnx"
	"petrify/train"
)

// Network is an imported network with its weights, ready to run.
type Network struct {
	facts  fromonnx.Facts
	in     graph.Shape
	run    Computes
	close  func() error
	batch  int
	macs   int64 // multiply-adds for an input
	x, y   []float32
	labels []int32
}

// Computes are the outputs of a batch of inputs with channels last; images among them have channels
// first.
type Computes func(y, x []float32, labels []int32) error

// The most inputs of a batch, and the bytes of its values.
const (
	mostBatch  = 8
	mostMemory = 1 << 27
)

// New builds the network.
func New(n graph.Network, weights []graph.State, facts fromonnx.Facts) (*Network, error) {
	in, err := facts.Input.Image()
	if err != nil {
		return nil, err
	}
	m, err := graph.New(n, in, graph.Quantization{}, rand.New(rand.NewPCG(0, 0)))
	if err != nil {
		return nil, err
	}
	if err := train.SetWeights(m, weights); err != nil {
		return nil, err
	}
	batch := 1
	e, err := m.Evaluator(batch, false)
	if err == nil && e.Memory() < mostMemory/mostBatch {
		batch = mostBatch
		if err = e.Close(); err == nil {
			e, err = m.Evaluator(batch, false)
		}
	}
	if err != nil {
		return nil, err
	}
	run := func(y, x []float32, labels []int32) error {
		_, err := e.Run(x, labels)
		copy(y, e.Logits())
		return err
	}
	all, err := Running(run, batch, facts)
	if err == nil {
		all.close, all.macs = e.Close, m.MACs()
	}
	return all, err
}

// Running is a network that was trained on since it was imported, and is computed for a batch at a
// time.
func Running(run Computes, batch int, facts fromonnx.Facts) (*Network, error) {
	in, err := facts.Input.Image()
	if err != nil {
		return nil, err
	}
	outputs := 1
	for _, d := range facts.Output.Shape {
		outputs *= d
	}
	return &Network{facts: facts, in: in, run: run, close: func() error { return nil }, batch: batch,
		x: make([]float32, batch*in.Size()), y: make([]float32, batch*outputs),
		labels: slices.Repeat([]int32{-1}, batch)}, nil
}

// Close frees the network.
func (n *Network) Close() error { return n.close() }

// Affordable is how many of the wanted inputs can be computed by definition in
// about a second.
func (n *Network) Affordable(wanted int) int {
	const macs = 6e8
	return min(wanted, max(1, int(macs/max(1, n.macs))))
}

// InputSize is the numbers of one input.
func (n *Network) InputSize() int { return n.in.Size() }

// Outputs computes what the file computes before its end was cut off, for
// inputs one after the other in the file's layout.
func (n *Network) Outputs(x []float32) ([]float32, error) {
	size := n.in.Size()
	if len(x)%size != 0 {
		return nil, fmt.Errorf("imported: %d numbers: an input has %d", len(x), size)
	}
	var all []float32
	for len(x) > 0 {
		count := min(n.batch, len(x)/size)
		clear(n.x)
		for i := range count {
			n.toLast(n.x[i*size:(i+1)*size], x[i*size:(i+1)*size])
		}
		if err := n.run(n.y, n.x, n.labels); err != nil {
			return nil, err
		}
		all = append(all, n.inOrder(n.y[:len(n.y)/n.batch*count])...)
		x = x[count*size:]
	}
	return all, nil
}

// toLast brings an input from the file's layout to channels last.
func (n *Network) toLast(to, x []float32) {
	if n.facts.Input.ChannelsLast() {
		copy(to, x)
		return
	}
	channels, plane := n.in.C, n.in.H*n.in.W
	for i, v := range x {
		to[i%plane*channels+i/plane] = v
	}
}

// inOrder brings outputs, channels first, into the file's order.
func (n *Network) inOrder(y []float32) []float32 {
	out := n.facts.Output
	if !out.ChannelsLast() {
		return y
	}
	channels := out.Shape[len(out.Shape)-1]
	plane := 1
	for _, d := range out.Shape[:len(out.Shape)-1] {
		plane *= d
	}
	all := make([]float32, len(y))
	for i := range all {
		one, k := i/(channels*plane)*channels*plane, i%(channels*plane)
		all[i] = y[one+k%channels*plane+k/channels]
	}
	return all
}

// Results computes what the file computes, and the shape of one result.
func (n *Network) Results(x []float32) (y []float32, shape []int, err error) {
	if y, err = n.Outputs(x); err != nil {
		return nil, nil, err
	}
	size := 1
	for _, d := range n.facts.Output.Shape {
		size *= d
	}
	shape = n.facts.Output.Shape
	for _, cut := range n.facts.Cut {
		switch cut {
		case fromonnx.CutArgMax:
			if size == 1 { // of a result that is a label already
				continue
			}
			y, size, shape = labels(y, size), 1, []int{}
		case fromonnx.CutTwoClasses:
			y, size, shape = twoClasses(y), 2, []int{2}
		default:
			for first := 0; first < len(y); first += size {
				putBack(cut, y[first:first+size])
			}
		}
	}
	elements := 1
	for _, d := range n.facts.Result.Shape {
		elements *= d
	}
	if elements == size {
		shape = n.facts.Result.Shape
	}
	return y, shape, nil
}

// putBack computes what was cut off, for one result.
func putBack(cut fromonnx.Cut, y []float32) {
	top := float64(slices.Max(y))
	sum := 0.0
	for _, v := range y {
		sum += math.Exp(float64(v) - top)
	}
	for i, v := range y {
		switch cut {
		case fromonnx.CutSoftmax:
			y[i] = float32(math.Exp(float64(v)-top) / sum)
		case fromonnx.CutLogSoftmax:
			y[i] = float32(float64(v) - top - math.Log(sum))
		case fromonnx.CutSigmoid:
			y[i] = float32(1 / (1 + math.Exp(-float64(v))))
		}
	}
}

// labels are the indices of the greatest numbers, the first of several.
func labels(y []float32, size int) (all []float32) {
	for first := 0; first < len(y); first += size {
		one := y[first : first+size]
		all = append(all, float32(slices.Index(one, slices.Max(one))))
	}
	return all
}

// twoClasses are the probabilities 1 − p and p.
func twoClasses(y []float32) (all []float32) {
	for _, p := range y {
		all = append(all, 1-p, p)
	}
	return all
}
