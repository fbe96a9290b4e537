package coreml

import (
	"fmt"
	"math"

	"petrify/quantized"
	"petrify/quantized/coreml/mil"
)

// Runner runs a model's package, one input at a time, according to the
// definitions of its operations; see [mil.Machine]. It is not safe for
// concurrent use.
type Runner struct {
	model   *quantized.Model
	options Options
	machine *mil.Machine
	tensors map[string]*tensor
	input   []float32 // of the package
}

// NewRunner prepares the package that [Write] writes.
func NewRunner(m *quantized.Model, o Options) (*Runner, error) {
	b, err := translate(m, o)
	if err != nil {
		return nil, err
	}
	machine, err := mil.NewMachine(b.pkg)
	if err != nil {
		return nil, fmt.Errorf("coreml: %w", err)
	}
	return &Runner{model: m, options: o, machine: machine, tensors: b.tensors}, nil
}

// Run computes the model for x, C H W, normalised as for the network. A package
// that normalises is given the raw numbers that x was computed from.
func (r *Runner) Run(x []float32) error {
	if r.options.Image || r.options.Normalize {
		x = r.raw(x)
	}
	_, err := r.machine.Run(map[string][]float32{EncodeName(r.model.Input.Name): x})
	return err
}

// raw is p = (r·std + mean)/scale: whole numbers for an image.
func (r *Runner) raw(x []float32) []float32 {
	in := &r.model.Input
	r.input = append(r.input[:0], x...)
	plane := len(x) / in.Shape[0]
	for i, v := range r.input {
		p := float64(v)
		if c := i / plane; in.Std != nil {
			p = float64(p*float64(in.Std[c])) + float64(in.Mean[c])
		}
		if p /= float64(in.PixelScale); r.options.Image {
			p = math.RoundToEven(p)
		}
		r.input[i] = float32(p)
	}
	return r.input
}

// Activation appends to y what the last run gave for an activation, C H W: real
// numbers, r = s·(q − z) where the package has integers q.
func (r *Runner) Activation(y []float32, name string) []float32 {
	t := r.tensors[name]
	if !t.quantized() {
		for _, v := range r.machine.Value(t.value) {
			y = append(y, float32(v))
		}
		return y
	}
	_, zero := quantizer(t.Quant)
	for _, q := range r.machine.Value(t.value) {
		y = append(y, t.Quant.Scale*float32(q-float64(zero)))
	}
	return y
}
