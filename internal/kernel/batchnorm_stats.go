package kernel

// BatchNormStats is the mean and the population variance of each column:
//
//	μ[j] = (1/rows) Σ x[r,j]    σ²[j] = (1/rows) Σ (x[r,j] − μ[j])²
//
// Both are computed tile by tile from deviations about a pivot, the mean of
// the rows before, and combined in float64 (T. Chan, G. Golub, R. LeVeque,
// "Updating Formulae and a Pairwise Algorithm for Computing Sample Variances",
// 1979, eq. 2.1), so that a large mean does not cancel a small variance away.
func BatchNormStats(mean, variance, x []float32, rows, c int) {
	batchNormStats("BatchNormStats", mean, variance, nil, nil, x, rows, c)
}

// BatchNormStatsRange is [BatchNormStats], to the last bit, and in the same
// pass over memory the ends of each column's range:
//
//	lo[j] = min { x[r,j] }    hi[j] = max { x[r,j] }
//
// from which the range of any monotone function of x follows, such as the
// normalised and rectified one. A NaN is no member of the range, ±Inf is; a
// column of nothing but NaN has lo = +Inf and hi = −Inf. The mean and the
// variance tell of both: they are not finite. A zero end is +0.
func BatchNormStatsRange(mean, variance, lo, hi, x []float32, rows, c int) {
	checkLen("BatchNormStatsRange", "lo", len(lo), c)
	checkLen("BatchNormStatsRange", "hi", len(hi), c)
	batchNormStats("BatchNormStatsRange", mean, variance, lo, hi, x, rows, c)
}

// batchNormStats is both; lo and hi may be nil.
func batchNormStats(kernel string, mean, variance, lo, hi, x []float32, rows, c int) {
	checkLen(kernel, "mean", len(mean), c)
	checkLen(kernel, "variance", len(variance), c)
	checkLen(kernel, "x", len(x), rows*c)
	ranged := lo != nil
	p := newColumnParts(rows, c)
	defer p.done()
	blocks(rows, p.size, func(from, to int) {
		s := p.at(from / p.size)
		s.emptyRange()
		done := 0
		tiles(from, to, c, func(a, b int) {
			s.addMoments(x[a*c:b*c], done, b-a, ranged)
			done += b - a
		})
	})
	all := p.moments(rows)
	for j := range c {
		mean[j] = float32(all.s0[j])
		variance[j] = float32(max(0, all.s1[j]) / float64(max(1, rows)))
	}
	for j := range lo {
		lo[j], hi[j] = all.least[j]+0, all.greatest[j]+0
	}
}

// moments merges the moments and the ranges of the pieces of rows, in order.
func (p *columnParts) moments(rows int) columnSums {
	all := p.at(0)
	done := min(rows, p.size)
	for i := 1; i < p.n; i++ {
		part, n := p.at(i), min(rows-i*p.size, p.size)
		w := weigh(done, n)
		for j := range p.c {
			all.combine(j, w, part.s0[j], part.s1[j])
		}
		all.widen(part)
		done += n
	}
	return all
}

// emptyRange is the range of no values.
func (s columnSums) emptyRange() {
	for j := range s.least {
		s.least[j], s.greatest[j] = emptySpan.lo, emptySpan.hi
	}
}

// widen takes the range of t into that of s.
func (s columnSums) widen(t columnSums) {
	for j := range s.least {
		s.least[j], s.greatest[j] = min(s.least[j], t.least[j]), max(s.greatest[j], t.greatest[j])
	}
}

// addMoments adds a tile of n rows to moments of done rows: s0 is the mean,
// s1 the sum of squared deviations from it. With d = x − pivot over the tile,
//
//	mean = pivot + Σd/n    Σ(x − mean)² = Σd² − (Σd)²/n
//
// With ranged, the tile's least and greatest values are taken in too.
func (s columnSums) addMoments(x []float32, done, n int, ranged bool) {
	c := len(s.t0)
	if done == 0 {
		sumTile(s.pivot, x, c)
		for j := range s.pivot {
			s.pivot[j] /= float32(n)
		}
	}
	if ranged {
		momentRangeTile(s.t0, s.t1, s.least, s.greatest, x, s.pivot, c)
	} else {
		momentTile(s.t0, s.t1, x, s.pivot, c)
	}
	inv, w := 1/float64(n), weigh(done, n)
	for j, pivot := range s.pivot {
		d := float64(s.t0[j])
		s.combine(j, w, float64(pivot)+float64(d*inv), float64(s.t1[j])-float64(float64(d*d)*inv))
		s.pivot[j] = float32(s.s0[j])
	}
}

// mergeWeights are the constants of [columnSums.combine].
type mergeWeights struct {
	share float64 // m/(n+m)
	cross float64 // n·m/(n+m)
}

func weigh(n, m int) mergeWeights {
	share := float64(m) / float64(n+m)
	return mergeWeights{share, float64(n) * share}
}

// combine merges the moments of m rows (mean, square) into those of n rows in
// column j: with δ the difference of the means,
//
//	mean += δ·m/(n+m)    s1 += square + δ²·n·m/(n+m)
func (s columnSums) combine(j int, w mergeWeights, mean, square float64) {
	delta := mean - s.s0[j]
	s.s0[j] += float64(delta * w.share)
	s.s1[j] += square + float64(float64(delta*delta)*w.cross)
}
