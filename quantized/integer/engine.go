package integer

import (
	"fmt"

	"petrify/quantized"
)

// Engine runs one frozen model. It serves one call at a time.
type Engine struct {
	program
	model         *quantized.Model
	input, output *value
}

// New compiles the model, which must not change afterwards.
func New(m *quantized.Model, o Options) (*Engine, error) {
	if err := o.validate(); err != nil {
		return nil, err
	}
	if err := m.Validate(); err != nil {
		return nil, fmt.Errorf("integer: %w", err)
	}
	p, err := compile(m.Nodes, m.Output, o, m.Input.Activation)
	if err != nil {
		return nil, err
	}
	return &Engine{program: p, model: m, input: p.inputs[0], output: p.output}, nil
}

// InputSize is the number of elements of one input.
func (e *Engine) InputSize() int { return e.input.elements() }

// Run computes the outputs y, each C H W or F, of n inputs x, each H W C, as
// real numbers: normalised, as the model was trained on them.
func (e *Engine) Run(y, x []float32, n int) error {
	return run(e, y, x, n, (*value).load, (*value).store)
}

// RunBytes is [Engine.Run] from integers to integers: the q of the input's and
// the output's quantizers, one per byte, as int8 if the format is signed. It
// fails if the model's input or output is not quantized.
func (e *Engine) RunBytes(y, x []uint8, n int) error {
	if e.input.bytes == nil || e.output.bytes == nil {
		output, _ := e.model.Activation(e.model.Output)
		return fmt.Errorf("integer: bytes of a model whose input is %v and output %v: want both quantized",
			e.model.Input.Quant, output.Quant)
	}
	return run(e, y, x, n, (*value).loadBytes, (*value).storeBytes)
}

// run computes n images of x, which load takes and whose outputs store writes.
func run[T uint8 | float32](e *Engine, y, x []T, n int, load, store func(v *value, m *memory, xs []T, n int)) error {
	in, out := e.InputSize(), e.OutputSize()
	if n < 0 || len(x) != n*in || len(y) != n*out {
		return fmt.Errorf("integer: %d numbers in and %d out for a batch of %d: want %d and %d each", len(x), len(y), n,
			in, out)
	}
	e.each(n, func(m *memory, from, to int) {
		load(e.input, m, x[from*in:to*in], to-from)
		e.compute(m, to-from)
		store(e.output, m, y[from*out:to*out], to-from)
	})
	return nil
}
