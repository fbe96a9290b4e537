package fakequant_test

import (
	"math/rand/v2"
	"testing"

	"petrify/fakequant"
)

// BenchmarkStep is a training step, forward and backward, of a quantizer of a
// large activation and of a convolution's weights.
func BenchmarkStep(b *testing.B) {
	rng := rand.New(rand.NewPCG(1, 1))
	lsq := fakequant.Bits(4).Activations
	lsq.Method = fakequant.LSQ
	lsqWeights := fakequant.Bits(4).Weights
	lsqWeights.Method = fakequant.LSQ
	for _, bench := range []struct {
		name      string
		cfg       fakequant.Config
		size      int
		observing bool
	}{
		{"activation/ste/observing", fakequant.Int8().Activations, 128 * 28 * 28 * 16, true},
		{"activation/ste", fakequant.Int8().Activations, 128 * 28 * 28 * 16, false},
		{"activation/lsq", lsq, 128 * 28 * 28 * 16, false},
		{"weights/ste/observing", fakequant.Int8().Weights, 32 * 16 * 9, true},
		{"weights/lsq", lsqWeights, 32 * 16 * 9, false},
	} {
		b.Run(bench.name, func(b *testing.B) {
			x := normal(rng, bench.size, 1)
			y, dx := make([]float32, bench.size), make([]float32, bench.size)
			q, err := fakequant.New("q", bench.cfg, 32)
			if err != nil {
				b.Fatal(err)
			}
			if err := q.Observe(x); err != nil {
				b.Fatal(err)
			}
			q.SetObserving(bench.observing)
			q.SetEnabled(true)
			var dlearned [][]float32
			for _, l := range q.Learned() {
				dlearned = append(dlearned, make([]float32, len(l.Value)))
			}
			b.SetBytes(int64(4 * bench.size))
			b.ReportAllocs()
			use := q.Use()
			for b.Loop() {
				q.Begin()
				if err := use.Forward(y, x); err != nil {
					b.Fatal(err)
				}
				if err := use.Backward(dx, dlearned, y, x); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
