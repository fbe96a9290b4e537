package imported

import (
	"fmt"
	"math"
	"math/rand/v2"

	"petrify/graph/fromonnx"
	"petrify/internal/onnxeval"
)

// Comparison is how far the network's outputs are from the file's.
type Comparison struct {
	Inputs   int
	Greatest float64 // of the file's outputs
	Furthest float64 // the greatest difference
	By       string  // who computed the file
}

// Relative is the greatest difference as a part of the greatest output.
func (c Comparison) Relative() float64 {
	if c.Greatest == 0 {
		return c.Furthest
	}
	return c.Furthest / c.Greatest
}

// Add compares outputs. What is not a number must be so in both.
func (c *Comparison) Add(ours []float32, theirs []float64) error {
	if len(ours) != len(theirs) {
		return fmt.Errorf("imported: %d outputs, the file has %d", len(ours), len(theirs))
	}
	for i, v := range theirs {
		d := math.Abs(float64(ours[i]) - v)
		if d != d || math.IsInf(d, 0) {
			return fmt.Errorf("imported: output %d is %v, the file's %v", i, ours[i], v)
		}
		c.Greatest, c.Furthest = max(c.Greatest, math.Abs(v)), max(c.Furthest, d)
	}
	return nil
}

// RandomInputs draws normally distributed inputs, or bytes if the file wants
// integers. The same seed gives the same inputs.
func RandomInputs(m *fromonnx.Model, n int, seed uint64) []float32 {
	rng := rand.New(rand.NewPCG(seed, 0))
	x := make([]float32, n*m.Input.Size())
	in := onnxeval.Tensor{Type: m.Source().Inputs[0].Type}
	for i := range x {
		if x[i] = float32(rng.NormFloat64()); !in.IsFloat() {
			x[i] = float32(rng.IntN(256))
		}
	}
	return x
}

// Compare computes random inputs by the network and by definition: as many as
// are wanted, or fewer of a large network.
func Compare(m *fromonnx.Model, inputs int) (Comparison, error) {
	c := Comparison{By: "the ONNX graph by definition"}
	n, err := New(m.Network, m.Weights, m.Facts)
	if err != nil {
		return c, err
	}
	defer n.Close()
	const elements = 1e8 // that are computed in a few seconds
	inputs = min(n.Affordable(inputs), max(1, elements/max(1, m.Elements())))
	batch := m.Facts.Input.Batch
	if batch == 0 {
		batch = min(inputs, n.batch)
	}
	c.Inputs = (inputs + batch - 1) / batch * batch
	x := RandomInputs(m, c.Inputs, 1)
	ours, err := n.Outputs(x)
	if err != nil {
		return c, err
	}
	theirs, err := Definition(m, x, batch)
	if err != nil && batch > 1 && m.Facts.Input.Batch == 0 { // the file holds a batch of one
		theirs, err = Definition(m, x, 1)
	}
	if err != nil {
		return c, err
	}
	return c, c.Add(ours, theirs)
}

// Definition computes the file by definition, before its end was cut off, for
// inputs one after the other. Numbers of half precision are computed as float32,
// as the network does.
func Definition(m *fromonnx.Model, x []float32, batch int) (all []float64, err error) {
	g := m.Source()
	in, size := g.Inputs[0], m.Input.Size()
	for ; len(x) > 0; x = x[batch*size:] {
		batch = min(batch, len(x)/size)
		t := &onnxeval.Tensor{Type: in.Type, Shape: append([]int{batch}, m.Facts.Input.Shape...)}
		for _, v := range x[:batch*size] {
			if t.IsFloat() {
				t.F = append(t.F, float64(v))
			} else {
				t.I = append(t.I, int64(v))
			}
		}
		name := m.Facts.Output.Name
		results, err := g.Run(map[string]*onnxeval.Tensor{in.Name: t}, onnxeval.Options{Want: []string{name},
			Wide: true})
		if err != nil {
			return nil, err
		}
		all = append(all, results[name].Numbers()...)
	}
	return all, nil
}
