package main

import (
	"image/png"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"

	"petrify/datasets"
)

func TestShapes(t *testing.T) {
	dir := t.TempDir()
	if err := write(dir, 30, rand.New(rand.NewPCG(1, 2))); err != nil {
		t.Fatal(err)
	}
	set, err := datasets.Open(dir, datasets.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if len(set.Targets) != len(palette) || set.Shape != [3]int{3, side, side} || set.Account.Warnings != nil {
		t.Errorf("classes %q, shape %v, warnings %q", set.Targets, set.Shape, set.Account.Warnings)
	}
	for _, c := range set.Account.Pixels.Classes {
		if c.Share < 0.01 {
			t.Errorf("class %s has a share of %v", c.Name, c.Share)
		}
	}
	file := filepath.Join(dir, "sheet.png")
	if err := sheet(dir, file, []string{filepath.Join(dir, "masks")}); err != nil {
		t.Fatal(err)
	}
	f, err := os.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	m, err := png.Decode(f)
	if err != nil {
		t.Fatal(err)
	}
	const below, w = scale*side + margin, scale * side
	for at := range w * w {
		if x, y := at%w, at/w; m.At(x, below+y) != m.At(x, 2*below+y) {
			t.Fatalf("(%d, %d): the mask is %v, and that in the folder %v", x, y, m.At(x, below+y), m.At(x, 2*below+y))
		}
	}
}

// The labels of a picture are the shapes that its mask has, and each occurs in about half of
// the pictures.
func TestLabels(t *testing.T) {
	file := filepath.Join(t.TempDir(), "shapes.npz")
	if err := writeLabels(file, 100, rand.New(rand.NewPCG(1, 2))); err != nil {
		t.Fatal(err)
	}
	set, err := datasets.Open(file, datasets.Options{Targets: []string{"disc", "square", "triangle"}})
	if err != nil {
		t.Fatal(err)
	}
	if set.Target != datasets.LabelTargets || set.Shape != [3]int{3, side, side} || len(set.Targets) != 3 {
		t.Errorf("%v %q of shape %v", set.Target, set.Targets, set.Shape)
	}
	_, mask := paint(rand.New(rand.NewPCG(1, 2)))
	there := map[uint8]int{}
	for _, class := range mask.Pix {
		there[class]++
	}
	var sums [3]float32
	for i, v := range set.Train.Targets {
		sums[i%3] += v
	}
	for i, y := range labels(mask) {
		if (y == 1) != (there[uint8(i+1)] >= seen) {
			t.Errorf("label %d is %d, %d pixels are of its class", i, y, there[uint8(i+1)])
		}
		if n := 3 * sums[i] / float32(len(set.Train.Targets)); n < 0.3 || n > 0.7 {
			t.Errorf("label %d has a share of %v", i, n)
		}
	}
}
