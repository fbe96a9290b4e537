package conformance_test

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"testing"

	"petrify/fakequant/affine"
	"petrify/quantized"
	"petrify/quantized/quantizedtest"
)

// TestCDepthwise: depthwise layers in the forms of processors without vectors, whose lines are computed in parts of
// 32 outputs, or in windows with gaps, each also with zero points of weights that no byte can absorb.
func TestCDepthwise(t *testing.T) {
	t.Parallel()
	layers := map[string]struct {
		input  [3]int
		window quantized.Window
	}{
		"long lines, stride 2":       {[3]int{3, 3, 71}, padded(quantizedtest.Valid(3, 2), 1, 0, 1, 1)},
		"long lines, turned":         {[3]int{3, 71, 3}, padded(quantizedtest.Valid(3, 2), 0, 1, 1, 1)},
		"gaps":                       {[3]int{3, 9, 12}, dilated(quantizedtest.Valid(3, 1), 2, 3)},
		"gaps, outside the picture":  {[3]int{3, 6, 7}, padded(dilated(quantizedtest.Valid(3, 1), 1, 2), 2, 1, 1, 2)},
		"2 x 2, outside the picture": {[3]int{3, 5, 6}, padded(quantizedtest.Valid(2, 1), 1, 1, 0, 1)},
	}
	var p program
	for i, name := range slices.Sorted(maps.Keys(layers)) {
		for _, zeros := range []bool{false, true} {
			s := quantizedtest.Scheme{Weights: affine.Uint8, ZeroPoints: zeros, Positive: affine.Uint8, Signed: affine.Uint8,
				Affine: true}
			l, rng := layers[name], rand.New(rand.NewPCG(uint64(i), 8))
			b := quantizedtest.New(rng, s, l.input[0], l.input[1], l.input[2])
			m := b.Model(b.Conv(b.Input(), 3, l.window, 3, quantized.Identity))
			p.add(fmt.Sprintf("%s, zero points %v", name, zeros), m, byteInputs(rng, m, 6), requantizations[i%3])
		}
	}
	p.check(t, portable)
}
