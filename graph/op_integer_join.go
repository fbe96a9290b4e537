package graph

import (
	"math"

	"gorgonia.org/gorgonia"

	"petrify/fakequant"
	"petrify/fakequant/affine"
	"petrify/internal/node"
)

// addIntegers adds the sum of two activations, computed from their integers a
// and b as ONNX Runtime does on x64, in float32 with fused multiply-add:
//
//	r_a = s_a/s_y    r_b = s_b/s_y    k = z_y − (r_a·z_a + r_b·z_b)
//	q_y = clip(rne(fma(a, r_a, fma(b, r_b, k))))
func (b *builder) addIntegers(u *unit, in []*fakequant.Quantizer, xs []*gorgonia.Node) (*gorgonia.Node, error) {
	return node.Apply(node.Spec{
		Name:  u.name() + "/integer",
		Shape: xs[0].Shape(),
		Run: func(y []float32, args [][]float32) error {
			pa, pb, py := in[0].Params(), in[1].Params(), u.output.Params()
			sa, sb, sy := pa.Scale[0], pb.Scale[0], py.Scale[0]
			ra, rb := sa/sy, sb/sy
			k := float32(py.Zero[0]) - (float32(ra*float32(pa.Zero[0])) + float32(rb*float32(pb.Zero[0])))
			fa, fb := in[0].Config().Format, in[1].Config().Format
			r := u.requant(nil, py)
			inBlocks(len(y), func(from, to int) {
				for i := from; i < to; i++ {
					a := affine.Quantize(args[0][i], sa, pa.Zero[0], fa)
					b := affine.Quantize(args[1][i], sb, pb.Zero[0], fb)
					q := math.RoundToEven(float64(fma(float32(a), ra, fma(float32(b), rb, k))))
					q = min(max(q, float64(r.Min)), float64(r.Max))
					y[i] = affine.Dequantize(int32(q), sy, r.Zero)
				}
			})
			return nil
		},
	}, xs...)
}

// fma is a·b + c with one rounding, to float32. The product is exact in
// float64 and the sum rounded once more there, which for integers of 8 bits
// and float32 factors does not show.
func fma(a, b, c float32) float32 {
	return float32(math.FMA(float64(a), float64(b), float64(c)))
}

// averageIntegers adds a pool's means, computed from sums of integers:
//
//	q_y = clip(rne(Σ (q_x − z)·m)) + z        m = float32(s/float32(s·count))
//
// where count is the elements of the window that are not padding.
func (b *builder) averageIntegers(u *unit, x *gorgonia.Node) (*gorgonia.Node, error) {
	p := u.pool(b.batch)
	return node.Apply(node.Spec{
		Name:  u.name() + "/integer",
		Shape: b.shape(u.out, u.vector),
		Run: func(y []float32, args [][]float32) error {
			params, f := u.output.Params(), u.output.Config().Format
			s, z := params.Scale[0], params.Zero[0]
			lo, hi := float64(f.Min()-z), float64(f.Max()-z)
			rows := p.OH() * p.OW()
			inBlocks(len(y)/p.C, func(from, to int) {
				for r := from; r < to; r++ {
					image := args[0][r/rows*p.H*p.W*p.C:]
					h0, w0 := r%rows/p.OW()*p.StrideH-p.PadTop, r%p.OW()*p.StrideW-p.PadLeft
					h1, w1 := min(h0+p.KH, p.H), min(w0+p.KW, p.W)
					h0, w0 = max(h0, 0), max(w0, 0)
					m := s / float32(s*float32((h1-h0)*(w1-w0)))
					for c := range p.C {
						sum := int32(0)
						for h := h0; h < h1; h++ {
							for w := w0; w < w1; w++ {
								sum += affine.Quantize(image[(h*p.W+w)*p.C+c], s, z, f) - z
							}
						}
						level := math.RoundToEven(float64(float32(float32(sum) * m)))
						y[r*p.C+c] = float32(s * float32(min(max(level, lo), hi)))
					}
				}
			})
			return nil
		},
	}, x)
}
