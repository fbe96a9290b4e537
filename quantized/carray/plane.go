package carray

import "math"

// plane is a function of two bytes in integers of 32 bits:
//
//	y = clip(⌊(A·a + B·b + C)/2ˢ⌋) + zero
//
// C holds the zero points, and the half that makes the floor round. Where that would round ties
// otherwise than the function, 2ˢ·ties is added to some sums: to those whose quotient is odd, to
// round half to even, or to negative ones, half away from zero.
type plane struct {
	a, b, constant int64
	shift          int
	ties           int64
	exceptions     []int // pairs 256·a + b of which this is not the function, in order
}

// pairwise is a function of pairs of bytes that rounds ra·a + rb·b + rest, more or less, and
// clips it.
type pairwise struct {
	of           [1 << 16]int64 // 256·a + b
	pairs        []int          // that there are
	low, high    int64
	ra, rb, rest float64
	ties         int64 // the rule by which it rounds them: see plane
}

// reach is how far A and B are sought from what they should be: on scales drawn at random, at
// most 3 of them were needed.
const reach = 4

// plane finds the one with the fewest exceptions. There are none, as a rule: C has room, because
// sums that are close to a tie are rare; and if it has none, another A or B gives it some.
func (f *pairwise) plane() plane {
	start := f.slopes()
	for r := range int64(reach + 1) {
		for i := -r; i <= r; i++ {
			for j := -r; j <= r; j++ {
				if p := start; max(i, -i, j, -j) == r {
					p.a, p.b = p.a+i, p.b+j
					if f.constant(&p) {
						return p
					}
				}
			}
		}
	}
	best := f.nearest(start, 0)
	if p := f.nearest(start, f.ties); len(p.exceptions) < len(best.exceptions) {
		return p
	}
	return best
}

// nearest is the plane with the right C, or nearly so, and a rule for ties.
func (f *pairwise) nearest(p plane, ties int64) plane {
	p.ties = ties
	p.constant = int64(math.Round(math.Ldexp(f.rest, p.shift))) + 1<<p.shift/2 - max(ties, 0)
	for _, q := range f.pairs {
		if p.at(q, f.low, f.high) != f.of[q] {
			p.exceptions = append(p.exceptions, q)
		}
	}
	return p
}

// slopes are A and B with the greatest shift at which no sum leaves 32 bits. Steps so large that
// no shift is left are made smaller, which leaves exceptions.
func (f *pairwise) slopes() plane {
	const limit = 1<<31 - 1<<12 // C and neighbours of A and B may be more than they should
	most := 255 * (math.Abs(f.ra) + math.Abs(f.rb))
	for _, corner := range []float64{f.rest, f.rest + 255*f.ra, f.rest + 255*f.rb, f.rest + 255*(f.ra+f.rb)} {
		most = max(most, math.Abs(corner)+1)
	}
	p, by := plane{}, min(1, limit/2/most)
	for p.shift < 30 && math.Ldexp(most*by, p.shift+1) < limit {
		p.shift++
	}
	f.rest *= by
	whole := func(r float64) int64 { return int64(math.Round(math.Ldexp(r*by, p.shift))) }
	p.a, p.b = whole(f.ra), whole(f.rb)
	return p
}

// constant reports whether there is a C without exceptions, and sets it.
func (f *pairwise) constant(p *plane) bool {
	low, high := int64(math.MinInt64), int64(math.MaxInt64)
	for _, q := range f.pairs {
		y, v := f.of[q], int64(q>>8)*p.a+int64(q&255)*p.b
		if y > f.low {
			low = max(low, y<<p.shift-v)
		}
		if y < f.high {
			high = min(high, (y+1)<<p.shift-1-v)
		}
		if low > high {
			return false
		}
	}
	want := int64(math.Round(math.Ldexp(f.rest+0.5, p.shift)))
	p.constant = min(max(low, want), high)
	return true
}

// at is what C computes of a pair.
func (p *plane) at(q int, low, high int64) int64 {
	v := int64(q>>8)*p.a + int64(q&255)*p.b + p.constant
	switch {
	case p.ties > 0:
		v += v >> p.shift & 1
	case p.ties < 0:
		v += v >> 31
	}
	return min(max(v>>p.shift, low), high)
}
