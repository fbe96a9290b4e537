package graph

import (
	"testing"

	"petrify/fakequant"
)

// PlainTrainer is [Model.Trainer] without fused nodes.
func (m *Model) PlainTrainer(batch int, quantized bool) (*Trainer, error) {
	b := newBuilder(m, batch, quantized)
	b.plainly, b.whole = true, true
	return newTrainer(b)
}

// WholeTrainer is [Model.Trainer] whose values all have memory of their own.
func (m *Model) WholeTrainer(batch int, quantized bool) (*Trainer, error) {
	b := newBuilder(m, batch, quantized)
	b.whole = true
	return newTrainer(b)
}

// Output is the output of the named layer in the last step of a whole trainer.
func (t *Trainer) Output(layer string) []float32 {
	for u, n := range t.outputs {
		if u.name() == layer && t.memory.Holds(n) {
			return floats(n)
		}
	}
	return nil
}

// Outputs is the network's output in the last step.
func (t *Trainer) Outputs() []float32 {
	return floats(t.outputs[t.model.units[len(t.model.units)-1]])
}

// View is a unit for tests that compute it in their own way.
type View struct {
	Layer         Layer // a batch norm that is a unit of its own is a depthwise convolution
	Inputs        []int // places of units; −1 is the network's input
	Ins           []Shape
	Out           Shape
	Clip          Kind
	Weight, Bias  *Param               // nil: none
	Slopes        *Param               // of a PReLU
	Norm          *NormView            // nil: none
	LayerNorm     *NormView            // nil: none; without statistics
	Quant, Output *fakequant.Quantizer // of the weights and of the output; nil: float
}

// NormView is a batch normalisation. The slices are the model's.
type NormView struct {
	Gamma, Beta    *Param
	Mean, Variance []float32
	Epsilon        float64
	Frozen         bool
}

// Views lists the units, and the quantizer of the input.
func (m *Model) Views() (input *fakequant.Quantizer, all []View) {
	place := map[*unit]int{m.source: -1}
	for i, u := range m.units {
		place[u] = i
		v := View{Layer: u.layer, Ins: u.ins, Out: u.out, Clip: u.clip,
			Weight: u.weight, Bias: u.bias, Slopes: u.slopes, Quant: u.weights, Output: u.output}
		for _, in := range u.inputs {
			v.Inputs = append(v.Inputs, place[in])
		}
		if n := u.norm; n != nil {
			v.Norm = &NormView{n.gamma, n.beta, n.mean, n.variance, n.epsilon, n.frozen}
		}
		if n := u.layerNorm; n != nil {
			v.LayerNorm = &NormView{Gamma: n.gamma, Beta: n.beta, Epsilon: float64(n.epsilon)}
		}
		all = append(all, v)
	}
	return m.source.output, all
}

// WholeOutputs are the outputs of the last batch, computed with memory for each node.
func (e *Evaluator) WholeOutputs(t *testing.T) []float32 {
	t.Helper()
	if err := e.again(); err != nil {
		t.Fatal(err)
	}
	return floats(e.whole.y)
}

// Planned is the bytes of all values, those that share memory where the plan has put them.
func (t *Trainer) Planned() (bytes int64) { return t.memory.Bytes() }
