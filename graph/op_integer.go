package graph

import (
	"gorgonia.org/gorgonia"

	"petrify/fakequant"
	"petrify/fakequant/affine"
	"petrify/internal/kernel"
	"petrify/internal/node"
)

// integral reports whether a weighted unit sums integers: its input and its
// weights are quantized, the latter with one scale for the tensor or one per
// output channel.
func (u *unit) integral(in *fakequant.Quantizer) bool {
	return in != nil && u.weights != nil && u.weights.Config().Granularity.Kind != affine.PerGroup
}

// symmetric reports whether the weights' integers are int8 without zero points.
func (u *unit) symmetric() bool {
	w := u.weights.Config()
	return !w.Format.Unsigned && w.Scheme != affine.Affine
}

// integer adds a weighted unit computed on integers: x and w lie on the grids
// of their quantizers, so their integers are found by one division each.
//
//	acc = Σ (q_x − z_x)·(q_w − z_w) + q_b        y = s_y·(clip(rne(acc·m) + z_y) − z_y)
//
// The ReLU is the clip: its output begins at 0. A float output is
// y = max(0, acc·s_in·s_w) with a ReLU, acc·s_in·s_w without. All activations
// are unsigned here, as in quantizeUnsigned.
func (b *builder) integer(u *unit, in *fakequant.Quantizer, x, w, bias *gorgonia.Node) (*gorgonia.Node, error) {
	shape := b.shape(u.out, u.vector)
	run := b.requantized(u, in, x.Shape().TotalSize(), shape.TotalSize())
	if u.output == nil {
		run = b.scaled(u, in, x.Shape().TotalSize(), shape.TotalSize())
	}
	return node.Apply(node.Spec{Name: u.name() + "/integer", Shape: shape, Run: run}, x, w, bias)
}

// scaled is the unit with a float output.
func (b *builder) scaled(u *unit, in *fakequant.Quantizer, sizeX, sizeY int) node.Func {
	qx, acc := make([]uint8, sizeX), make([]int32, sizeY)
	weights := newIntegers(u)
	return func(y []float32, args [][]float32) error {
		s, z := quantizeUnsigned(qx, args[0], in)
		weights.pack(args[1])
		r, err := newRequant(args[2], s, u.weights.Params().Scale, 1)
		if err != nil {
			return err
		}
		weights.sums(acc, qx, z, r.bias, b.batch)
		for i, a := range acc {
			y[i] = float32(a) * r.biasScale[i%u.out.C]
			if u.clip != 0 {
				y[i] = min(max(y[i], 0), u.clip.ceiling())
			}
		}
		return nil
	}
}

// requantized is the unit with an integer output.
func (b *builder) requantized(u *unit, in *fakequant.Quantizer, sizeX, sizeY int) node.Func {
	qx, qy := make([]uint8, sizeX), make([]uint8, sizeY)
	var acc []int32 // where the kernel cannot requantize on its way
	weights := newIntegers(u)
	return func(y []float32, args [][]float32) error {
		s, z := quantizeUnsigned(qx, args[0], in)
		weights.pack(args[1])
		p, d := u.output.Params(), toUnsigned(u.output.Config().Format)
		r, err := newRequant(args[2], s, u.weights.Params().Scale, p.Scale[0])
		if err != nil {
			return err
		}
		k := u.requant(r.m, p)
		k.Zero, k.Min, k.Max = k.Zero+d, k.Min+d, k.Max+d
		if weights.zeros == nil {
			kernel.ConvBytes(qy, qx, z, r.bias, k, b.batch, weights.packed, &weights.scratch)
		} else {
			if acc == nil {
				acc = make([]int32, sizeY)
			}
			weights.sums(acc, qx, z, r.bias, b.batch)
			kernel.RequantizeU8(qy, acc, k)
		}
		kernel.DequantizeU8(y, qy, p.Scale[0], k.Zero)
		return nil
	}
}

// requant is the rounding of the unit's sums to its output's integers; a ReLU
// is a narrower range.
func (u *unit) requant(m []float32, p affine.Params) kernel.Requant {
	f, z := u.output.Config().Format, p.Zero[0]
	r := kernel.Requant{M: m, Zero: z, Min: f.Min(), Max: f.Max()}
	if u.clip != 0 {
		r.Min = max(r.Min, z)
		r.Max = affine.Quantize(u.clip.ceiling(), p.Scale[0], z, f)
	}
	return r
}
