package graph

import (
	"gorgonia.org/gorgonia"

	"petrify/fakequant"
	"petrify/fakequant/affine"
	"petrify/internal/kernel"
	"petrify/internal/node"
)

// integral reports whether a weighted unit sums integers: its input and its
// weights are quantized, the latter signed, symmetric, and with one scale for
// the tensor or one per output channel.
func (u *unit) integral(in *fakequant.Quantizer) bool {
	if in == nil || u.weights == nil {
		return false
	}
	w := u.weights.Config()
	return !w.Format.Unsigned && w.Scheme != affine.Affine && w.Granularity.Kind != affine.PerGroup
}

// integer adds a weighted unit computed on integers: x and w lie on the grids
// of their quantizers, so their integers are found by one division each.
//
//	acc = Σ (q_x − z_x)·q_w + q_b        y = s_y·(clip(rne(acc·m) + z_y) − z_y)
//
// The ReLU is the clip: an unsigned output begins at 0. A float output is
// y = max(0, acc·s_in·s_w) with a ReLU, acc·s_in·s_w without.
func (b *builder) integer(u *unit, in *fakequant.Quantizer, x, w, bias *gorgonia.Node) (*gorgonia.Node, error) {
	shape := b.shape(u.out, u.vector)
	return node.Apply(node.Spec{
		Name:  u.name() + "/integer",
		Shape: shape,
		Run:   b.integerRun(u, in, x.Shape().TotalSize(), shape.TotalSize()),
	}, x, w, bias)
}

// integerRun picks the bytes' types by the signs of input and output.
func (b *builder) integerRun(u *unit, in *fakequant.Quantizer, sizeX, sizeY int) node.Func {
	x := in.Config().Format.Unsigned
	if u.output == nil && x {
		return floatFunc(b.batch, u, in, make([]uint8, sizeX), make([]int32, sizeY), kernel.QuantizeU8)
	}
	if u.output == nil {
		return floatFunc(b.batch, u, in, make([]int8, sizeX), make([]int32, sizeY), kernel.QuantizeI8)
	}
	y := u.output.Config().Format.Unsigned
	switch {
	case x && y:
		return integerFunc(b.batch, u, in, make([]uint8, sizeX), make([]uint8, sizeY), kernel.QuantizeU8, kernel.DequantizeU8)
	case x:
		return integerFunc(b.batch, u, in, make([]uint8, sizeX), make([]int8, sizeY), kernel.QuantizeU8, kernel.DequantizeI8)
	case y:
		return integerFunc(b.batch, u, in, make([]int8, sizeX), make([]uint8, sizeY), kernel.QuantizeI8, kernel.DequantizeU8)
	default:
		return integerFunc(b.batch, u, in, make([]int8, sizeX), make([]int8, sizeY), kernel.QuantizeI8, kernel.DequantizeI8)
	}
}

// floatFunc is the unit with a float output.
func floatFunc[X kernel.Byte](batch int, u *unit, in *fakequant.Quantizer, qx []X, acc []int32,
	quantize func(q []X, x []float32, s float32, z, qmin, qmax int32),
) node.Func {
	var scratch kernel.Scratch
	qw := make([]int8, len(u.weight.Value))
	return func(y []float32, args [][]float32) error {
		sx, sw, fx := in.Params(), u.weights.Params(), in.Config().Format
		codes(qw, args[1], sw, u.weights.Config().Format)
		r, err := newRequant(args[2], sx.Scale[0], sw.Scale, 1)
		if err != nil {
			return err
		}
		quantize(qx, args[0], sx.Scale[0], sx.Zero[0], fx.Min(), fx.Max())
		kernel.ConvInt32(acc, qx, sx.Zero[0], r.bias, batch, u.pack(qw), &scratch)
		for i, a := range acc {
			y[i] = float32(a) * r.biasScale[i%u.out.C]
			if u.clip != 0 {
				y[i] = min(max(y[i], 0), u.clip.ceiling())
			}
		}
		return nil
	}
}

// integerFunc is the unit with an integer output.
func integerFunc[Y, X kernel.Byte](batch int, u *unit, in *fakequant.Quantizer, qx []X, qy []Y,
	quantize func(q []X, x []float32, s float32, z, qmin, qmax int32),
	dequantize func(x []float32, q []Y, s float32, z int32),
) node.Func {
	var scratch kernel.Scratch
	qw := make([]int8, len(u.weight.Value))
	return func(y []float32, args [][]float32) error {
		sx, sw, sy := in.Params(), u.weights.Params(), u.output.Params()
		codes(qw, args[1], sw, u.weights.Config().Format)
		r, err := newRequant(args[2], sx.Scale[0], sw.Scale, sy.Scale[0])
		if err != nil {
			return err
		}
		fx := in.Config().Format
		quantize(qx, args[0], sx.Scale[0], sx.Zero[0], fx.Min(), fx.Max())
		kernel.ConvBytes(qy, qx, sx.Zero[0], r.bias,
			u.requant(r.m, sy),
			batch, u.pack(qw), &scratch)
		dequantize(y, qy, sy.Scale[0], sy.Zero[0])
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

// pack orders the integers of the unit's weights for the kernel.
func (u *unit) pack(q []int8) *kernel.PackedConv {
	if u.layer.Kind == KindLinear {
		return kernel.PackLinear(q, u.ins[0].C, u.out.C)
	}
	return kernel.PackConv(q, u.conv(1))
}
