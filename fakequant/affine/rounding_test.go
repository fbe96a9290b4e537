package affine_test

import (
	"testing"

	"petrify/fakequant/affine"
)

func TestRound(t *testing.T) {
	values := []float32{-2.6, -2.5, -2.4, -1.5, -0.5, 0.5, 1.5, 2.4, 2.5, 2.6}
	for r, want := range map[affine.Rounding][]float32{
		affine.HalfEven:   {-3, -2, -2, -2, 0, 0, 2, 2, 2, 3},
		affine.HalfAway:   {-3, -3, -2, -2, -1, 1, 2, 2, 3, 3},
		affine.HalfUp:     {-3, -2, -2, -1, 0, 1, 2, 2, 3, 3},
		affine.Floor:      {-3, -3, -3, -2, -1, 0, 1, 2, 2, 2},
		affine.Ceil:       {-2, -2, -2, -1, 0, 1, 2, 3, 3, 3},
		affine.TowardZero: {-2, -2, -2, -1, 0, 0, 1, 2, 2, 2},
	} {
		for i, v := range values {
			if got := r.Round(v); got != want[i] {
				t.Errorf("%v of %v is %v, want %v", r, v, got, want[i])
			}
		}
	}
}
