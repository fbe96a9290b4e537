package datasets

import (
	"image/color"
	"maps"
	"path/filepath"
	"slices"
	"testing"
)

// splitGreys are the greys of the pictures of each split, which has one pixel a
// picture; nil where there is no such split.
func splitGreys(set *Set) map[string][]uint8 {
	greys := map[string][]uint8{}
	for name, s := range map[string]*Split{"train": set.Train, "validation": set.Validation, "test": set.Test} {
		if s == nil {
			continue
		}
		for i := range s.Len() {
			greys[name] = append(greys[name], s.pixels(i, set.size())[0])
		}
	}
	return greys
}

// Folders and arrays called train, valid, val, validation and test are used for
// what they are, however deep they are unpacked, and never divided again.
func TestSplitsAreUsedForWhatTheyAre(t *testing.T) {
	for name, c := range map[string]struct {
		folders [3]string
		want    map[string][]uint8
	}{
		"train and test":     {[3]string{"train", "", "test"}, map[string][]uint8{"train": {1, 2}, "test": {5, 6}}},
		"train, valid, test": {[3]string{"train", "valid", "test"}, nil},
		"val":                {[3]string{"train", "val", "test"}, nil},
		"Validation":         {[3]string{"Training", "Validation", "Testing"}, nil},
		"train and val":      {[3]string{"train", "val", ""}, map[string][]uint8{"train": {1, 2}, "test": {3, 4}}},
		"train, valid, nested": {[3]string{"x/train", "x/valid", ""},
			map[string][]uint8{"train": {1, 2}, "test": {3, 4}}},
		"nested twice": {[3]string{"x/y/train/train", "x/y/valid/v", "x/y/test"}, nil},
	} {
		if c.want == nil {
			c.want = map[string][]uint8{"train": {1, 2}, "validation": {3, 4}, "test": {5, 6}}
		}
		t.Run(name, func(t *testing.T) {
			files := map[string][]byte{"__MACOSX/x": nil}
			for i, folder := range c.folders {
				if folder != "" {
					files[folder+"/a/1.png"] = picture(t, 1, 1, color.Gray{uint8(2*i + 1)})
					files[folder+"/b/1.png"] = picture(t, 1, 1, color.Gray{uint8(2*i + 2)})
				}
			}
			dir := write(t, files)
			set, err := Open(dir, Options{})
			if err != nil {
				t.Fatal(err)
			}
			if got := splitGreys(set); !maps.EqualFunc(got, c.want, slices.Equal) || len(set.Classes) != 2 {
				t.Errorf("splits %v, want %v; classes %q", got, c.want, set.Classes)
			}
			if set.Account.Samples.Validation != len(c.want["validation"]) {
				t.Errorf("account %+v", set.Account.Samples)
			}
			if _, err := Open(dir, Options{Seed: 1}); err == nil {
				t.Error("divided again by Seed")
			}
		})
	}
	t.Run("nested classes", func(t *testing.T) {
		dir := write(t, map[string][]byte{
			"x/a/1.png": picture(t, 1, 1, color.Gray{1}), "x/a/2.png": picture(t, 1, 1, color.Gray{2}),
			"x/b/1.png": picture(t, 1, 1, color.Gray{3}), "x/b/2.png": picture(t, 1, 1, color.Gray{4}), "README": nil,
		})
		for _, depth := range []string{"", "x"} {
			set, err := Open(filepath.Join(dir, depth), Options{})
			if err != nil || !slices.Equal(set.Classes, []string{"a", "b"}) {
				t.Fatalf("%v, %v", set, err)
			}
		}
	})
	t.Run("two validation splits", func(t *testing.T) {
		one := picture(t, 1, 1, color.Gray{1})
		dir := write(t, map[string][]byte{"train/a/1.png": one, "val/a/1.png": one, "valid/a/1.png": one})
		_, err := Open(dir, Options{})
		wantError(t, err, "val and valid are both the validation split")
	})
}

func TestNPZValidationSplit(t *testing.T) {
	x := func(grey byte) []byte { return npyFile("|u1", "(2, 1, 1)", []byte{grey, grey + 1}) }
	y := npyFile("|u1", "(2,)", []byte{0, 1})
	for name, c := range map[string]struct {
		names [3]string
		want  map[string][]uint8
	}{
		"x_val":      {[3]string{"x_train", "x_val", "x_test"}, nil},
		"val_images": {[3]string{"train_images", "val_images", "test_images"}, nil},
		"X_valid":    {[3]string{"X_train", "X_valid", "X_test"}, nil},
		"no test":    {[3]string{"x", "x_val", ""}, map[string][]uint8{"train": {1, 2}, "test": {3, 4}}},
	} {
		if c.want == nil {
			c.want = map[string][]uint8{"train": {1, 2}, "validation": {3, 4}, "test": {5, 6}}
		}
		t.Run(name, func(t *testing.T) {
			arrays := map[string][]byte{}
			for i, x3 := range c.names {
				if x3 != "" {
					arrays[x3], arrays[labelsOf(x3)] = x(byte(2*i+1)), y
				}
			}
			set, err := Open(write(t, map[string][]byte{"a.npz": npzFile(t, arrays)})+"/a.npz", Options{})
			if err != nil {
				t.Fatal(err)
			}
			if got := splitGreys(set); !maps.EqualFunc(got, c.want, slices.Equal) {
				t.Errorf("splits %v, want %v", got, c.want)
			}
		})
	}
}

// labelsOf names the labels of an array of images.
func labelsOf(images string) string {
	if i := len(images) - len("images"); i > 0 && images[i:] == "images" {
		return images[:i] + "labels"
	}
	return "y" + images[1:]
}

// A validation split is checked like the others, and is part of the checksum.
func TestValidationSplitIsChecked(t *testing.T) {
	good := &Split{Images: []uint8{1, 2}, Labels: []int32{0, 1}}
	s := Set{Name: "s", Shape: [3]int{1, 1, 1}, Classes: []string{"a", "b"}, Train: good, Test: good}
	plain, err := New(s)
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		split *Split
		want  string
	}{
		"label":  {&Split{Images: []uint8{1}, Labels: []int32{2}}, "validation split: image 0: label 2"},
		"pixels": {&Split{Images: []uint8{1}, Labels: []int32{0, 1}}, "validation split: 1 "},
		"values": {&Split{Values: []float32{1}, Labels: []int32{0}}, "one split holds bytes"},
		"empty":  {&Split{Images: []uint8{}, Labels: []int32{}}, "no validation images"},
	} {
		t.Run(name, func(t *testing.T) {
			s.Validation = c.split
			_, err := New(s)
			wantError(t, err, c.want)
		})
	}
	s.Validation = &Split{Images: []uint8{7}, Labels: []int32{0}}
	whole, err := New(s)
	if err != nil {
		t.Fatal(err)
	}
	if whole.Checksum() == plain.Checksum() {
		t.Error("the checksum leaves the validation split out")
	}
	s.Train, s.Validation = &Split{Images: []uint8{1}, Labels: []int32{0}}, good
	s.Test = s.Train
	_, err = New(s)
	wantError(t, err, "class b occurs in the validation split, but not in training")
}
