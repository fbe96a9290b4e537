package repair

import (
	"cmp"
	"slices"
)

// GPTQ rounds the weights of a row one after the other, and lets those that are not
// rounded yet make up for the error. With the moments H = L·Lᵀ, the error of a
// row is ‖e·L‖², whose terms are
//
//	(e·L)ᵢ = Lᵢᵢ·(eᵢ + Σ_{j>i} eⱼ·Lⱼᵢ/Lᵢᵢ)        e = w − ŵ
//
// so that the last weight is rounded first, and weight i from
//
//	wᵢ + Σ_{j>i} eⱼ·Lⱼᵢ/Lᵢᵢ
//
// This is the paper's update by the Cholesky factor of H⁻¹, in reverse order and
// without the inverse (J. Chen et al., "The Geometry of LLM Quantization: GPTQ as
// Babai's Nearest Plane Algorithm", 2025). Weights whose inputs have the greatest
// moments are rounded first; each group of a convolution is a problem of its own, with
// an order of its own. With uncorrelated inputs, GPTQ is rounding to nearest.
func (p *Problem) GPTQ() []int32 {
	n, h := p.Cols, p.Moments
	order := make([]int, n)
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(h[a*n+a], h[b*n+b]) })
	sorted := make([]float64, n*n)
	for i, from := range order {
		for j, col := range order {
			sorted[i*n+j] = h[from*n+col]
		}
	}
	l := cholesky(sorted, n)
	q := make([]int32, p.Rows*n)
	for r := range p.Rows {
		p.plane(q[r*n:(r+1)*n], r, l, order)
	}
	return q
}

// plane rounds row r, given L of the moments in that order.
func (p *Problem) plane(q []int32, r int, l []float64, order []int) {
	n := p.Cols
	scale, zero := p.Grid.row(r, n)
	carried := make([]float64, n) // Σ e·L, by place in the order
	for i := n - 1; i >= 0; i-- {
		c := order[i]
		w := p.Weights[r*n+c]
		steps := p.Grid.nearest((w+carried[i]/l[i*n+i])/scale[c], zero[c])
		q[c] = int32(steps + zero[c])
		add(carried[:i], w-float64(scale[c]*steps), l[i*n:i*n+i])
	}
}
