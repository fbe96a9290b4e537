package datasets

import (
	"iter"
	"math"
	"math/rand/v2"
	"slices"
	"testing"
)

func TestNewRefuses(t *testing.T) {
	image := func(n int) *Split { return &Split{Images: make([]uint8, 4*n), Labels: make([]int32, n)} }
	rows := func(r ...int32) *Split { return &Split{Images: make([]uint8, 8), Rows: r, Labels: make([]int32, 2)} }
	nan := &Split{Values: []float32{0, 0, 0, 0, 0, float32(math.NaN()), 0, 0}, Labels: make([]int32, 2)}
	for name, c := range map[string]struct {
		set  Set
		want string
	}{
		"no shape": {Set{Train: image(1), Test: image(1)}, "shape [0 0 0]"},
		"a class's name": {Set{Shape: [3]int{1, 2, 2}, Classes: []string{"a", "b\xff"}, Train: image(1),
			Test: image(1)}, `class 1: name "b\xff" is not UTF-8`},
		"no training split": {Set{Shape: [3]int{1, 2, 2}, Test: image(1)}, "no training images"},
		"no test images":    {Set{Shape: [3]int{1, 2, 2}, Train: image(1), Test: &Split{}}, "no test images"},
		"bytes and values":  {Set{Shape: [3]int{1, 2, 2}, Train: image(1), Test: nan}, "one split holds bytes"},
		"too few rows":      {Set{Shape: [3]int{1, 2, 2}, Train: rows(0), Test: image(1)}, "1 rows for 2 images"},
		"row out of range": {Set{Shape: [3]int{1, 2, 2}, Train: rows(1, 2), Test: image(1)},
			"image 1: row 2 out of range 0..1"},
		"negative row": {Set{Shape: [3]int{1, 2, 2}, Train: rows(-1, 1), Test: image(1)},
			"image 0: row -1 out of range 0..1"},
		"neither": {Set{Shape: [3]int{1, 2, 2}, Train: &Split{Labels: []int32{0}},
			Test: &Split{Labels: []int32{0}}}, "want either Images or Values"},
		"too few pixels": {Set{Shape: [3]int{1, 2, 3}, Train: image(1), Test: image(1)},
			"4 elements for 1 images of shape [1 2 3], want 6"},
		"label out of range": {Set{Shape: [3]int{1, 2, 2}, Classes: []string{"a"},
			Train: &Split{Images: make([]uint8, 4), Labels: []int32{1}}, Test: image(1)},
			"image 0: label 1 out of range 0..0"},
		"padding label": {Set{Shape: [3]int{1, 2, 2}, Train: image(1),
			Test: &Split{Images: make([]uint8, 4), Labels: []int32{-1}}}, "test split: image 0: label -1"},
		"not a number": {Set{Shape: [3]int{1, 2, 2}, Train: nan, Test: nan},
			"image 1 of the data, from 0: value 1 is NaN"},
		"wrong deviations": {Set{Shape: [3]int{1, 2, 2}, Train: image(1), Test: image(1), Mean: []float32{1, 2},
			Std: []float32{1}}, "2 means and 1 standard deviations for 1 channels"},
		"zero deviation": {Set{Shape: [3]int{1, 2, 2}, Train: image(1), Test: image(1), Mean: []float32{1},
			Std: []float32{0}}, "standard deviation 0"},
		"negative scale": {Set{Shape: [3]int{1, 2, 2}, Train: image(1), Test: image(1), PixelScale: -1},
			"pixel scale -1"},
	} {
		t.Run(name, func(t *testing.T) {
			c.set.Name = "mine"
			_, err := New(c.set)
			wantError(t, err, "datasets: mine: ", c.want)
		})
	}
}

// A value that is no number is reported with its place in the data, not in the
// split: here in row 17 of 20.
func TestNaNIsReportedWithItsRow(t *testing.T) {
	all := &Split{Values: make([]float32, 20), Labels: make([]int32, 20)}
	all.Values[17] = float32(math.NaN())
	train, test := divide(all, Options{})
	_, err := New(Set{Name: "mine", Shape: [3]int{1, 1, 1}, Train: train, Test: test})
	wantError(t, err, "datasets: mine: training split: image 17 of the data, from 0: value 0 is NaN")
}

