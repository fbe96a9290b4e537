package datasets

import (
	"slices"
	"strings"
	"testing"
)

// A network that was trained elsewhere was trained on numbers that were
// normalised there.
func TestNormalisationAsGiven(t *testing.T) {
	measured, err := Open("digits", Options{})
	if err != nil {
		t.Fatal(err)
	}
	s, err := Open("digits", Options{Mean: []float32{0.5}, Std: []float32{0.25}})
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(s.Mean, []float32{0.5}) || !slices.Equal(s.Std, []float32{0.25}) ||
		!strings.Contains(s.Account.Normalised, "as given") {
		t.Errorf("mean %v, std %v, %s", s.Mean, s.Std, s.Account.Normalised)
	}
	only, err := Open("digits", Options{Mean: []float32{0}})
	if err != nil || !slices.Equal(only.Std, measured.Std) || only.Mean[0] != 0 {
		t.Errorf("mean alone: mean %v, std %v, %v", only.Mean, only.Std, err)
	}
	for batch, err := range s.Batches(s.Test, BatchOptions{Size: 1}) {
		if err != nil {
			t.Fatal(err)
		}
		if x := batch.X[0]; x != (float32(s.Test.Images[0])/16-0.5)/0.25 {
			t.Errorf("the first number is %v", x)
		}
		break
	}
	for _, o := range []Options{{Mean: []float32{1, 2}}, {Std: []float32{0}}, {Std: []float32{-1}}} {
		if _, err := Open("digits", o); err == nil {
			t.Errorf("%v, %v: no error", o.Mean, o.Std)
		}
	}
}
