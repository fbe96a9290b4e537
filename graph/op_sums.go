package graph

import (
	"petrify/fakequant"
	"petrify/internal/kernel"
	"petrify/internal/node"
	"petrify/quantized"
)

// sums is the integer product of a weighted unit. While the unit is at rest,
// its whole forward pass is the frozen model's,
//
//	a = Σ (q_x − z_x)·q_w + q_b        q_y = clip(rne(float32(a)·m) + z_y)        m = s_x·s_w/s_y
//
// with the batch norm's shift in the bias. The product's node then gives
// float32(a)·s_x·s_w, from which clips and quantizers compute their gradients;
// or, to a fused node, float32(a)·m, which that only has to round.
type sums struct {
	unit   *unit
	model  *Model
	in     *fakequant.Quantizer
	packed *kernel.PackedConv
	q      []int8
	scale  []float32 // s_x·s_w of each output channel

	buffers *kernel.Buffers // of the graph

	rests   bool      // the last forward pass was the frozen model's
	exact   bool      // and on integers; else weights have zero points
	fused   bool      // its rounding is a fused node's
	acc     []int32   // for round
	steps   []float32 // what the node multiplies float32(a) with
	shift   []float32 // the bias as a real number
	bias    []int32
	integer []uint8 // q_y, moved up to be unsigned
}

func newSums(b *builder, u *unit, in *fakequant.Quantizer) *sums {
	s := &sums{unit: u, model: b.model, in: in, fused: b.fusable(u) && !b.plainly, buffers: &b.buffers}
	s.q, s.scale, s.steps, s.shift = make([]int8, len(u.weight.Value)), make([]float32, u.out.C),
		make([]float32, u.out.C), make([]float32, u.out.C)
	s.packed = kernel.PackConv(s.q, u.conv(1))
	return s
}

// pack takes weights that lie on their quantizer's grid, for an input of the
// given scale. They are refined as those that ship are.
func (s *sums) pack(w []float32, in float32) {
	f, scales := s.unit.weights.Config().Format, s.weightScales()
	cols, step := len(s.q)/len(s.scale), quantized.FinestStep(f)
	kernel.Each(len(s.scale), cols, func(o int) {
		scale := scales[o%len(scales)]
		to := kernel.Grid{Scale: scale, Min: step * f.Min(), Max: step * f.Max()}
		kernel.QuantizeI8(s.q[o*cols:(o+1)*cols], w[o*cols:(o+1)*cols], to)
		s.scale[o] = in * scale
	})
	s.packed.Repack(s.q)
}

// weightScales are the scales of the weights as they ship.
func (s *sums) weightScales() []float32 {
	scales := s.unit.weights.Params().Scale
	for i := range scales {
		scales[i] /= float32(quantized.FinestStep(s.unit.weights.Config().Format))
	}
	return scales
}

// rest computes the bias and the factors of the node's output.
func (s *sums) rest() error {
	s.unit.foldedBias(s.shift)
	b, err := integerBias(s.shift, s.in.Params().Scale[0], s.weightScales())
	if err != nil {
		return err
	}
	s.bias = b.Q
	copy(s.steps, s.scale)
	if s.fused && s.unit.output != nil {
		s.multipliers(s.steps)
	}
	return nil
}

// float does the same for weights with zero points: a·s_x·s_w summed in
// float32, but with the integer bias. The output is the engine's; this is what
// its gradient sees.
func (s *sums) float(y []float32, args [][]float32, product node.Func) error {
	in, w := s.in.Params().Scale[0], s.weightScales()
	for o := range s.scale {
		s.scale[o] = in * w[o%len(w)]
	}
	if err := s.rest(); err != nil {
		return err
	}
	for o, q := range s.bias {
		s.shift[o] = float32(q) * s.scale[o]
	}
	if err := product(y, [][]float32{args[0], args[1], s.shift}); err != nil {
		return err
	}
	if s.fused && s.unit.output != nil {
		out := s.unit.output.Params().Scale[0]
		for i := range y {
			y[i] /= out
		}
	}
	return nil
}

// multipliers writes m.
func (s *sums) multipliers(m []float32) {
	out := s.unit.output.Params().Scale[0]
	for o, scale := range s.scale {
		m[o] = scale / out
	}
}

// round computes the unit's output from the sums, if the unit is at rest and
// its nodes have not done so.
func (s *sums) round(y []float32) {
	if !s.rests || s.fused || s.unit.output == nil {
		return
	}
	if s.integer == nil {
		s.integer = make([]uint8, len(s.acc))
	}
	n := quantized.Node{Output: s.model.activation(s.unit)}
	if s.unit.clip != 0 {
		n.Func = rows[s.unit.clip].function
	}
	lo, hi := n.Limits()
	d := int32(0) // a signed format is shifted up by 128
	if !n.Output.Quant.Format.Unsigned {
		d = 128
	}
	z := n.Output.Quant.Zero + d
	s.multipliers(s.steps)
	kernel.RequantizeU8(s.integer, s.acc, kernel.Requant{M: s.steps, Zero: z, Min: lo + d, Max: hi + d})
	kernel.DequantizeU8(y, s.integer, n.Output.Quant.Scale, z)
}
