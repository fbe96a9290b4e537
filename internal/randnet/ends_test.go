package randnet

import (
	"math/rand/v2"
	"testing"
)

// Drawing ends. Seed 122 once drew windows forever, for an image that was larger than any
// that a transposed convolution might make.
func TestDrawingEnds(t *testing.T) {
	for seed := range uint64(300) {
		for layers := range 4 {
			Network(rand.New(rand.NewPCG(seed, 6)), Options{Layers: 2 + 2*layers})
		}
	}
}
