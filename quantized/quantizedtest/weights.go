package quantizedtest

import (
	"math"

	"petrify/fakequant/affine"
	"petrify/quantized"
)

// weighted adds a node with random weights of the given shape and a bias.
func (b *Builder) weighted(n quantized.Node, shape []int) string {
	inputs := shape[1]
	for _, d := range shape[2:] {
		inputs *= d
	}
	x := b.activation(n.Inputs[0])
	if b.scheme.Weights.IsFloat() {
		n.Weights = &quantized.Weights{Shape: shape, Float: b.floats(shape[0]*inputs, 0.25)}
	} else {
		n.Weights = b.integers(shape, inputs)
	}
	spread := b.spread[x.Name] * deviation(n.Weights.Real()) * math.Sqrt(float64(inputs))
	n.Bias = b.bias(n.Weights, x.Quant, spread)
	return b.add(n, spread)
}

func (b *Builder) floats(n int, spread float64) []float32 {
	r := make([]float32, n)
	for i := range r {
		r[i] = float32(b.rng.NormFloat64() * spread)
	}
	return r
}

// integers draws weights evenly from their range, with the ends in channel 0.
func (b *Builder) integers(shape []int, inputs int) *quantized.Weights {
	f := b.scheme.Weights
	w := &quantized.Weights{Shape: shape, Format: f, Q: make([]int8, shape[0]*inputs), Origin: "random"}
	scales := shape[0]
	switch {
	case b.scheme.Block > 0 && shape[1] >= b.scheme.Block:
		w.Block = b.scheme.Block
		scales *= (shape[1] + w.Block - 1) / w.Block
	case b.scheme.PerTensor:
		w.Axis, scales = -1, 1
	}
	lo, hi := f.Min(), f.Max()
	draw := func() int32 { return lo + b.rng.Int32N(hi-lo+1) }
	for i := range w.Q {
		q := draw()
		for !f.Has(q) {
			q = draw()
		}
		w.Q[i] = int8(q)
	}
	w.Q[0], w.Q[len(w.Q)-1] = int8(lo), int8(hi)
	for range scales {
		w.Scale = append(w.Scale, b.scale(1/float64(hi)))
		if b.scheme.ZeroPoints {
			w.Zero = append(w.Zero, (lo+hi)/2+b.rng.Int32N(3)-1)
		}
	}
	w.Refine(quantized.FinestStep(f)) // as those of a model that was trained
	return w
}

func (b *Builder) bias(w *quantized.Weights, x quantized.Quant, spread float64) *quantized.Bias {
	real := b.floats(w.Shape[0], spread/4)
	if w.Q == nil || x.IsFloat() || w.Block > 0 {
		return &quantized.Bias{Float: real}
	}
	bias := &quantized.Bias{Q: make([]int32, len(real))}
	for _, s := range w.Scale {
		bias.Scale = append(bias.Scale, x.Scale*s)
	}
	for o := range bias.Q {
		s := bias.Scale[min(o, len(bias.Scale)-1)]
		bias.Q[o] = int32(math.RoundToEven(float64(real[o] / s)))
	}
	return bias
}

func deviation(values []float32) float64 {
	sum := 0.0
	for _, v := range values {
		sum += float64(v) * float64(v)
	}
	return math.Sqrt(sum / float64(len(values)))
}

// Inputs returns n inputs for m as real numbers: all least, all zero, all
// greatest, then random ones, a few of them outside the range, and some at
// ties between two integers.
func (b *Builder) Inputs(m *quantized.Model, n int) []float32 {
	size := 1
	for _, d := range m.Input.Shape {
		size *= d
	}
	q := m.Input.Quant
	if q.IsFloat() {
		q = quantized.Quant{Format: affine.Int8, Scale: 2.0 / 127}
	}
	lo, hi := q.Format.Min()-q.Zero, q.Format.Max()-q.Zero
	x := make([]float32, n*size)
	for i := range x {
		var v float64
		switch i / size {
		case 0:
			v = float64(lo)
		case 1:
			v = 0
		case 2:
			v = float64(hi)
		default:
			v = float64(lo) - 2 + b.rng.Float64()*float64(hi-lo+4)
			if b.rng.IntN(4) == 0 {
				v = math.Floor(v) + 0.5
			}
		}
		x[i] = float32(v * float64(q.Scale))
	}
	return x
}
