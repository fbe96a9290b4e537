package kernel

// AdamStep is what is constant during a step of [Adam].
type AdamStep struct {
	LR, Beta1, Beta2, Eps, WeightDecay float32

	Correction1, Correction2 float32 // 1 − β₁ᵗ and 1 − β₂ᵗ at step t = 1, 2, …
}

// Adam takes one step of Adam on the weights w with gradients g and moments
// m, v, in one pass:
//
//	g' = g + weightDecay·w
//	m ← β₁·m + (1 − β₁)·g'      v ← β₂·v + (1 − β₂)·g'²
//	w ← w − lr · (m/correction1) / (√(v/correction2) + eps)
//
// Source: D. Kingma, J. Ba, "Adam: A Method for Stochastic Optimization", ICLR
// 2015, Algorithm 1; the weight decay is an L2 penalty in the gradient.
// Deviation: the division by correction1 is part of the step size,
// lr/correction1, with one rounding per step instead of one per weight.
func Adam(w, m, v, g []float32, s AdamStep) {
	checkLen("Adam", "m", len(m), len(w))
	checkLen("Adam", "v", len(v), len(w))
	checkLen("Adam", "g", len(g), len(w))
	k := adamStep{
		step: s.LR / s.Correction1, beta1: s.Beta1, beta2: s.Beta2, eps: s.Eps, decay: s.WeightDecay,
		rest1: 1 - s.Beta1, rest2: 1 - s.Beta2, inv2: 1 / s.Correction2,
	}
	blocks(len(w), block, func(a, b int) { adamBlock(w[a:b], m[a:b], v[a:b], g[a:b], &k) })
}

// adamStep is the constants as the loops read them, one after the other.
type adamStep struct {
	step, beta1, beta2, eps, decay float32
	rest1, rest2                   float32 // 1 − β₁, 1 − β₂
	inv2                           float32 // 1/correction2
}

// SGDStep is what is constant during a step of [SGD]. Assembly reads the first
// three fields, one after the other.
type SGDStep struct {
	LR, Momentum, WeightDecay float32
	Nesterov                  bool
}

// SGD takes one step of stochastic gradient descent with momentum on the
// weights w with gradients g and velocities m, in one pass:
//
//	g' = g + weightDecay·w    m ← momentum·m + g'
//	w ← w − lr·m              or, with nesterov, w ← w − lr·(g' + momentum·m)
//
// Source: I. Sutskever, J. Martens, G. Dahl, G. Hinton, "On the importance of
// initialization and momentum in deep learning", ICML 2013, eq. 1–4, with the
// learning rate outside the velocity, so that a schedule does not rescale it.
func SGD(w, m, g []float32, s SGDStep) {
	checkLen("SGD", "m", len(m), len(w))
	checkLen("SGD", "g", len(g), len(w))
	blocks(len(w), block, func(a, b int) { sgdBlock(w[a:b], m[a:b], g[a:b], s) })
}
