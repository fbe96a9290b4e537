package quantizedtest_test

import (
	"fmt"
	"math/rand/v2"
	"reflect"
	"testing"

	"petrify/quantized"
	"petrify/quantized/quantizedtest"
)

func Example() {
	b := quantizedtest.New(rand.New(rand.NewPCG(1, 2)), quantizedtest.W8A8, 1, 8, 8)
	x := b.Conv(b.Input(), 4, quantizedtest.Same(3), 1, quantized.ReLU)
	x = b.Pool(quantized.MaxPool, x, quantizedtest.Valid(2, 2))
	m := b.Model(b.Linear(b.Flatten(x), 10, quantized.Identity))
	for _, n := range m.Nodes {
		fmt.Println(n.Name, n.Output.Shape, n.Output.Quant.Format)
	}
	fmt.Println(len(b.Inputs(m, 5)) / 64)
	// Output:
	// conv2d_1 [4 8 8] uint8
	// max_pool_2 [4 4 4] uint8
	// flatten_3 [64] uint8
	// linear_4 [10] int8
	// 5
}

// TestSeedDecides: the same seed gives the same network and inputs.
func TestSeedDecides(t *testing.T) {
	for seed := range uint64(20) {
		b, m := quantizedtest.Random(rand.New(rand.NewPCG(seed, 1)), quantizedtest.W8A8Affine, 8)
		c, n := quantizedtest.Random(rand.New(rand.NewPCG(seed, 1)), quantizedtest.W8A8Affine, 8)
		if !reflect.DeepEqual(m, n) || !reflect.DeepEqual(b.Inputs(m, 4), c.Inputs(n, 4)) {
			t.Fatalf("seed %d gives two networks", seed)
		}
	}
}

// TestInputsReachTheEnds: the greatest input reaches the end of its range and zero is
// zero, so that tests with these models see clipping and padding.
func TestInputsReachTheEnds(t *testing.T) {
	b := quantizedtest.New(rand.New(rand.NewPCG(1, 2)), quantizedtest.W8A8, 3)
	m := b.Model(b.Linear(b.Input(), 2, quantized.Identity))
	x, s := b.Inputs(m, 3), m.Input.Quant.Scale
	for i, want := range []float32{-128 * s, 0, 127 * s} {
		if got := x[3*i]; got != want {
			t.Errorf("input %d: got %v, want %v", i, got, want)
		}
	}
}
