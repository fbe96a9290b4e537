package train

import (
	"math/rand/v2"
	"slices"
	"testing"

	"petrify/datasets"
	"petrify/graph"
)

// Images are held out unless there are some, at most a fifth; a calibration of all batches
// then has fewer.
func TestHoldOut(t *testing.T) {
	c := small(t)
	c.Calibration = 16
	for _, one := range []struct {
		n, held, calibration int
	}{{100, 100, 12}, {2000, 102, 12}, {1, 1, 15}} {
		got := c.HoldOut(one.n)
		if got.heldOut() != one.held || got.Calibration != one.calibration {
			t.Errorf("%d: %d held out, %d batches: want %d and %d", one.n, got.heldOut(), got.Calibration, one.held,
				one.calibration)
		}
		if err := got.Validate(); err != nil {
			t.Error(err)
		}
	}
	c.Validation = 0.25
	if got := c.HoldOut(10); got.Validation != 0.25 {
		t.Errorf("%v of the images are held out: want those of the configuration", got.Validation)
	}
	c.Validation, c.Data.Validation = 0, c.Data.Test
	if got := c.HoldOut(10); got.Validation != 0 {
		t.Errorf("%v of the images are held out, and the data have a validation split", got.Validation)
	}
}

// Ranges are those of PTQ before any repair, and nothing that is held out is calibrated on.
func TestRangesAreThoseOfPTQ(t *testing.T) {
	c := small(t)
	fresh, err := graph.New(c.Network, c.input(), graph.Quantization{}, rand.New(rand.NewPCG(9, 9)))
	if err != nil {
		t.Fatal(err)
	}
	c.Weights, c.Float, c.QAT = torchState(fresh), Stage{}, Stage{}
	want, err := Calibrated(t.Context(), c, nil)
	if err != nil {
		t.Fatal(err)
	}
	m, held, err := Ranges(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	got, err := m.Freeze()
	if err != nil {
		t.Fatal(err)
	}
	if held != nil {
		t.Errorf("%d images are held out, want none", held.Len())
	}
	for i, n := range want.Nodes {
		if got.Nodes[i].Output.Quant != n.Output.Quant {
			t.Errorf("%s: %v, want %v", n.Name, got.Nodes[i].Output.Quant, n.Output.Quant)
		}
	}
	_, held, err = Ranges(t.Context(), c.HoldOut(64))
	if err != nil {
		t.Fatal(err)
	}
	r, err := again(c.HoldOut(64).resolve(), nil)
	if err != nil {
		t.Fatal(err)
	}
	rows := slices.Sorted(slices.Values(slices.Concat(held.Rows, r.split.Rows)))
	if held.Len() != 64 || len(slices.Compact(rows)) != c.Data.Train.Len() {
		t.Errorf("%d of %d images are held out, which calibration sees too", held.Len(), c.Data.Train.Len())
	}
}

// Evenly never takes an image twice.
func TestEvenly(t *testing.T) {
	s := &datasets.Split{Labels: make([]int32, 7), Values: make([]float32, 7)}
	for n := range 10 {
		if got := Evenly(s, n); got.Len() != min(n, 7) {
			t.Errorf("%d of 7 images: got %d", n, got.Len())
		}
	}
}
