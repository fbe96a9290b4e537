package datasets

import (
	"fmt"
	"math"
	"math/rand/v2"
	"strings"
)

// divide splits images into a training and a test split, unless they are for a
// network that has been trained: then both are all of them.
func (l *loading) divide(all *Split, opts Options) (train, test *Split) {
	if l.like != nil {
		return all, all
	}
	return divide(all, opts)
}

// divide splits images into a training and a test split. From each class of n
// images, round(n·fraction) are drawn for testing; if n > 1, at least one and
// at most n−1. Both splits keep the order of the file and share its pixels.
func divide(all *Split, opts Options) (train, test *Split) { return all.Cut(drawn(all.Labels, opts)) }

// drawn says which images [divide] draws, by their labels.
func drawn(labels []int32, opts Options) []bool {
	fraction := opts.testFraction()
	r := rand.New(rand.NewPCG(opts.Seed, 0))
	chosen := make([]bool, len(labels))
	for _, images := range byClass(labels) {
		n := len(images)
		k := int(math.Round(float64(n) * fraction))
		k = max(min(k, n-1), min(1, n-1))
		shuffle(images, r)
		for _, i := range images[:k] {
			chosen[i] = true
		}
	}
	return chosen
}

// testFraction is the share that is split off for testing.
func (o Options) testFraction() float64 {
	if o.TestFraction == 0 {
		return 0.2
	}
	return o.TestFraction
}

// Splits by number, and what they are called.
const (
	toTrain = iota
	toValidate
	toTest
)

func splitName(n int) string { return [...]string{"training", "validation", "test"}[n] }

// splitOf says which split a folder or an array is named after.
func splitOf(name string) (n int, ok bool) {
	switch strings.ToLower(name) {
	case "train", "training":
		return toTrain, true
	case "val", "valid", "validation":
		return toValidate, true
	case "test", "testing":
		return toTest, true
	}
	return 0, false
}

// division says how the splits came about: from files of their own, or as
// [divide] draws them.
func (o Options) division(files bool) string {
	if files {
		return "separate in the data"
	}
	return fmt.Sprintf("%.4g %% of each class drawn for testing, split_seed %d", 100*o.testFraction(), o.Seed)
}

// separate says how data are divided whose splits these are, the zero value for
// one that they do not have. Without a test split beside it, the validation
// split is what accuracy is measured on.
func separate[T comparable](path string, parts *[3]T, o Options) (division string, err error) {
	var none T
	division = o.division(parts[toTest] != none)
	if parts[toTest] == none && parts[toValidate] != none {
		parts[toTest], parts[toValidate] = parts[toValidate], none
		division = "separate in the data; the validation split is tested with, since there is no other"
	}
	if parts[toTest] != none && (o.TestFraction != 0 || o.Seed != 0) {
		return "", fmt.Errorf("datasets: %s has a test split: TestFraction and Seed have no effect", path)
	}
	return division, nil
}

// Recordings is how many recordings the samples of a split are from; 0 if they are
// on their own.
func (s *Split) Recordings() int {
	return len(byClass(s.groups()))
}

// groups lists the recordings of samples; nil if they are on their own.
func (s *Split) groups() []int32 {
	if s.Groups == nil {
		return nil
	}
	all := make([]int32, s.Len())
	for i := range all {
		all[i] = s.Groups[s.row(i)]
	}
	return all
}

// Draw chooses n samples at random; of recordings, whole ones until there are n
// samples, but not all.
func (s *Split) Draw(n int, r *rand.Rand) []bool {
	chosen := make([]bool, s.Len())
	if s.Groups == nil {
		for _, i := range r.Perm(s.Len())[:n] {
			chosen[i] = true
		}
		return chosen
	}
	recordings := byClass(s.groups())
	r.Shuffle(len(recordings), func(i, j int) { recordings[i], recordings[j] = recordings[j], recordings[i] })
	for _, windows := range recordings[:len(recordings)-1] {
		if n <= 0 {
			break
		}
		for _, i := range windows {
			chosen[i] = true
		}
		n -= len(windows)
	}
	return chosen
}
