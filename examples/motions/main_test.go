package main

import (
	"math/rand/v2"
	"testing"

	"petrify/datasets"
)

func TestRecordings(t *testing.T) {
	dir := t.TempDir()
	if err := write(dir, 2, rand.New(rand.NewPCG(1, 2))); err != nil {
		t.Fatal(err)
	}
	set, err := datasets.Open(dir, datasets.Options{Windows: datasets.Windows{Length: 128}})
	if err != nil {
		t.Fatal(err)
	}
	if len(set.Classes) != len(motions) || set.Shape != [3]int{3, 1, 128} || set.Account.Recordings.Recordings != 10 {
		t.Errorf("classes %q, shape %v, %v", set.Classes, set.Shape, set.Account.Recordings)
	}
}
