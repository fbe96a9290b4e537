package kernel

// Moments receives the statistics of a matrix's columns. Lo and Hi are nil if
// the columns' ranges are not wanted.
type Moments struct {
	Mean, Variance []float32
	Lo, Hi         []float32
}

// BatchNormStats is the mean and the population variance of each column:
//
//	μ[j] = (1/rows) Σ x[r,j]    σ²[j] = (1/rows) Σ (x[r,j] − μ[j])²
//
// Both are computed tile by tile from deviations about a pivot, the mean of the
// previous rows, and combined in float64 (T. Chan, G. Golub, R. LeVeque,
// "Updating Formulae and a Pairwise Algorithm for Computing Sample Variances",
// 1979, eq. 2.1), so that a large mean does not cancel a small variance.
//
// If wanted, the same pass over memory finds the ends of each column's range,
// without changing a bit of μ and σ²:
//
//	lo[j] = min { x[r,j] }    hi[j] = max { x[r,j] }
//
// from which the range of any monotone function of x follows, such as the
// normalised and rectified one. The range includes ±Inf but not NaN; a column
// of only NaN has lo = +Inf and hi = −Inf. In both cases mean and variance are
// not finite. A zero end is +0.
func BatchNormStats(m Moments, x []float32) {
	const name = "BatchNormStats"
	c, ranged := len(m.Mean), m.Lo != nil
	rows := rowsOf(name, x, c)
	checkLen(name, "Variance", len(m.Variance), c)
	if ranged {
		checkLen(name, "Lo", len(m.Lo), c)
	}
	checkLen(name, "Hi", len(m.Hi), len(m.Lo))
	p := newColumnParts(rows, c)
	defer p.done()
	blocks(rows, p.size, func(from, to int) {
		s := p.begin(from / p.size)
		s.emptyRange()
		done := 0
		tiles(from, to, c, func(a, b int) {
			s.addMoments(x[a*c:b*c], done, b-a, ranged)
			done += b - a
		})
	})
	all := p.moments(rows)
	for j := range c {
		m.Mean[j] = float32(all.s0[j])
		m.Variance[j] = float32(max(0, all.s1[j]) / float64(max(1, rows)))
	}
	for j := range m.Lo {
		m.Lo[j], m.Hi[j] = all.least[j]+0, all.greatest[j]+0
	}
}

// moments merges the moments and the ranges of the pieces of rows, in order.
func (p *columnParts) moments(rows int) columnSums {
	return p.merge((*columnParts).combine, rows)
}

// combine merges the pieces' moments and ranges of some columns into those of the first
// piece.
func (p *columnParts) combine(rows, from, to int) {
	all := p.at(0)
	done := min(rows, p.size)
	for i := 1; i < p.n; i++ {
		part, n := p.at(i), min(rows-i*p.size, p.size)
		w := weigh(done, n)
		for j := from; j < to; j++ {
			all.combine(j, w, part.s0[j], part.s1[j])
			all.least[j] = min(all.least[j], part.least[j])
			all.greatest[j] = max(all.greatest[j], part.greatest[j])
		}
		done += n
	}
}

// emptyRange is the range of no values.
func (s columnSums) emptyRange() {
	for j := range s.least {
		s.least[j], s.greatest[j] = emptySpan.lo, emptySpan.hi
	}
}

// addMoments adds a tile of n rows to moments of done rows: s0 is the mean,
// s1 the sum of squared deviations from it. With d = x − pivot over the tile,
//
//	mean = pivot + Σd/n    Σ(x − mean)² = Σd² − (Σd)²/n
//
// With ranged, the tile's least and greatest values are included too.
func (s columnSums) addMoments(x []float32, done, n int, ranged bool) {
	if done == 0 {
		sumTile(s.pivot, x)
		for j := range s.pivot {
			s.pivot[j] /= float32(n)
		}
	}
	if ranged {
		momentRangeTile(s.t0, s.t1, s.least, s.greatest, x, s.pivot)
	} else {
		momentTile(s.t0, s.t1, x, s.pivot)
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
