package datasets

import (
	"math/rand/v2"
	"slices"
)

// epoch lists the images of one pass in the order they are taken.
func epoch(split *Split, o BatchOptions) []int32 {
	if o.Balanced {
		return balanced(split.Labels, o.Rand)
	}
	order := make([]int32, split.Len())
	for i := range order {
		order[i] = int32(i)
	}
	if o.Rand != nil {
		shuffle(order, o.Rand)
	}
	return order
}

func shuffle(x []int32, r *rand.Rand) {
	r.Shuffle(len(x), func(i, j int) { x[i], x[j] = x[j], x[i] })
}

// balanced gives each of the K classes that occur N/K places of the epoch; the
// remaining N mod K places go to classes drawn at random, one each. Every class
// cycles through its images, each time in a new random order.
func balanced(labels []int32, r *rand.Rand) []int32 {
	classes := byClass(labels)
	r.Shuffle(len(classes), func(i, j int) { classes[i], classes[j] = classes[j], classes[i] })
	order := make([]int32, 0, len(labels))
	for k, images := range classes {
		want := len(labels) / len(classes)
		if k < len(labels)%len(classes) {
			want++
		}
		for want > 0 {
			shuffle(images, r)
			n := min(want, len(images))
			order = append(order, images[:n]...)
			want -= n
		}
	}
	shuffle(order, r)
	return order
}

// byClass lists the images of each class that occurs, classes and images in
// ascending order.
func byClass(labels []int32) [][]int32 {
	var counts []int
	for _, label := range labels {
		for int(label) >= len(counts) {
			counts = append(counts, 0)
		}
		counts[label]++
	}
	all := make([][]int32, len(counts))
	for i, label := range labels {
		if all[label] == nil {
			all[label] = make([]int32, 0, counts[label])
		}
		all[label] = append(all[label], int32(i))
	}
	return slices.DeleteFunc(all, func(images []int32) bool { return images == nil })
}
