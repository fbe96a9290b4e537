package datasets

import (
	"math"
	"math/rand/v2"
)

// divide splits images into a training and a test split. From each class of n
// images, round(n·fraction) are drawn for testing; if n > 1, at least one and
// at most n−1. Both splits keep the order of the file and share its pixels.
func divide(all *Split, opts Options) (train, test *Split) {
	fraction := opts.TestFraction
	if fraction == 0 {
		fraction = 0.2
	}
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
