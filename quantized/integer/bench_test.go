package integer_test

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"petrify/fakequant"
	"petrify/graph"
	"petrify/quantized/integer"
)

// BenchmarkRun runs the built-in networks in W8A8.
func BenchmarkRun(b *testing.B) {
	for _, z := range zoo {
		network, err := graph.Builtin(z.name, z.classes)
		if err != nil {
			b.Fatal(err)
		}
		frozen, err := trained(b, network, z.in, graph.Uniform(fakequant.Int8())).Freeze()
		if err != nil {
			b.Fatal(err)
		}
		e, err := integer.New(frozen, integer.Options{})
		if err != nil {
			b.Fatal(err)
		}
		for _, n := range []int{1, 64} {
			x := noise(rand.New(rand.NewPCG(1, 2)), n*e.InputSize())
			y := make([]float32, n*e.OutputSize())
			b.Run(fmt.Sprintf("%s/batch=%d", z.name, n), func(b *testing.B) {
				b.ReportAllocs()
				for b.Loop() {
					if err := e.Run(y, x, n); err != nil {
						b.Fatal(err)
					}
				}
				b.ReportMetric(float64(b.Elapsed().Microseconds())/float64(b.N*n), "µs/image")
			})
		}
	}
}
