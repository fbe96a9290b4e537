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

	wide int // what it takes where four places are computed at once; 0: the same
}

func (t *tensor) meets(u *tensor) bool { return t.first <= u.last && u.first <= t.last }

// use notes that step i reads or writes the tensor.
func (t *tensor) use(i int) {
	if t.first < 0 {
		t.first = i
	}
	t.last = i
}

// most is what the tensor takes on processors that compute four places at once.
func (t *tensor) most() int { return max(t.size, t.wide) }

// floor is the greatest total size of tensors that are alive during one step:
// no plan takes less.
func floor(tensors []*tensor, size func(*tensor) int) int {
	most := 0
	for _, t := range tensors {
		live := 0
		for _, u := range tensors {
			if u.first <= t.first && t.first <= u.last {
				live += size(u)
			}
		}
		most = max(most, live)
	}
	return most
}

// attempts is how many orders plan tries at most.
const attempts = 200

// plan gives every tensor an offset so that no two that are alive at the same
// time overlap, and returns the arena's length, and that where four places are
// computed at once. It places the largest first (Y. Pisarchyk and J. Lee,
// "Efficient Memory Management for Deep Neural Net Inference", MLSys workshop
// 2020, section 5); while that takes more than the floor, the tensor that reaches
// highest is placed first in the next attempt, and so on. The best order wins.
func plan(tensors []*tensor) (length, wide int) {
	order := slices.SortedStableFunc(slices.Values(tensors),
		func(a, b *tensor) int { return cmp.Compare(b.size, a.size) })
	best := slices.Clone(order)
	least, leastWide := floor(tensors, func(t *tensor) int { return t.size }), floor(tensors, (*tensor).most)
	length, wide, highest := put(order)
	for range attempts {
		if length == least && wide == leastWide {
			break
		}
		i := slices.Index(order, highest)
		copy(order[1:], order[:i])
		order[0] = highest
		var n, m int
		if n, m, highest = put(order); n < length || n == length && m < wide {
			length, wide, best = n, m, slices.Clone(order)
		}
	}
	length, wide, _ = put(best)
	return length, wide
}

// put places tensors in order, each as low as possible, those last that are wider on some processors. It returns the
// lengths that they take, and the tensor at the end; or below it, if that is one of the last.
func put(order []*tensor) (length, wide int, highest *tensor) {
	var placed []*tensor // by offset
	for _, last := range []bool{false, true} {
		for _, t := range order {
			if last != (t.wide > 0) {
				continue
			}
			under := t.low(placed)
			at, _ := slices.BinarySearchFunc(placed, t, func(a, b *tensor) int { return cmp.Compare(a.offset, b.offset) })
			placed = slices.Insert(placed, at, t)
			length = max(length, t.offset+t.size)
			if end := t.offset + t.most(); end > wide {
				wide, highest = end, t
				if last && under != nil {
					highest = under
				}
			}
		}
	}
	return length, wide, highest
}

// low gives the tensor the lowest offset at which it meets none of those that are placed, by offset, and returns the
// one below.
func (t *tensor) low(placed []*tensor) (below *tensor) {
	t.offset = 0
	for _, p := range placed {
		if !p.meets(t) {
			continue
		}
		if t.offset+t.most() <= p.offset {
			break
		}
		if end := p.offset + p.most(); end > t.offset {
			t.offset, below = end, p
		}
	}
	return below
}
