package train

// adamW is Adam with decoupled decay, I. Loshchilov, F. Hutter, "Decoupled
// Weight Decay Regularization", ICLR 2019, algorithm 2. As in common
// implementations, the decay is multiplied by the learning rate η, where the
// paper has only the schedule's factor:
//
//	w = w − η·λ·w, then Adam's update with the gradient alone
type adamW struct{ adam }

func (a adamW) update(w, g []float32, slots [][]float32, lr, decay float64, t int64) {
	if decay > 0 {
		keep := float32(1 - float64(lr*decay))
		for i := range w {
			w[i] *= keep
		}
	}
	a.adam.update(w, g, slots, lr, 0, t)
}
