package train

import (
	"petrify/internal/kernel"
	"petrify/internal/portable"
)

// adam is the method of D. P. Kingma, J. Ba, "Adam: A Method for Stochastic
// Optimization", ICLR 2015, algorithm 1:
//
//	m = β₁·m + (1 − β₁)·g           m̂ = m / (1 − β₁ᵗ)
//	v = β₂·v + (1 − β₂)·g²          v̂ = v / (1 − β₂ᵗ)
//	w = w − η·m̂ / (√v̂ + ε)
//
// with g = gradient + λ·w: the decay λ is L2 regularisation, which Adam divides
// by √v̂ like the rest of the gradient; AdamW does not.
type adam struct{ Optimizer }

func (adam) slots() []string { return []string{"m", "v"} }

func (a adam) update(w, g []float32, slots [][]float32, lr, decay float64, t int64) {
	correction := func(beta float64) float32 { return float32(1 - portable.Power(beta, int(t))) }
	kernel.Adam(w, slots[0], slots[1], g, kernel.AdamStep{
		LR: float32(lr), Beta1: float32(a.Beta1), Beta2: float32(a.Beta2), Eps: float32(a.Epsilon),
		WeightDecay: float32(decay), Correction1: correction(a.Beta1), Correction2: correction(a.Beta2),
	})
}
