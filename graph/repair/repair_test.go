package repair

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"
)

// drawn is a problem with correlated inputs, whose weights are within the grid.
func drawn(rng *rand.Rand, rows, cols, block, bits int) *Problem {
	p := &Problem{Rows: rows, Cols: cols, Grid: Grid{Block: block}}
	p.Grid.Max = float64(int(1)<<(bits-1) - 1)
	p.Grid.Min = -p.Grid.Max
	per := (cols + block - 1) / block
	for range rows * per {
		p.Grid.Scale = append(p.Grid.Scale, 0.05+rng.Float64())
		p.Grid.Zero = append(p.Grid.Zero, float64(rng.IntN(2)))
	}
	for r := range rows {
		scale, zero := p.Grid.row(r, cols)
		for c, s := range scale {
			p.Weights = append(p.Weights, s*(p.Grid.Min+rng.Float64()*(p.Grid.Max-p.Grid.Min)-zero[c]))
		}
	}
	const samples = 50
	p.Moments, p.Shift = make([]float64, cols*cols), make([]float64, cols*cols)
	for range samples {
		x, d, common := make([]float64, cols), make([]float64, cols), rng.NormFloat64()
		for i := range x {
			x[i], d[i] = rng.NormFloat64()+2*common, 0.1*rng.NormFloat64()+0.2*common
		}
		for i := range x {
			add(p.Moments[i*cols:(i+1)*cols], x[i]/samples, x)
			add(p.Shift[i*cols:(i+1)*cols], d[i]/samples, x)
		}
	}
	p.Damp(0.01)
	return p
}

// Inputs that are not correlated leave nothing to make up for: GPTQ, its paper says,
// is then rounding to nearest.
func TestGPTQOfUncorrelatedInputsIsNearest(t *testing.T) {
	for _, bits := range []int{2, 3, 4, 8} {
		for _, block := range []int{20, 6} {
			rng := rand.New(rand.NewPCG(uint64(bits), uint64(block)))
			p := drawn(rng, 5, 20, block, bits)
			for i := range p.Moments {
				if i%21 != 0 {
					p.Moments[i] = 0
				}
			}
			if got, want := p.GPTQ(), p.Nearest(); !slices.Equal(got, want) {
				t.Errorf("%d bits, blocks of %d:\n%v, nearest is\n%v", bits, block, got, want)
			}
		}
	}
}

// With correlated ones it beats rounding to nearest by far, and gives integers of the
// grid.
func TestGPTQBeatsNearest(t *testing.T) {
	for _, bits := range []int{2, 3, 4, 8} {
		rng := rand.New(rand.NewPCG(uint64(bits), 7))
		p := drawn(rng, 8, 40, 40, bits)
		q, nearest := p.GPTQ(), p.Nearest()
		for _, n := range q {
			if float64(n) < p.Grid.Min || float64(n) > p.Grid.Max {
				t.Fatalf("%d bits: integer %d", bits, n)
			}
		}
		if got, want := p.Error(q), p.Error(nearest); !(got < want/2) {
			t.Errorf("%d bits: error %v, nearest has %v", bits, got, want)
		}
	}
}

// The order of the weights within a problem changes nothing but the order of the
// integers: each group of a convolution may have its own.
func TestGPTQFollowsAPermutation(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 3))
	p := drawn(rng, 4, 12, 12, 4)
	places := rng.Perm(12)
	moved := *p
	moved.Weights, moved.Moments = make([]float64, len(p.Weights)), make([]float64, len(p.Moments))
	for i, a := range places {
		for r := range p.Rows {
			moved.Weights[r*12+i] = p.Weights[r*12+a]
		}
		for j, b := range places {
			moved.Moments[i*12+j] = p.Moments[a*12+b]
		}
	}
	want, got := p.GPTQ(), moved.GPTQ()
	for r := range p.Rows {
		for i, a := range places {
			if got[r*12+i] != want[r*12+a] {
				t.Fatalf("row %d, weight %d: %d, in its first place %d", r, a, got[r*12+i], want[r*12+a])
			}
		}
	}
}

// The weights that Toward finds leave no part of the error that x̂ could explain, but
// for the damping's pull to the original ones.
func TestTowardSolvesTheNormalEquations(t *testing.T) {
	rng := rand.New(rand.NewPCG(5, 5))
	p := drawn(rng, 3, 16, 16, 4)
	to := *p
	to.Weights = slices.Clone(p.Weights)
	to.Toward()
	h := p.Moments
	for r := range p.Rows {
		for c := range p.Cols {
			var left float64
			for i := range p.Cols {
				w := p.Weights[r*p.Cols+i]
				left += w*p.Shift[i*p.Cols+c] - (to.Weights[r*p.Cols+i]-w)*h[i*p.Cols+c]
			}
			if math.Abs(left) > 1e-9 {
				t.Errorf("row %d: %v is left with input %d", r, left, c)
			}
		}
	}
}

// The factor of a positive definite matrix multiplies back to it, and solves.
func TestCholesky(t *testing.T) {
	for n := range 20 {
		t.Run(fmt.Sprint(n), func(t *testing.T) {
			rng := rand.New(rand.NewPCG(uint64(n), 1))
			p := drawn(rng, 1, n+1, n+1, 4)
			n, h := n+1, p.Moments
			l := cholesky(h, n)
			for i := range n {
				for j := range n {
					if got := dot(l[i*n:(i+1)*n], l[j*n:(j+1)*n]); math.Abs(got-h[i*n+j]) > 1e-12*h[0] {
						t.Fatalf("(L·Lᵀ)[%d,%d] = %v, want %v", i, j, got, h[i*n+j])
					}
				}
			}
			x, b := make([]float64, n), make([]float64, n)
			for i := range x {
				x[i] = rng.NormFloat64()
				add(b, x[i], h[i*n:(i+1)*n])
			}
			solve(l, b)
			for i := range x {
				if math.Abs(b[i]-x[i]) > 1e-6 {
					t.Errorf("x[%d] = %v, want %v", i, b[i], x[i])
				}
			}
		})
	}
}

// Inputs that are always 0 have no moments, and all of a layer's may be so.
func TestDeadInputs(t *testing.T) {
	p := drawn(rand.New(rand.NewPCG(9, 9)), 2, 6, 6, 4)
	clear(p.Moments)
	clear(p.Shift)
	p.Damp(0.01)
	p.Toward()
	if got, want := p.GPTQ(), p.Nearest(); !slices.Equal(got, want) {
		t.Errorf("%v, want %v", got, want)
	}
}
