package agree

import (
	"strings"
	"testing"

	"petrify/quantized"
	"petrify/quantized/integer"
)

// TestEverythingHasABound: whatever a model may hold is known to round, or not to;
// of what it may not hold, nothing is claimed.
func TestEverythingHasABound(t *testing.T) {
	window := quantized.Window{Kernel: [2]int{1, 1}, Stride: [2]int{1, 1}, Dilation: [2]int{1, 1}}
	shape := []int{1, 1, 1}
	in := []quantized.Activation{{Name: "x", Shape: shape}, {Name: "x", Shape: shape}}
	bounded := func(op quantized.Op, f quantized.Func) error {
		n := &quantized.Node{Name: "n", Op: op, Func: f, Window: window, Heads: 1, Inputs: []string{"x", "x"},
			Output: quantized.Activation{Name: "n", Shape: shape}}
		_, err := boundOf(n, in, integer.Options{})
		return err
	}
	op := quantized.Op(1)
	for ; !strings.HasPrefix(op.String(), "Op("); op++ {
		if op != quantized.Conv2D && op != quantized.Linear { // those have weights
			if err := bounded(op, quantized.Identity); err != nil {
				t.Errorf("%v: %v", op, err)
			}
		}
	}
	for _, f := range quantized.Funcs() {
		if err := bounded(quantized.Activate, f); err != nil {
			t.Errorf("%v: %v", f, err)
		}
	}
	if bounded(op, 0) == nil || bounded(quantized.Activate, quantized.Func(len(quantized.Funcs()))) == nil {
		t.Error("what does not exist has a bound")
	}
}
