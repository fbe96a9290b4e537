package datasets

import (
	"math"
	"math/rand/v2"
	"slices"
)

// divide splits images into a training and a test split. Of each class that
// has n images round(n·fraction) are drawn for testing, at least one and at
// most n−1 where n > 1. Both keep the order of the file.
func divide(all *Split, opts Options) (train, test *Split) {
	fraction := opts.TestFraction
	if fraction == 0 {
		fraction = 0.2
	}
	r := rand.New(rand.NewPCG(opts.Seed, 0))
	var chosen []int32
	for _, images := range byClass(all.Labels) {
		n := len(images)
		k := int(math.Round(float64(n) * fraction))
		k = max(min(k, n-1), min(1, n-1))
		shuffle(images, r)
		chosen = append(chosen, images[:k]...)
	}
	slices.Sort(chosen)
	size := (len(all.Images) + len(all.Values)) / max(all.Len(), 1)
	train, test = &Split{}, &Split{}
	for i := range all.Len() {
		split := train
		if len(chosen) > 0 && chosen[0] == int32(i) {
			split, chosen = test, chosen[1:]
		}
		split.take(all, i, size)
	}
	return train, test
}

// take appends image i of another split.
func (s *Split) take(from *Split, i, size int) {
	if from.Images != nil {
		s.Images = append(s.Images, from.Images[i*size:(i+1)*size]...)
	} else {
		s.Values = append(s.Values, from.Values[i*size:(i+1)*size]...)
	}
	s.Labels = append(s.Labels, from.Labels[i])
}
