package tflite

import (
	"petrify/quantized"
	"petrify/quantized/tflite/schema"
)

// packs reports whether the weights of a layer that computes with integers can
// be packed two to a byte. LiteRT has no kernel for grouped convolutions with
// such weights, and rounds depthwise ones differently, as well as linear layers
// with an odd number of inputs, which it leaves to the kernel for convolutions
// with windows.
func packs(n *quantized.Node) bool {
	even := n.Weights.Shape[1]%2 == 0
	return n.Weights.Format.Bits <= 4 && n.Groups <= 1 && (even || n.Op == quantized.Conv2D && !n.Pointwise())
}

func (w *writer) packs(l *layer) bool { return w.Int4 && l.integers && packs(l.Node) }

// weightVersion is the operator's version for weights of a byte, or of half of
// one.
func (w *writer) weightVersion(l *layer, whole, half int32) int32 {
	if w.packs(l) {
		return half
	}
	return whole
}

// weights adds the weights of a layer: O KH KW I for convolutions, 1 KH KW O
// for depthwise ones, O F or O 1 1 F for linear layers. Zero points are subtracted, as
// there are none in the file.
func (w *writer) weights(l *layer) int32 {
	p := l.Weights
	t := schema.Tensor{Name: l.Name + "/weight", Shape: w.weightShape(l.Node)}
	order := order(l)
	if !l.integers {
		return w.constant(t, floatBytes(ordered(p.Real(), order)))
	}
	t.Type, t.Quant = schema.Int8, schema.Quant{Scale: p.Scale, Zero: make([]int64, len(p.Scale))}
	if depthwise(l.Node) && p.Axis == 0 {
		t.Quant.Axis = 3
	}
	data := make([]byte, p.Len())
	for i, q := range ordered(centred(p), order) {
		data[i] = byte(q)
	}
	if w.packs(l) {
		t.Type, data = schema.Int4, packed(data)
	}
	return w.constant(t, data)
}

// centred returns the weights' integers minus their zero points.
func centred(p *quantized.Weights) []int32 {
	q := make([]int32, p.Len())
	for i := range q {
		q[i] = p.Value(i)
		if p.Zero != nil {
			q[i] -= p.Zero[p.ScaleIndex(i)]
		}
	}
	return q
}

// packed puts two numbers into a byte, the first in the low half.
func packed(q []byte) []byte {
	data := make([]byte, (len(q)+1)/2)
	for i, v := range q {
		data[i/2] |= v & 15 << (4 * (i % 2))
	}
	return data
}

func (w *writer) weightShape(n *quantized.Node) []int32 {
	s := n.Weights.Shape
	switch {
	case w.asConvolution(n):
		return []int32{int32(s[0]), 1, 1, int32(s[1])}
	case w.asLinear(n):
		return []int32{int32(s[0]), int32(s[1])}
	case depthwise(n):
		return []int32{1, int32(s[2]), int32(s[3]), int32(s[0])}
	}
	return []int32{int32(s[0]), int32(s[2]), int32(s[3]), int32(s[1])}
}

// order lists the indices in the model of a layer's weights, in the order of
// the file.
func order(l *layer) []int {
	s := l.Weights.Shape
	var places []int
	if l.Op == quantized.Linear {
		planes, channels := l.x.planes, s[1]/l.x.planes
		for o := range s[0] {
			for p := range planes {
				for c := range channels {
					places = append(places, o*s[1]+c*planes+p)
				}
			}
		}
		return places
	}
	kernel := s[2] * s[3]
	if depthwise(l.Node) {
		for k := range kernel {
			for o := range s[0] {
				places = append(places, o*kernel+k)
			}
		}
		return places
	}
	for o := range s[0] {
		for k := range kernel {
			for i := range s[1] {
				places = append(places, (o*s[1]+i)*kernel+k)
			}
		}
	}
	return places
}

// ordered returns the values at the given indices.
func ordered[T any](values []T, places []int) []T {
	out := make([]T, len(places))
	for i, p := range places {
		out[i] = values[p]
	}
	return out
}

// bias adds a layer's bias; zeros if there is none, because some runtimes
// require one.
func (w *writer) bias(l *layer) int32 {
	b, outputs := l.Bias, l.Weights.Shape[0]
	t := schema.Tensor{Name: l.Name + "/bias", Shape: []int32{int32(outputs)}}
	if !l.integers {
		return w.constant(t, floatBytes(realBias(b, outputs)))
	}
	t.Type = schema.Int32
	q := make([]int32, outputs)
	if b != nil {
		copy(q, b.Q)
	}
	for _, s := range l.Weights.Scale {
		t.Quant.Scale = append(t.Quant.Scale, l.x.Quant.Scale*s)
	}
	t.Quant.Zero = make([]int64, len(t.Quant.Scale))
	return w.constant(t, int32Bytes(q))
}

// realBias returns the bias's real numbers, s_x·s_w[o]·q if it has integers.
func realBias(b *quantized.Bias, outputs int) []float32 {
	r := make([]float32, outputs)
	switch {
	case b == nil:
	case b.Q == nil:
		copy(r, b.Float)
	default:
		for o, q := range b.Q {
			r[o] = float32(q) * b.Scale[min(o, len(b.Scale)-1)]
		}
	}
	return r
}
