package sweep

// The direction numbers of Joe and Kuo, "Constructing Sobol sequences with better
// two-dimensional projections", SIAM J. Sci. Comput. 30 (2008), for the second
// dimension on: the degree of a primitive polynomial, its inner coefficients, and the
// first odd numbers.
var joeKuo = [...]struct {
	degree int
	inner  uint32
	first  []uint32
}{
	{1, 0, []uint32{1}},
	{2, 1, []uint32{1, 3}},
	{3, 1, []uint32{1, 3, 1}},
	{3, 2, []uint32{1, 1, 1}},
	{4, 1, []uint32{1, 1, 3, 3}},
	{4, 4, []uint32{1, 3, 5, 13}},
	{5, 2, []uint32{1, 1, 5, 5, 17}},
	{5, 4, []uint32{1, 1, 5, 5, 5}},
	{5, 7, []uint32{1, 1, 7, 11, 19}},
}

const (
	sobolDimensions = len(joeKuo) + 1
	sobolBits       = 32
)

// directions are the direction numbers of a dimension, as fractions of 2³².
func directions(dimension int) (v [sobolBits]uint32) {
	if dimension == 0 {
		for i := range v {
			v[i] = 1 << (sobolBits - 1 - i)
		}
		return v
	}
	p := joeKuo[dimension-1]
	for i := range v {
		if i < p.degree {
			v[i] = p.first[i] << (sobolBits - 1 - i)
			continue
		}
		v[i] = v[i-p.degree] ^ v[i-p.degree]>>p.degree
		for k := 1; k < p.degree; k++ {
			if p.inner>>(p.degree-1-k)&1 == 1 {
				v[i] ^= v[i-k]
			}
		}
	}
	return v
}

// sobol is coordinate i of a point of the Sobol sequence, 0 to 1, in the order of Gray
// codes.
func sobol(dimension int, i uint32) float64 {
	v, x := directions(dimension), uint32(0)
	for bit, gray := 0, i^i>>1; gray != 0; bit, gray = bit+1, gray>>1 {
		if gray&1 == 1 {
			x ^= v[bit]
		}
	}
	return float64(x) / (1 << sobolBits)
}
