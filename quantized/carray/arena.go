package carray

import (
	"cmp"
	"slices"
)

// place says whose memory a tensor is in.
type place uint8

const (
	arena  place = iota
	input        // the caller's, which is not written
	output       // the caller's
)

// tensor is a piece of memory: activations that are never alive at the same
// time may overlap in the arena, and some share a tensor.
type tensor struct {
	size        int  // in bytes
	real        bool // floats
	aligned     bool // the arena is of floats
	place       place
	offset      int // in the arena
	first, last int // the steps that write it first and read it last
}

func (t *tensor) meets(u *tensor) bool { return t.first <= u.last && u.first <= t.last }

// use notes that step i reads or writes the tensor.
func (t *tensor) use(i int) {
	if t.first < 0 {
		t.first = i
	}
	t.last = i
}

// floor is the greatest total size of tensors that are alive during one step:
// no plan takes less.
func floor(tensors []*tensor) int {
	most := 0
	for _, t := range tensors {
		live := 0
		for _, u := range tensors {
			if u.first <= t.first && t.first <= u.last {
				live += u.size
			}
		}
		most = max(most, live)
	}
	return most
}

// attempts is how many orders plan tries at most.
const attempts = 200

// plan gives every tensor an offset so that no two that are alive at the same
// time overlap, and returns the arena's length. It places the largest first (Y.
// Pisarchyk and J. Lee, "Efficient Memory Management for Deep Neural Net
// Inference", MLSys workshop 2020, section 5); while that takes more than the
// floor, the tensor that reaches highest is placed first in the next attempt,
// and so on. The best order wins.
func plan(tensors []*tensor) int {
	order := slices.SortedStableFunc(slices.Values(tensors),
		func(a, b *tensor) int { return cmp.Compare(b.size, a.size) })
	least, best := floor(tensors), slices.Clone(order)
	length, highest := put(order)
	for range attempts {
		if length == least {
			break
		}
		i := slices.Index(order, highest)
		copy(order[1:], order[:i])
		order[0] = highest
		var n int
		if n, highest = put(order); n < length {
			length, best = n, slices.Clone(order)
		}
	}
	length, _ = put(best)
	return length
}

// put places tensors in order, each as low as possible, and returns the length
// that they take and the tensor at its end.
func put(order []*tensor) (length int, highest *tensor) {
	var placed []*tensor // by offset
	for _, t := range order {
		t.offset = 0
		for _, p := range placed {
			if !p.meets(t) {
				continue
			}
			if t.offset+t.size <= p.offset {
				break
			}
			t.offset = max(t.offset, p.offset+p.size)
		}
		at, _ := slices.BinarySearchFunc(placed, t, func(a, b *tensor) int { return cmp.Compare(a.offset, b.offset) })
		placed = slices.Insert(placed, at, t)
		if end := t.offset + t.size; end > length {
			length, highest = end, t
		}
	}
	return length, highest
}
