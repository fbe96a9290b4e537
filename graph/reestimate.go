package graph

import (
	"errors"
	"slices"
)

// estimate adds up the statistics of batches.
type estimate struct {
	mean, variance []float64
	batches        int // counted in channel 0
}

// move adds a batch's mean and unbiased variance of channel i to the running
// statistics, or to the estimate in progress.
func (n *batchNorm) move(i int, mean, variance float64) {
	if e := n.estimate; e != nil {
		e.mean[i] += mean
		e.variance[i] += variance
		if i == 0 {
			e.batches++
		}
		return
	}
	n.mean[i] = float32(float64(float64(n.mean[i])*(1-normMomentum)) + float64(normMomentum*mean))
	n.variance[i] = float32(float64(float64(n.variance[i])*(1-normMomentum)) + float64(normMomentum*variance))
}

// Reestimate replaces the running statistics of all batch normalisations by
// the averages over the training steps that run makes with a [Trainer] of m:
//
//	μ = 1/N·Σ μ_batch        σ² = 1/N·Σ σ²_batch
//
// Meanwhile batch norm uses the batch's statistics, fake quantization is as it was,
// but rounds in full where a ramp has not ended, and observers are off; parameters must not change. Nothing else in the
// model moves, and nothing at all if run fails.
//
// Oscillating weights leave running statistics that belong to integers of the
// past (Nagel et al., “Overcoming Oscillations in Quantization-Aware Training”,
// ICML 2022, section 5.2), and an exponential average covers few batches. If
// batch norm has been at rest for long, however, the weights have adapted to
// its statistics, and this undoes what they have learned.
//
// A new σ changes the factor f = γ/σ that is folded into the weights. Their
// scales are multiplied by the same ratio, so that all integers, including
// frozen ones, stay as they were when the statistics were taken. A scale for
// all channels, or one that is a power of two, cannot follow; there the weights
// are rounded again, as after each step of training.
func (m *Model) Reestimate(run func() error) error {
	estimates := map[*unit]*estimate{}
	for _, u := range m.units {
		if n := u.norm; n != nil {
			estimates[u] = &estimate{mean: make([]float64, len(n.mean)), variance: make([]float64, len(n.mean))}
		}
	}
	if len(estimates) == 0 {
		return errors.New("graph: re-estimate: the network has no batch normalisation")
	}
	before := cloneState(m.State())
	m.SetObservers(false)
	m.FreezeBatchNorm(false)
	for _, q := range m.quantizers() {
		q.EndRamp()
	}
	for u, e := range estimates {
		u.norm.estimate = e
	}
	err := run()
	for u, e := range estimates {
		u.norm.estimate = nil
		if err == nil && e.batches == 0 {
			err = errors.New("graph: re-estimate: no training step was made")
		}
	}
	if err := errors.Join(err, m.Restore(before)); err != nil {
		return err
	}
	for u, e := range estimates {
		u.adopt(e)
	}
	return nil
}

// adopt sets the running statistics and adjusts the weights' scales.
func (u *unit) adopt(e *estimate) {
	n := u.norm
	ratios := make([]float32, len(n.mean))
	for i := range ratios {
		old := u.factor(i)
		n.mean[i] = float32(e.mean[i] / float64(e.batches))
		n.variance[i] = float32(e.variance[i] / float64(e.batches))
		ratios[i] = u.factor(i) / old
	}
	if u.weights != nil {
		u.weights.Rescale(ratios)
	}
}

// cloneState copies states with their values.
func cloneState(states []State) []State {
	copies := make([]State, len(states))
	for i, s := range states {
		s.F32, s.F64, s.I64 = slices.Clone(s.F32), slices.Clone(s.F64), slices.Clone(s.I64)
		copies[i] = s
	}
	return copies
}
