package train

import "petrify/internal/kernel"

// sgd is stochastic gradient descent with momentum, as in I. Sutskever, J.
// Martens, G. Dahl, G. Hinton, "On the importance of initialization and
// momentum in deep learning", ICML 2013, equations 1–2 and (Nesterov) 3–4,
// apart from the default constants. The learning rate is outside the momentum,
// so that a schedule acts at once:
//
//	d = g + λ·w
//	m = μ·m + d
//	w = w − η·m             w = w − η·(d + μ·m) with Nesterov
//
// The decay λ is L2 regularisation: it is part of the gradient.
type sgd struct{ Optimizer }

func (sgd) slots() []string { return []string{"momentum"} }

func (s sgd) update(w, g []float32, slots [][]float32, lr, decay float64, _ int64) {
	kernel.SGD(w, slots[0], g, kernel.SGDStep{LR: float32(lr), Momentum: float32(s.Momentum),
		WeightDecay: float32(decay), Nesterov: s.Nesterov})
}
