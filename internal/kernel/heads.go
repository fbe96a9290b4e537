package kernel

// Heads are products of matrices, one for each head of an attention:
//
//	Y[h] = A[h]·B[h]        M × N, M × K, K × N
type Heads struct {
	Heads, M, N, K int
	A, B, Y        Strides
}

// Strides are the steps in memory from head to head, row to row, and column to column.
type Strides struct{ Head, Row, Column int }

// Scores are products of queries and keys, which have their channels last, of all heads:
// Y is heads × queries × keys.
func Scores(heads, queries, keys, channels int) Heads {
	each := channels / heads
	return Heads{Heads: heads, M: queries, N: keys, K: each, A: Strides{each, channels, 1},
		B: Strides{each, 1, channels}, Y: Strides{queries * keys, keys, 1}}
}

// Values are products of shares, heads × queries × keys, and values, which have their
// channels last, as Y has.
func Values(heads, queries, keys, channels int) Heads {
	each := channels / heads
	return Heads{Heads: heads, M: queries, N: each, K: keys, A: Strides{queries * keys, keys, 1},
		B: Strides{each, channels, 1}, Y: Strides{each, channels, 1}}
}

// sizes are the elements of A, B and Y.
func (p Heads) sizes() (a, b, y int) {
	return p.Heads * p.M * p.K, p.Heads * p.K * p.N, p.Heads * p.M * p.N
}

// ForA are the products that give A's gradient of Y's and B; ForB those that give B's of
// A and Y's.
func (p Heads) ForA() Heads {
	return Heads{Heads: p.Heads, M: p.M, N: p.K, K: p.N, A: p.Y, B: p.B.transposed(), Y: p.A}
}

// ForB is described at ForA.
func (p Heads) ForB() Heads {
	return Heads{Heads: p.Heads, M: p.K, N: p.N, K: p.M, A: p.A.transposed(), B: p.Y, Y: p.B}
}

func (s Strides) transposed() Strides { return Strides{s.Head, s.Column, s.Row} }

// Reals computes n times Y = factor·A·B, each sum in float64 along K, of float32(factor·a).
func (p Heads) Reals(y, a, b []float32, factor float32, n int) {
	sa, sb, sy := p.sizes()
	checkLen("Heads", "y", len(y), n*sy)
	Parallel(n, func(i int) {
		a, b, y := a[i*sa:(i+1)*sa], b[i*sb:(i+1)*sb], y[i*sy:(i+1)*sy]
		p.each(func(at, first, second int) {
			sum := 0.0
			for k := range p.K {
				sum += float64(float64(float32(factor*a[first+k*p.A.Column])) * float64(b[second+k*p.B.Row]))
			}
			y[at] = float32(sum)
		})
	})
}

// Bytes computes n times the sums of the products of A and B less their zero points.
func (p Heads) Bytes(y []int32, a, b Images[uint8], n int) {
	sa, sb, sy := p.sizes()
	checkLen("Heads", "y", len(y), n*sy)
	for i := range n {
		a, b, y, za, zb := a.Q[i*sa:(i+1)*sa], b.Q[i*sb:(i+1)*sb], y[i*sy:(i+1)*sy], a.Zero, b.Zero
		p.each(func(at, first, second int) {
			sum := int32(0)
			for k := range p.K {
				sum += (int32(a[first+k*p.A.Column]) - za) * (int32(b[second+k*p.B.Row]) - zb)
			}
			y[at] = sum
		})
	}
}

// each calls f with the place of each element of Y, and the first ones of its factors.
func (p Heads) each(f func(y, a, b int)) {
	for h := range p.Heads {
		for m := range p.M {
			for n := range p.N {
				f(h*p.Y.Head+m*p.Y.Row+n*p.Y.Column, h*p.A.Head+m*p.A.Row, h*p.B.Head+n*p.B.Column)
			}
		}
	}
}
