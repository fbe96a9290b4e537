package repair

import "math"

// Problem is the rounding of weights whose rows have the same inputs: those of a
// linear layer, or of one group of a convolution.
type Problem struct {
	Rows, Cols int
	Weights    []float64 // Rows×Cols, the real ones

	// The inputs' second moments, Cols×Cols: of x̂ with itself, and of x − x̂ (rows)
	// with x̂ (columns).
	Moments, Shift []float64

	Grid Grid
}

// Grid is that of the weights: element (r, c) is s·(q − z) with the scale and zero
// point at r·⌈Cols/Block⌉ + c/Block, and integers q from Min to Max.
type Grid struct {
	Scale    []float64
	Zero     []float64
	Block    int
	Min, Max float64
}

// row is the part of the grid that row r of cols weights has, element by element.
func (g Grid) row(r, cols int) (scale, zero []float64) {
	scale, zero = make([]float64, cols), make([]float64, cols)
	per := (cols + g.Block - 1) / g.Block
	for c := range cols {
		scale[c], zero[c] = g.Scale[r*per+c/g.Block], g.Zero[r*per+c/g.Block]
	}
	return scale, zero
}

// nearest is the integer, less the zero point, that is nearest to v steps.
func (g Grid) nearest(v, zero float64) float64 {
	return min(max(math.RoundToEven(v), g.Min-zero), g.Max-zero)
}

// Nearest rounds every weight by itself: what the others are compared with. The
// results are Rows×Cols integers.
func (p *Problem) Nearest() []int32 {
	q := make([]int32, p.Rows*p.Cols)
	for r := range p.Rows {
		scale, zero := p.Grid.row(r, p.Cols)
		for c, s := range scale {
			q[r*p.Cols+c] = int32(p.Grid.nearest(p.Weights[r*p.Cols+c]/s, zero[c]) + zero[c])
		}
	}
	return q
}

// Error is Σ e·Moments·eᵀ over the rows, with the error e = w − s·(q − z): the mean
// square of what q adds to the layer's outputs, if the inputs x and x̂ are the same.
func (p *Problem) Error(q []int32) (sum float64) {
	for r := range p.Rows {
		sum += p.rowError(r, q[r*p.Cols:(r+1)*p.Cols])
	}
	return sum
}

// rowError is that of the integers of row r.
func (p *Problem) rowError(r int, q []int32) float64 {
	e := make([]float64, p.Cols)
	scale, zero := p.Grid.row(r, p.Cols)
	for c, s := range scale {
		e[c] = p.Weights[r*p.Cols+c] - float64(s*(float64(q[c])-zero[c]))
	}
	return quadratic(p.Moments, e)
}

// quadratic is e·h·eᵀ.
func quadratic(h, e []float64) (sum float64) {
	n := len(e)
	for i, v := range e {
		if v != 0 {
			sum += float64(v * dot(h[i*n:(i+1)*n], e))
		}
	}
	return sum
}

// Damp adds a share of the moments' mean diagonal to the diagonal, so that they can be
// inverted and weights stay near the original ones where the inputs say little. Inputs
// that are always 0 count as independent.
func (p *Problem) Damp(share float64) {
	n, mean := p.Cols, 0.0
	for i := range n {
		mean += p.Moments[i*n+i] / float64(n)
	}
	if mean == 0 {
		mean = 1
	}
	for i := range n {
		p.Moments[i*n+i] += float64(max(share, least) * mean)
	}
}

// least is the damping below which moments of float32 numbers may not be positive
// definite.
const least = 1e-6

// Toward makes the real weights compute from x̂ what the original ones compute from x:
//
//	w += w·Shift·Moments⁻¹
//
// which is ridge regression, if the moments are damped. Afterwards there is no shift.
func (p *Problem) Toward() {
	n := p.Cols
	l := cholesky(p.Moments, n)
	b := make([]float64, n)
	for r := range p.Rows {
		w := p.Weights[r*n : (r+1)*n]
		clear(b)
		for i, v := range w {
			add(b, v, p.Shift[i*n:(i+1)*n])
		}
		solve(l, b)
		add(w, 1, b)
	}
	p.Shift = nil
}
