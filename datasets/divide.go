package datasets

import (
	"fmt"
	"math"
	"math/rand/v2"
)

// divide splits images into a training and a test split. From each class of n
// images, round(n·fraction) are drawn for testing; if n > 1, at least one and
// at most n−1. Both splits keep the order of the file and share its pixels.
func divide(all *Split, opts Options) (train, test *Split) {
	fraction := opts.testFraction()
	r := rand.New(rand.NewPCG(opts.Seed, 0))
	chosen := make([]bool, all.Len())
	for _, images := range byClass(all.Labels) {
		n := len(images)
		k := int(math.Round(float64(n) * fraction))
		k = max(min(k, n-1), min(1, n-1))
		shuffle(images, r)
		for _, i := range images[:k] {
			chosen[i] = true
		}
	}
	return all.Cut(chosen)
}

// testFraction is the share that is split off for testing.
func (o Options) testFraction() float64 {
	if o.TestFraction == 0 {
		return 0.2
	}
	return o.TestFraction
}

// division says how the splits came about: from files of their own, or as
// [divide] draws them.
func (o Options) division(files bool) string {
	if files {
		return "separate in the data"
	}
	return fmt.Sprintf("%.4g %% of each class drawn for testing, split_seed %d", 100*o.testFraction(), o.Seed)
}
