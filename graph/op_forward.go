package graph

import (
	"petrify/fakequant"
	"petrify/internal/kernel"
	"petrify/internal/node"
)

// forward is the product of a weighted unit in a training step. Where input
// and weights lie on one grid each ([fakequant.Quantizer.Grid]), it runs on their
// integers:
//
//	y = float32(Σ (q_x − z)·q_w)·s_x·s_w + b
//
// which costs a fraction of the product in float32 and is nearer the truth:
// the sum is exact. Otherwise it is the product in float32.
func (b *builder) forward(u *unit, in *fakequant.Quantizer, sizeX int, float node.Func) node.Func {
	groups := 1
	if u.layer.Kind == KindConv2D {
		groups = u.layer.groups(u.ins[0])
	}
	if !b.quantized || !u.integral(in) || !u.symmetric() || groups != 1 && u.out.C != groups {
		return float
	}
	var integers node.Func
	if in.Config().Format.Unsigned {
		integers = forwardOn(b, u, in, make([]uint8, sizeX), kernel.QuantizeU8)
	} else {
		integers = forwardOn(b, u, in, make([]int8, sizeX), kernel.QuantizeI8)
	}
	return func(y []float32, args [][]float32) error {
		_, x := in.Grid()
		if _, w := u.weights.Grid(); x && w {
			return integers(y, args)
		}
		return float(y, args)
	}
}

func forwardOn[X kernel.Byte](b *builder, u *unit, in *fakequant.Quantizer, qx []X,
	quantize func(q []X, x []float32, s float32, z, qmin, qmax int32),
) node.Func {
	var scratch kernel.Scratch
	qw := make([]int8, len(u.weight.Value))
	m := make([]float32, u.out.C)
	cols := len(qw) / u.out.C
	packed := kernel.PackConv(qw, u.product())
	return func(y []float32, args [][]float32) error {
		sx, _ := in.Grid()
		sw, _ := u.weights.Grid()
		fx, fw := in.Config().Format, u.weights.Config().Format
		quantize(qx, args[0], sx.Scale[0], sx.Zero[0], fx.Min(), fx.Max())
		for o := range m {
			s := sw.Scale[o%len(sw.Scale)]
			kernel.QuantizeI8(qw[o*cols:(o+1)*cols], args[1][o*cols:(o+1)*cols], s, 0, fw.Min(), fw.Max())
			m[o] = sx.Scale[0] * s
		}
		packed.Repack(qw)
		kernel.ConvFloat(y, qx, sx.Zero[0], m, optional(args, 2), b.batch, packed, &scratch)
		return nil
	}
}
