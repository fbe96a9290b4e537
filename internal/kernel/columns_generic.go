package kernel

// The sums of a tile's columns, in the order of every path.

// chains is how many chains of additions the sum of a column has, if left columns
// are left, and for how many columns that holds. Vectors of four chains keep an
// adder busy; where a row has four vectors of sixteen columns, one is enough.
func chains(left int) (n, columns int) {
	switch {
	case left >= 64:
		return 1, 64
	case left >= 32:
		return 2, 32
	}
	return 4, min(16, left)
}

// A columnChain is the sums of some columns: of a quantity, and of another's
// products with it.
type columnChain struct{ sum, dot [64]float32 }

// sumColumns sums over rows of len(sum) columns. add adds those of x[at:], which
// begin with column j, to the first n sums. Of n chains, row r belongs to chain
// r mod n, the last rows to chain 0 if they are fewer than n; at the end, chains
// are added in pairs. dot may be nil.
func sumColumns(sum, dot []float32, rows int, add func(s *columnChain, at, j, n int)) {
	for j := 0; j < len(sum); {
		of, n := chains(len(sum) - j)
		var all [4]columnChain
		for r := range rows {
			s := &all[0]
			if r < rows-rows%of {
				s = &all[r%of]
			}
			add(s, r*len(sum)+j, j, n)
		}
		for step := 1; step < of; step *= 2 {
			for i := 0; i < of; i += 2 * step {
				all[i].merge(&all[i+step])
			}
		}
		copy(sum[j:j+n], all[0].sum[:])
		if dot != nil {
			copy(dot[j:j+n], all[0].dot[:])
		}
		j += n
	}
}

func (s *columnChain) merge(t *columnChain) {
	for k := range s.sum {
		s.sum[k] += t.sum[k]
		s.dot[k] += t.dot[k]
	}
}

// add adds d, and its products with x, to the first sums.
func (s *columnChain) add(d, x []float32) {
	for k, v := range d {
		s.sum[k] += v
	}
	addProducts(s.dot[:len(d)], d, x)
}

// sumTileGeneric is sum[j] = Σ x[r,j] over the rows of a tile.
func sumTileGeneric(sum, x []float32) {
	sumColumns(sum, nil, len(x)/len(sum), func(s *columnChain, at, _, n int) {
		for k, v := range x[at : at+n] {
			s.sum[k] += v
		}
	})
}

// momentTileGeneric is sum[j] = Σ d and square[j] = Σ d² of the deviations
// d = x[r,j] − pivot[j].
func momentTileGeneric(sum, square, x, pivot []float32) {
	sumColumns(sum, square, len(x)/len(sum), func(s *columnChain, at, j, n int) {
		var d [64]float32
		for k, v := range x[at : at+n] {
			d[k] = v - pivot[j+k]
		}
		s.add(d[:n], d[:n])
	})
}

// gradTileGeneric is sum[j] = Σ d[r,j] and dot[j] = Σ d[r,j]·(x[r,j] − mean[j]),
// where d = dy, or +0 where y ≤ 0 if y is not nil.
func gradTileGeneric(sum, dot, dy, y, x, mean []float32) {
	sumColumns(sum, dot, len(x)/len(sum), func(s *columnChain, at, j, n int) {
		var d, apart [64]float32
		for k, v := range x[at : at+n] {
			apart[k] = v - mean[j+k]
			if y == nil || y[at+k] > 0 {
				d[k] = dy[at+k]
			}
		}
		s.add(d[:n], apart[:n])
	})
}

// momentRangeTileGeneric is momentTileGeneric, but also includes the tile in
// the range least[j] to greatest[j]. NaN fails both comparisons.
func momentRangeTileGeneric(sum, square, least, greatest, x, pivot []float32) {
	momentTileGeneric(sum, square, x, pivot)
	rangeTileGeneric(least, greatest, x)
}

func rangeTileGeneric(least, greatest, x []float32) {
	c := len(least)
	for r := 0; r < len(x); r += c {
		for j, v := range x[r : r+c] {
			if v < least[j] {
				least[j] = v
			}
			if v > greatest[j] {
				greatest[j] = v
			}
		}
	}
}
