package graph

import (
	"math"
	"math/rand/v2"
	"testing"
)

// After a sweep over a pair, and after all over a sequence, a channel has the same range
// where it is made and where it is read: the property of the paper.
func TestEqualizedRangesAreEqual(t *testing.T) {
	rng := rand.New(rand.NewPCG(4, 4))
	m, err := New(Chain(
		Conv2D(6, 3).Same(), BatchNorm(), ReLU(), MaxPool(2),
		DepthwiseConv2D(3).Same(), BatchNorm(), ReLU(),
		Layer{Kind: KindConv2D, Units: 4, Kernel: [2]int{1, 1}, Groups: 2}, LeakyReLU(0.1), AvgPool(2),
		Flatten(), Linear(5), ReLU(), Linear(3)), Shape{C: 2, H: 8, W: 8}, Quantization{}, rng)
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range m.Params() {
		for i := range p.Value {
			p.Value[i] *= float32(math.Exp(rng.NormFloat64()))
		}
	}
	links := m.links((*unit).scalable)
	if len(links) != 4 {
		t.Fatalf("%d links, want 4", len(links))
	}
	m.Equalize()
	for _, l := range links {
		if again := l.equalize(); again > 2*converged {
			t.Errorf("%s to %s: another factor of e^%v", l.first.name(), l.readers[0].name(), again)
		}
	}
}
