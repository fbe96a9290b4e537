package repair

import "math"

// cholesky is the lower triangle L of h = L·Lᵀ, for a symmetric positive definite h
// of n rows.
func cholesky(h []float64, n int) []float64 {
	l := make([]float64, n*n)
	for i := range n {
		row := l[i*n : (i+1)*n]
		for j := range i {
			row[j] = (h[i*n+j] - dot(row[:j], l[j*n:j*n+j])) / l[j*n+j]
		}
		row[i] = math.Sqrt(h[i*n+i] - dot(row[:i], row[:i]))
	}
	return l
}

// solve replaces b by the solution x of L·Lᵀ·x = b.
func solve(l, b []float64) {
	n := len(b)
	for i := range n {
		b[i] = (b[i] - dot(l[i*n:i*n+i], b[:i])) / l[i*n+i]
	}
	for i := n - 1; i >= 0; i-- {
		b[i] /= l[i*n+i]
		add(b[:i], -b[i], l[i*n:i*n+i])
	}
}

// dot is Σ a·b. Four sums side by side keep the processor busy.
func dot(a, b []float64) float64 {
	b = b[:len(a)]
	var s0, s1, s2, s3 float64
	i := 0
	for ; i+4 <= len(a); i += 4 {
		s0 += float64(a[i] * b[i])
		s1 += float64(a[i+1] * b[i+1])
		s2 += float64(a[i+2] * b[i+2])
		s3 += float64(a[i+3] * b[i+3])
	}
	for ; i < len(a); i++ {
		s0 += float64(a[i] * b[i])
	}
	return (s0 + s1) + (s2 + s3)
}

// add is y += a·x.
func add(y []float64, a float64, x []float64) {
	x = x[:len(y)]
	for i := range y {
		y[i] += float64(a * x[i])
	}
}
