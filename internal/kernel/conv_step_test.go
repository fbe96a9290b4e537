package kernel

import (
	"math/rand/v2"
	"testing"
)

// BenchmarkStep measures all products of one training step of a small
// convolutional network on 128 images of 28×28: conv 3×3×16, pool, conv
// 3×3×32, pool, linear 128, linear 10, forward and back.
func BenchmarkStep(b *testing.B) {
	const n = 128
	conv1, conv2 := square(n, 28, 1, 16, 3, 1), square(n, 14, 16, 32, 3, 1)
	r := rand.New(rand.NewPCG(1, 1))
	op1, op2 := newOperands(conv1, r), newOperands(conv2, r)
	flat, hidden, logits := make([]float32, n*1568), make([]float32, n*128), make([]float32, n*10)
	w3, w4, bias := make([]float32, 128*1568), make([]float32, 10*128), make([]float32, 128)
	var s [4]Scratch
	step := func() {
		ConvForward(op1.y, op1.x, op1.w, op1.bias, conv1, &s[0])
		ConvForward(op2.y, op2.x, op2.w, op2.bias, conv2, &s[1])
		LinearForward(hidden, flat, w3, bias, Linear{n, 1568, 128}, &s[2])
		LinearForward(logits, hidden, w4, bias[:10], Linear{n, 128, 10}, &s[3])
		LinearBackwardWeights(w4, hidden, logits, Linear{n, 128, 10}, &s[3])
		LinearBackwardInput(hidden, logits, w4, Linear{n, 128, 10}, &s[3])
		LinearBackwardWeights(w3, flat, hidden, Linear{n, 1568, 128}, &s[2])
		LinearBackwardInput(flat, hidden, w3, Linear{n, 1568, 128}, &s[2])
		ConvBackwardWeights(op2.dw, op2.x, op2.dy, conv2, &s[1])
		ConvBackwardInput(op2.dx, op2.dy, op2.w, conv2, &s[1])
		ConvBackwardWeights(op1.dw, op1.x, op1.dy, conv1, &s[0])
	}
	products := 2*len(op1.y)*9 + 3*len(op2.y)*9*16 + 3*n*128*(1568+10)
	for _, p := range paths() {
		onPath(p, func() {
			b.Run(p.String(), func(b *testing.B) {
				b.ReportAllocs()
				for b.Loop() {
					step()
				}
				gflops(b, products)
				b.ReportMetric(n*1e9*float64(b.N)/float64(b.Elapsed().Nanoseconds()), "images/s")
			})
		})
	}
}
