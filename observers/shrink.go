package observers

import "math"

// shrink is the greedy search of PyTorch's HistogramObserver. It returns the
// first and the last bin to keep. loss(from, to) is the error of keeping
// from..to, in any unit.
func shrink(mass []float64, loss func(from, to int) float64) (from, to int) {
	const step = 1e-5
	cumulated := make([]float64, len(mass))
	total := 0.0
	for j, m := range mass {
		total += m
		cumulated[j] = total
	}
	alpha, beta := 0.0, 1.0
	from, to = 0, len(mass)-1
	least := math.Inf(1)
	up, down := from, to // where the mass of the next step ends; they only go inward
	for alpha < beta {
		for up < len(mass)-1 && cumulated[up] < (alpha+step)*total {
			up++
		}
		for down > 0 && cumulated[down] > (beta-step)*total {
			down--
		}
		l, r := min(max(up, from), to), max(min(down, to), from)
		nextFrom, nextTo := from, to
		if l-from > to-r {
			nextFrom, alpha = l, alpha+step
		} else {
			nextTo, beta = r, beta-step
		}
		if nextFrom == from && nextTo == to {
			continue
		}
		e := loss(nextFrom, nextTo)
		if e > least {
			break
		}
		least, from, to = e, nextFrom, nextTo
	}
	return from, to
}

// uniformError is the L2 error, in units of the bin's width, of quantizing
// values that are uniform within their bins to the centres of equal levels
// that divide the bins from..to:
//
//	Σ_bins mass·∫ (x − centre(x))² dx
//
// The integral over a bin has three parts: from the bin's beginning to the end
// of its first level, the whole levels, and the part of the last level up to
// the bin's end.
func uniformError(mass []float64, from, to, levels int) float64 {
	width := float64(to-from+1) / float64(levels)
	cube := func(a, b float64) float64 { return (float64(b*b*b) - float64(a*a*a)) / 3 }
	level := func(x float64) float64 {
		return math.Max(0, math.Min(math.Floor(x/width), float64(levels-1)))
	}
	whole := cube(-width/2, width/2)
	sum := 0.0
	for j, m := range mass {
		if m == 0 {
			continue
		}
		begin := float64(j - from)
		first, last := level(begin), level(begin+1)
		e := cube(begin-float64((first+0.5)*width), width/2)
		e += float64((last - first - 1) * whole)
		e += cube(-width/2, begin+1-float64((last+0.5)*width))
		sum += float64(m * e)
	}
	return sum
}
