package graph

import (
	"slices"

	"petrify/fakequant"
	"petrify/fakequant/affine"
	"petrify/internal/kernel"
	"petrify/internal/node"
)

// forward is the product of a weighted unit in a training step. If input and
// weights each lie on one grid ([fakequant.Quantizer.Grid]), it runs on their
// integers:
//
//	y = float32(Σ (q_x − z)·q_w)·s_x·s_w + b
//
// which costs a fraction of the product in float32 and is more accurate: the
// sum is exact. Otherwise, and if weights have zero points, it is the product
// in float32. While the unit is at rest it is the frozen model's; see sums.
func (b *builder) forward(u *unit, in *fakequant.Quantizer, sizeX int, float node.Func) node.Func {
	if !b.quantized || b.reals || !u.integral(in) {
		return float
	}
	var integers, resting node.Func
	s := newSums(b, u, in)
	b.sums[u] = s
	if in.Config().Format.Unsigned {
		integers, resting = products(s, make([]uint8, sizeX), kernel.QuantizeU8)
	} else {
		integers, resting = products(s, make([]int8, sizeX), kernel.QuantizeI8)
	}
	g := u.conv(1)
	quick := g.Groups == 1 || g.Groups == g.O
	return func(y []float32, args [][]float32) error {
		_, x := in.Grid()
		_, w := u.weights.Grid()
		s.rests, s.exact = b.rests(u), u.symmetric()
		switch {
		case s.rests && s.exact:
			return resting(y, args)
		case s.rests:
			return s.float(y, args, float)
		case quick && x && w && s.exact && !u.inputs[0].drops():
			return integers(y, args)
		default:
			return float(y, args)
		}
	}
}

// products computes the unit's product on integers, in a step and at rest.
func products[X kernel.Byte](s *sums, qx []X, quantize func([]X, []float32, kernel.Grid)) (step, rest node.Func) {
	scratch := s.buffers.Scratch()
	load := func(args [][]float32) kernel.Images[X] {
		g := gridOf(s.in)
		quantize(qx, args[0], g)
		s.pack(args[1], g.Scale)
		return kernel.Images[X]{Q: qx, Zero: g.Zero}
	}
	step = func(y []float32, args [][]float32) error {
		kernel.ConvFloat(y, load(args), s.scale, optional(args, 2), s.packed, scratch)
		return nil
	}
	rest = func(y []float32, args [][]float32) error {
		x := load(args)
		if err := s.rest(); err != nil {
			return err
		}
		if s.fused {
			kernel.ConvScaled(y, x, s.bias, s.steps, s.packed, scratch)
			return nil
		}
		if s.acc == nil {
			s.acc = make([]int32, len(y))
		}
		kernel.ConvInt32(s.acc, x, s.bias, s.packed, scratch)
		kernel.ScaleRows(y, s.acc, s.steps)
		return nil
	}
	return step, rest
}

// integral reports whether a weighted unit sums integers: its input and its
// weights are quantized, the latter with one scale for the tensor or one per
// output channel.
func (u *unit) integral(in *fakequant.Quantizer) bool {
	return in != nil && u.weights != nil && u.weights.Config().Granularity.Kind != affine.PerGroup
}

// symmetric reports whether the weights' integers are int8 without zero points.
// Even in a symmetric scheme, a dialect may give zero points to channels of one
// sign.
func (u *unit) symmetric() bool {
	return !u.weights.Config().Format.Unsigned &&
		!slices.ContainsFunc(u.weights.Params().Zero, func(z int32) bool { return z != 0 })
}
