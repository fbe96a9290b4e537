package train

import (
	"math/rand/v2"

	"petrify/datasets"
)

// best is the epoch of a stage with the best result on the held-out images.
type best struct {
	Epoch      int // counted from 1; 0: none yet
	Validation Metrics
	Test       Metrics
}

// compare remembers the model if an epoch's result on the held-out images is the
// best so far. In the QAT stage only epochs in which every layer is quantized
// are candidates.
func (r *run) compare(s Stage, record Record) {
	if s.Patience == 0 || r.Phase == QAT && !r.agenda.quantizes(record.Step-1) {
		return
	}
	by, _ := r.monitor(s)
	if r.Best.Epoch == 0 || by.Better(record.Validation, r.Best.Validation) {
		r.Best = best{record.Epoch, record.Validation, record.Test}
		r.best = clone(r.model.State())
	}
}

// stale reports whether the stage's patience is exhausted.
func (r *run) stale(s Stage) bool {
	return s.Patience > 0 && r.Best.Epoch > 0 && r.Epoch-r.Best.Epoch >= s.Patience
}

// hold divides a split into images to train on and n randomly drawn images to
// hold out, of recordings whole ones. Both keep the images' order.
func hold(split *datasets.Split, n int, rng *rand.Rand) (rest, held *datasets.Split) {
	return split.Cut(split.Draw(n, rng))
}
