package graph

import "fmt"

// Folding is how training folds a batch normalisation into the weights before
// it. Both quantize in each step the weights w·γ/σ_running, which are shipped,
// and both are the same once the normalisation is frozen. They differ in whose
// mean μ_B and deviation σ_B normalise a batch before that.
type Folding uint8

const (
	// FoldRunning takes those of the quantized product, divided by γ/σ_running
	// (Jacob et al., “Quantization and Training of Neural Networks for Efficient
	// Integer-Arithmetic-Only Inference”, CVPR 2018, section 3.2, with running
	// statistics as in PyTorch). It costs what training without folding costs.
	// A channel whose γ becomes 0 stays dead: nothing of its product is left.
	FoldRunning Folding = iota

	// FoldBatch takes those of the float product w∗x, which a second product
	// computes, and corrects the quantized one by σ_running/σ_B (Krishnamoorthi,
	// “Quantizing deep convolutional networks for efficient inference: A
	// whitepaper”, 2018, section 3.2.2). It nowhere divides by γ, so that a dead
	// channel may come back.
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
