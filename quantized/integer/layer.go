package integer

import (
	"fmt"

	"petrify/quantized"
)

// Layer runs some nodes of a frozen model, from their input activations to the
// last one's output. With it, a training step computes what an [Engine] will:
// with the same steps, on the same integers.
type Layer struct{ program }

// NewLayer compiles nodes that read the given activations, in the order of
// [Layer.Run]'s arguments; without nodes the layer is the first input's
// quantizer. Nodes are not validated, since their model is.
func NewLayer(nodes []quantized.Node, inputs []quantized.Activation, o Options) (*Layer, error) {
	if err := o.validate(); err != nil {
		return nil, err
	}
	output := inputs[0].Name
	if len(nodes) > 0 {
		output = nodes[len(nodes)-1].Name
	}
	p, err := compile(nodes, output, o, inputs...)
	return &Layer{p}, err
}

// Run computes n outputs y of the inputs xs, real numbers that are rounded to
// the inputs' grids where these are quantized. In and out, images are N H W C.
func (l *Layer) Run(y []float32, xs [][]float32, n int) error {
	if len(xs) != len(l.inputs) {
		return fmt.Errorf("integer: %d inputs: want %d", len(xs), len(l.inputs))
	}
	for i, x := range xs {
		if want := n * l.inputs[i].elements(); len(x) != want {
			return fmt.Errorf("integer: %d numbers for input %d: want %d", len(x), i, want)
		}
	}
	size := l.output.elements()
	if len(y) != n*size {
		return fmt.Errorf("integer: %d numbers out: want %d", len(y), n*size)
	}
	l.each(n, func(m *memory, from, to int) {
		for i, in := range l.inputs {
			in.load(m, xs[i][from*in.elements():to*in.elements()], to-from)
		}
		l.compute(m, to-from)
		l.output.unload(m, y[from*size:to*size], to-from)
	})
	return nil
}
