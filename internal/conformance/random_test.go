package conformance_test

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"petrify/internal/conformance"
	"petrify/quantized/onnx"
	"petrify/quantized/quantizedtest"
)

// TestRandomNetworks: whatever graph and geometry, the reference, the integer
// engine and ONNX Runtime give the same elements.
func TestRandomNetworks(t *testing.T) {
	for name, scheme := range schemes {
		for seed := range uint64(30) {
			t.Run(fmt.Sprintf("%s/%d", name, seed), func(t *testing.T) {
				rng := rand.New(rand.NewPCG(seed, 1))
				b, m := quantizedtest.Random(rng, scheme, int(seed%10))
				x := b.Inputs(m, 8)
				y := outputs(t, onnx.Options{}, conformance.Settings{Threads: 1}, m, x)
				same(t, m, x, y)
				equal(t, y, engineOutputs(t, m, x))
			})
		}
	}
}
