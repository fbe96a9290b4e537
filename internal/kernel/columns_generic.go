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

// columnTile is what is summed: d = dy, or +0 where y ≤ 0 or the gate is closed, and
// its products with x − less. Without dy, d is x − less; without less, that is x;
// without y and gate, all of dy count.
type columnTile struct {
	x, less, dy, y []float32
	gate           *gate
}

// sums are those over rows of len(sum) columns. Of n chains, row r belongs to chain
// r mod n, the last rows to chain 0 if they are fewer than n; at the end, chains
// are added in pairs. dot may be nil.
func (t *columnTile) sums(sum, dot []float32) {
	rows := len(t.x) / len(sum)
	for j := 0; j < len(sum); {
		of, n := chains(len(sum) - j)
		var all [4]columnChain
		for r := range rows {
			s := &all[0]
			if r < rows-rows%of {
				s = &all[r%of]
			}
			t.add(s, r*len(sum)+j, j, n, dot != nil)
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

// add adds n columns of x[at:], which begin with column j, to the first sums.
func (t *columnTile) add(s *columnChain, at, j, n int, products bool) {
	var d, apart [64]float32
	copy(apart[:n], t.x[at:])
	if t.less != nil {
		for k, v := range t.less[j : j+n] {
			apart[k] -= v
		}
	}
	switch {
	case t.dy == nil:
		d = apart
	case t.gate != nil:
		for k, v := range t.x[at : at+n] {
			d[k] = t.gate.pass(t.dy[at+k], v, j+k)
		}
	case t.y == nil:
		copy(d[:n], t.dy[at:])
	default:
		for k, v := range t.y[at : at+n] {
			if v > 0 {
				d[k] = t.dy[at+k]
			}
		}
	}
	for k, v := range d[:n] {
		s.sum[k] += v
	}
	if products {
		addProducts(s.dot[:n], d[:n], apart[:n])
	}
}

func (s *columnChain) merge(t *columnChain) {
	for k := range s.sum {
		s.sum[k] += t.sum[k]
		s.dot[k] += t.dot[k]
	}
}

// sumTileGeneric is sum[j] = Σ x[r,j] over the rows of a tile.
func sumTileGeneric(sum, x []float32) { (&columnTile{x: x}).sums(sum, nil) }

// momentTileGeneric is sum[j] = Σ d and square[j] = Σ d² of the deviations
// d = x[r,j] − pivot[j].
func momentTileGeneric(sum, square, x, pivot []float32) {
	(&columnTile{x: x, less: pivot}).sums(sum, square)
}

// gradTileGeneric is sum[j] = Σ d[r,j] and dot[j] = Σ d[r,j]·(x[r,j] − mean[j]),
// where d = dy, or +0 where y ≤ 0 if y is not nil.
func gradTileGeneric(sum, dot, dy, y, x, mean []float32) {
	(&columnTile{x: x, less: mean, dy: dy, y: y}).sums(sum, dot)
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