// values returns the values of a split's images of the given size, one after
// the other.
func values(s *Split, size int) (all []float32) {
	for i := range s.Len() {
		all = append(all, s.values(i, size)...)
	}
	return all
}

// A part of a split equals a copy of its images, in its checksum, its means and
// its batches, without copying any.
func TestCut(t *testing.T) {
	r := rand.New(rand.NewPCG(4, 0))
	for name, set := range map[string]*Set{"pixels": picturesSet(t, 20, 3, 2), "values": numbersSet(t, 20, 3)} {
		size := set.size()
		viewed, copied := *set, *set
		viewed.Mean, viewed.Std, copied.Mean, copied.Std = nil, nil, nil, nil
		for range 3 { // parts of parts
			chosen, left := make([]bool, viewed.Train.Len()), map[int32]bool{}
			for i, label := range viewed.Train.Labels {
				chosen[i], left[label] = left[label] && r.IntN(3) == 0, true
			}
			viewed.Train, viewed.Test = viewed.Train.Cut(chosen)
			copied.Train, copied.Test = copies(copied.Train, size, chosen)
			if n := len(viewed.Test.Images) + len(viewed.Test.Values); n != 20*size {
				t.Fatalf("%s: a part holds %d elements, not those of the whole", name, n)
			}
			sameSet(t, name, viewed, copied)
		}
	}
}

// copies is Cut of a split without Rows, by copying.
func copies(s *Split, size int, chosen []bool) (rest, part *Split) {
	rest, part = &Split{}, &Split{}
	for i, label := range s.Labels {
		to := rest
		if chosen[i] {
			to = part
		}
		if s.Images != nil {
			to.Images = append(to.Images, s.Images[i*size:(i+1)*size]...)
		} else {
			to.Values = append(to.Values, s.Values[i*size:(i+1)*size]...)
		}
		to.Labels = append(to.Labels, label)
	}
	return rest, part
}

func sameSet(t *testing.T, name string, a, b Set) {
	t.Helper()
	x, err := New(a)
	if err != nil {
		t.Fatal(err)
	}
	y, err := New(b)
	if err != nil {
		t.Fatal(err)
	}
	if x.Checksum() != y.Checksum() || !slices.Equal(x.Mean, y.Mean) || !slices.Equal(x.Std, y.Std) {
		t.Errorf("%s: a part differs from its copy: means %v and %v", name, x.Mean, y.Mean)
	}
	o := BatchOptions{Size: 4}
	next, stop := iter.Pull2(y.Batches(y.Test, o))
	defer stop()
	for have, err := range x.Batches(x.Test, o) {
		want, _, ok := next()
		if err != nil || !ok || !slices.Equal(have.X, want.X) || !slices.Equal(have.Labels, want.Labels) {
			t.Errorf("%s: batch %d differs: %v, %v", name, have.Index, have, want)
		}
	}
}

// The division keeps the shares of the classes and the order of the file, and
// depends only on the seed.
func TestDivide(t *testing.T) {
	all := &Split{}
	for i := range 100 {
		label := int32(0)
		if i%10 == 9 {
			label = 1 // 10 images
		}
		if i == 50 {
			label = 2 // 1 image: stays in training
		}
		all.Values = append(all.Values, float32(i))
		all.Labels = append(all.Labels, label)
	}
	train, test := divide(all, Options{TestFraction: 0.3, Seed: 1})
	var count [3]int
	for _, label := range test.Labels {
		count[label]++
	}
	if want := [3]int{27, 3, 0}; count != want {
		t.Errorf("test images per class %v, want %v", count, want)
	}
	tested := values(test, 1)
	if !slices.IsSorted(values(train, 1)) || !slices.IsSorted(tested) {
		t.Error("the order of the file is lost")
	}
	union := slices.Concat(values(train, 1), tested)
	slices.Sort(union)
	if !slices.Equal(union, all.Values) {
		t.Errorf("the splits together hold %v", union)
	}
	for i, x := range tested {
		if test.Labels[i] != all.Labels[int(x)] {
			t.Errorf("image %v lost its label", x)
		}
	}
	if _, again := divide(all, Options{TestFraction: 0.3, Seed: 1}); !slices.Equal(values(again, 1), tested) {
		t.Error("the same seed divides in two ways")
	}
	if _, other := divide(all, Options{TestFraction: 0.3, Seed: 2}); slices.Equal(values(other, 1), tested) {
		t.Error("two seeds divide in the same way")
	}
}

