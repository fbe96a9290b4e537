package graph

import "fmt"

// Folding is how training folds a batch normalisation into the weights before
// it. At every step both ways quantize the weights w·γ/σ_running, which are
// shipped, and they are the same once the normalisation is at rest. Until then
// they differ in the mean μ_B and deviation σ_B that normalise a batch.
type Folding uint8

const (
	// FoldRunning uses those of the quantized product, divided by γ/σ_running
	// (Jacob et al., “Quantization and Training of Neural Networks for
	// Efficient Integer-Arithmetic-Only Inference”, CVPR 2018, section 3.2,
	// with running statistics as in PyTorch). It costs what training without
	// folding costs. A channel whose γ becomes 0 stays dead, since nothing is
	// left of its product.
	FoldRunning Folding = iota

	// FoldBatch uses those of the float product w∗x, which is computed
	// additionally, and corrects the quantized one by σ_running/σ_B
	// (Krishnamoorthi, “Quantizing deep convolutional networks for efficient
	// inference: A whitepaper”, 2018, section 3.2.2). It never divides by γ, so
	// that a dead channel may come back.
	FoldBatch
)

var foldingNames = [...]string{FoldRunning: "running", FoldBatch: "batch"}

// String is the folding's name in a configuration: "running" or "batch".
func (f Folding) String() string {
	if int(f) >= len(foldingNames) {
		return fmt.Sprintf("Folding(%d)", f)
	}
	return foldingNames[f]
}

// ParseFolding is the inverse of [Folding.String].
func ParseFolding(text string) (Folding, error) {
	for i, name := range foldingNames {
		if name == text {
			return Folding(i), nil
		}
	}
	return 0, fmt.Errorf("graph: folding %q: want one of %v", text, foldingNames)
}

// MarshalText writes [Folding.String].
func (f Folding) MarshalText() ([]byte, error) { return []byte(f.String()), nil }

// UnmarshalText reads [Folding.String].
func (f *Folding) UnmarshalText(text []byte) (err error) {
	*f, err = ParseFolding(string(text))
	return err
}
