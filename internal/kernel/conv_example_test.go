package kernel_test

import (
	"fmt"

	"petrify/internal/kernel"
)

// A vertical edge, found in a 3×4 image by the difference of neighbours.
func ExampleConvForward() {
	g := kernel.Conv{
		N: 1, H: 3, W: 4, C: 1, O: 1, KH: 1, KW: 2,
		StrideH: 1, StrideW: 1, DilationH: 1, DilationW: 1, Groups: 1,
	}
	x := []float32{
		0, 0, 7, 7,
		0, 0, 7, 7,
		0, 0, 7, 7,
	}
	w := []float32{-1, 1}
	y := make([]float32, g.N*g.OH()*g.OW()*g.O)
	var s kernel.Scratch // kept by the caller from step to step
	kernel.ConvForward(y, x, w, nil, g, &s)
	fmt.Println(y)
	// Output: [0 7 0 0 7 0 0 7 0]
}