func TestChecksumSeesEverything(t *testing.T) {
	make := func(change func(*Set)) string {
		set := numbersSet(t, 5, 2)
		set.Test = &Split{Values: slices.Clone(set.Test.Values), Labels: slices.Clone(set.Test.Labels)}
		change(set)
		return set.Checksum()
	}
	seen := map[string]string{make(func(*Set) {}): "nothing"}
	for name, change := range map[string]func(*Set){
		"a value":       func(s *Set) { s.Train.Values[4]++ },
		"a test value":  func(s *Set) { s.Test.Values[0]++ },
		"a label":       func(s *Set) { s.Train.Labels[4] = 1 },
		"a test label":  func(s *Set) { s.Test.Labels[0] = 1 },
		"a class name":  func(s *Set) { s.Classes[0] = "x" },
		"a mean":        func(s *Set) { s.Mean[0] = 1 },
		"the scale":     func(s *Set) { s.PixelScale = 2 },
		"the test size": func(s *Set) { s.Test.Values, s.Test.Labels = s.Test.Values[:4], s.Test.Labels[:4] },
	} {
		sum := make(change)
		if other, ok := seen[sum]; ok {
			t.Errorf("changing %s gives the checksum of changing %s", name, other)
		}
		seen[sum] = name
	}
	if _, ok := seen[make(func(s *Set) { s.Name = "renamed" })]; !ok {
		t.Error("the name alone changes the checksum")
	}
}

func TestOpenUnknown(t *testing.T) {
	_, err := Open("minst", Options{})
	wantError(t, err, `"minst"`, "digits, mnist, fashion-mnist", "nor a file")
	_, err = Open("set.go", Options{})
	wantError(t, err, "set.go", "want one of an npz file (.npz), a CSV file (.csv, .tsv), a folder of IDX")
	_, err = Open("digits", Options{Label: "a", Seed: 1})
	wantError(t, err, "built-in digits", "Label, Seed")
	_, err = Open("mnist", Options{Offline: true, Shape: [3]int{1, 28, 28}})
	wantError(t, err, "published", "Shape")
	_, err = Open("x.csv", Options{Shape: [3]int{1, 0, 28}})
	wantError(t, err, "shape [1 0 28]")
	_, err = Open("x", Options{Size: [2]int{-1, 28}})
	wantError(t, err, "size [-1 28]")
}

// TestEveryReaderSaysWhatItIgnores: of the options that have no effect, each kind
// of data names its own.
func TestEveryReaderSaysWhatItIgnores(t *testing.T) {
	all := map[string]Options{"Label": {Label: "1"}, "Test": {Test: "x"}, "TestFraction": {TestFraction: 0.1},
		"Seed": {Seed: 1}, "Shape": {Shape: [3]int{1, 1, 1}}, "ChannelsFirst": {ChannelsFirst: true},
		"Size": {Size: [2]int{1, 1}}, "Layout": {Layout: "signal"},
		"Target": {Target: NumberTargets}, "Targets": {Targets: []string{"1"}},
		"Header": {Header: HeaderTrue}, "Columns": {Columns: []string{"1"}}, "Sounds": {Sounds: Sounds{Rate: 8000}},
		"Categories": {Categories: []string{"1"}}, "Unseen": {Unseen: "zero"}, "Missing": {Missing: []string{"0"}},
		"Windows": {Windows: Windows{Length: 1}}, "Masks": {Masks: Masks{Ignore: 7}}}
	for _, r := range readers() {
		for name, o := range all {
			err := o.allow(r.what, r.options)
			if has := slices.Contains(r.options, name); has != (err == nil) {
				t.Errorf("%s has the option %s: %v, but %v", r.what, name, has, err)
			}
		}
		for _, option := range r.options {
			if _, known := all[option]; !known {
				t.Errorf("%s has an option %s, which there is not", r.what, option)
			}
		}
	}
}
