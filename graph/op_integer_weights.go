package graph

import (
	"petrify/fakequant/affine"
	"petrify/internal/kernel"
)

// integers are a unit's weights for the integer kernels, which take int8.
// Where a difference q − z is outside of int8, q itself is taken, less 128 if
// unsigned, and what is then too much is subtracted from the sums:
//
//	Σ (q_x − z_x)·(q_w − z_w) = Σ (q_x − z_x)·q_w − z_w·Σ (q_x − z_x)
//
// The last sum, one for each group of channels, is a convolution with ones.
type integers struct {
	unit   *unit
	g      kernel.Conv
	q      []int8
	zeros  []int32 // of each output channel; nil: all differences fit
	packed *kernel.PackedConv

	ones    *kernel.PackedConv
	inputs  []int32 // Σ (q_x − z_x)
	scratch kernel.Scratch
}

func newIntegers(u *unit) *integers {
	return &integers{unit: u, g: u.product(), q: make([]int8, len(u.weight.Value))}
}

// product is the unit as a convolution of one image; a linear layer is one of
// a single pixel.
func (u *unit) product() kernel.Conv {
	if u.layer.Kind == KindConv2D {
		return u.conv(1)
	}
	return kernel.Conv{N: 1, H: 1, W: 1, C: u.ins[0].C, O: u.out.C, KH: 1, KW: 1,
		StrideH: 1, StrideW: 1, DilationH: 1, DilationW: 1, Groups: 1}
}

// pack takes weights that lie on their quantizer's grid.
func (w *integers) pack(real []float32) {
	p, f := w.unit.weights.Params(), w.unit.weights.Config().Format
	size := len(real) / w.g.O
	scale := func(i int) int { return i / (len(real) / len(p.Scale)) }
	fit := true
	for i, r := range real {
		k := scale(i)
		d := affine.Quantize(r, p.Scale[k], p.Zero[k], f) - p.Zero[k]
		w.q[i] = int8(d)
		fit = fit && d == int32(w.q[i])
	}
	w.zeros = nil
	if !fit {
		shift := int32(0)
		if f.Unsigned {
			shift = 128
		}
		w.zeros = make([]int32, w.g.O)
		for i, r := range real {
			k := scale(i)
			w.q[i] = int8(affine.Quantize(r, p.Scale[k], p.Zero[k], f) - shift)
			w.zeros[i/size] = p.Zero[k] - shift
		}
		w.packOnes()
	}
	if w.packed == nil {
		w.packed = kernel.PackConv(w.q, w.g)
		return
	}
	w.packed.Repack(w.q)
}

// packOnes makes the convolution that sums inputs.
func (w *integers) packOnes() {
	if w.ones != nil {
		return
	}
	g := w.g
	g.O = g.Groups
	ones := make([]int8, g.C*g.KH*g.KW)
	for i := range ones {
		ones[i] = 1
	}
	w.ones = kernel.PackConv(ones, g)
}

// sums computes acc = Σ (q_x − z_x)·(q_w − z_w) + q_b.
func (w *integers) sums(acc []int32, x []uint8, z int32, bias []int32, batch int) {
	kernel.ConvInt32(acc, x, z, bias, batch, w.packed, &w.scratch)
	if w.zeros == nil {
		return
	}
	o, groups := w.g.O, w.g.Groups
	if w.inputs == nil {
		w.inputs = make([]int32, len(acc)/o*groups)
	}
	kernel.ConvInt32(w.inputs, x, z, nil, batch, w.ones, &w.scratch)
	for i := range acc {
		c := i % o
		acc[i] -= w.zeros[c] * w.inputs[i/o*groups+c/(o/groups)]
	}
}
