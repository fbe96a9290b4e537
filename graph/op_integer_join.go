package graph

import (
	"gorgonia.org/gorgonia"

	"petrify/fakequant"
	"petrify/fakequant/affine"
	"petrify/internal/kernel"
	"petrify/internal/node"
)

// addIntegers adds the sum of two activations, computed from their integers a
// and b as ONNX Runtime does on x64, in float32 with fused multiply-add:
//
//	r_a = s_a/s_y    r_b = s_b/s_y    k = z_y − (r_a·z_a + r_b·z_b)
//	q_y = clip(rne(fma(a, r_a, fma(b, r_b, k))))
//
// Its integers are unsigned: those of signed formats, and their zero points,
// are greater by 128. That decides how k is rounded.
func (b *builder) addIntegers(u *unit, in []*fakequant.Quantizer, xs []*gorgonia.Node) (*gorgonia.Node, error) {
	size := xs[0].Shape().TotalSize()
	qa, qb, qy := make([]uint8, size), make([]uint8, size), make([]uint8, size)
	return node.Apply(node.Spec{
		Name:  u.name() + "/integer",
		Shape: xs[0].Shape(),
		Run: func(y []float32, args [][]float32) error {
			sa, za := quantizeUnsigned(qa, args[0], in[0])
			sb, zb := quantizeUnsigned(qb, args[1], in[1])
			p := u.output.Params()
			sy, d := p.Scale[0], toUnsigned(u.output.Config().Format)
			r := u.requant(nil, p)
			ra, rb, zy := sa/sy, sb/sy, r.Zero+d
			k := float32(zy) - (float32(ra*float32(za)) + float32(rb*float32(zb)))
			kernel.AddBytes(qy, qa, qb, kernel.Sum{A: ra, B: rb, Fixed: k, Min: r.Min + d, Max: r.Max + d})
			kernel.DequantizeU8(y, qy, sy, zy)
			return nil
		},
	}, xs...)
}

// quantizeUnsigned writes the unsigned integers of x, and returns their scale
// and zero point.
func quantizeUnsigned(q []uint8, x []float32, by *fakequant.Quantizer) (s float32, z int32) {
	p, f := by.Params(), by.Config().Format
	d := toUnsigned(f)
	kernel.QuantizeU8(q, x, p.Scale[0], p.Zero[0]+d, f.Min()+d, f.Max()+d)
	return p.Scale[0], p.Zero[0] + d
}

// toUnsigned is what makes the integers of a format of at most 8 bits unsigned.
func toUnsigned(f affine.Format) int32 {
	if f.Unsigned {
		return 0
	}
	return 128
}

// averageIntegers adds a pool's means, computed from integers as ONNX Runtime
// does on x64. A global pool has the sum of integers, any other adds real
// numbers in float32, row by row:
//
//	q_y = clip(rne(Σ (q_x − z)·m)) + z         m = float32(s/float32(s·count))
//	q_y = clip(rne((Σ s·(q_x − z))/count/s)) + z
//
// where count is the elements of the window that are not padding.
func (b *builder) averageIntegers(u *unit, x *gorgonia.Node) (*gorgonia.Node, error) {
	p := u.pool(b.batch)
	global := u.layer.Kind == KindGlobalAvgPool
	return node.Apply(node.Spec{
		Name:  u.name() + "/integer",
		Shape: b.shape(u.out, u.vector),
		Run: func(y []float32, args [][]float32) error {
			params, f := u.output.Params(), u.output.Config().Format
			s, z := params.Scale[0], params.Zero[0]
			rows := p.OH() * p.OW()
			inBlocks(len(y)/p.C, func(from, to int) {
				for r := from; r < to; r++ {
					image := args[0][r/rows*p.H*p.W*p.C:]
					h0, w0 := r%rows/p.OW()*p.StrideH-p.PadTop, r%p.OW()*p.StrideW-p.PadLeft
					h1, w1 := min(h0+p.KH, p.H), min(w0+p.KW, p.W)
					h0, w0 = max(h0, 0), max(w0, 0)
					count := float32((h1 - h0) * (w1 - w0))
					for c := range p.C {
						sum, real := int32(0), float32(0)
						for h := h0; h < h1; h++ {
							for w := w0; w < w1; w++ {
								q := affine.Quantize(image[(h*p.W+w)*p.C+c], s, z, f)
								sum += q - z
								real += float32(affine.Dequantize(q, s, z))
							}
						}
						mean := real / count / s
						if global {
							mean = float32(sum) * (s / float32(s*count))
						}
						// mean counts steps: it is rounded at scale 1
						y[r*p.C+c] = affine.Dequantize(affine.Quantize(mean, 1, z, f), s, z)
					}
				}
			})
			return nil
		},
	}, x)
}

// softmaxIntegers adds a softmax over the rows of N × F, computed from their
// integers, as kernel.SoftmaxBytes says.
func (b *builder) softmaxIntegers(u *unit, in *fakequant.Quantizer, x *gorgonia.Node) (*gorgonia.Node, error) {
	q := make([]uint8, x.Shape().TotalSize())
	return node.Apply(node.Spec{
		Name:  u.name() + "/integer",
		Shape: x.Shape(),
		Run: func(y []float32, args [][]float32) error {
			s, _ := quantizeUnsigned(q, args[0], in)
			p, f := u.output.Params(), u.output.Config().Format
			sy, d := p.Scale[0], toUnsigned(f)
			kernel.SoftmaxBytes(q, q, kernel.NewSoftmax(u.out.C, s, sy, p.Zero[0]+d, f.Min()+d, f.Max()+d))
			kernel.DequantizeU8(y, q, sy, p.Zero[0]+d)
			return nil
		},
	}, x)
}
