package main

import (
	"slices"
	"testing"
)

// TestDrift counts a tie that breaks, one step, and a label that is corrected.
func TestDrift(t *testing.T) {
	var d drift
	for i, c := range []struct {
		label        int32
		ours, theirs []float32
	}{
		{1, []float32{0, 4, 2}, []float32{0, 4, 2}}, // equal
		{1, []float32{0, 4, 2}, []float32{0, 3, 2}}, // two steps
		{0, []float32{2, 2, 1}, []float32{2, 2.5, 1}},
		{2, []float32{2, 1, 2}, []float32{1.5, 1, 2}},
	} {
		d.add(10*i, c.label, c.ours, c.theirs, 0.5)
	}
	if d.images != 4 || d.elements != 12 || d.differ != 3 || d.far != 1 || d.changed != 2 || d.right != 3 ||
		d.rightThere != 3 || !slices.Equal(d.differing, []int{10, 20, 30}) {
		t.Errorf("%+v", d)
	}
	if want := "2 of 4 labels change, and the accuracy goes from 75.00 % to 75.00 %"; d.labels() != want {
		t.Errorf("%q, want %q", d.labels(), want)
	}
}
