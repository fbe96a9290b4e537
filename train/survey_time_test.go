//go:build !race

package train

import (
	"math"
	"testing"
	"time"

	"petrify/graph"
)

// A survey after an epoch takes less than 2 % of it. Not under the race detector, which
// slows down Go, of which surveys consist, and not the kernels in assembly that train.
func TestSurveysAreCheap(t *testing.T) {
	c := small(t)
	network, err := graph.Builtin("cnn", 10)
	if err != nil {
		t.Fatal(err)
	}
	c.Network, c.Data = network, digits(t, 1024, 128)
	r, err := start(c.resolve())
	if err != nil {
		t.Fatal(err)
	}
	r.Phase = PTQ
	if err := r.calibrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	r.Phase, r.Step = QAT, 0
	trainer, err := r.model.Trainer(c.Batch, true)
	if err != nil {
		t.Fatal(err)
	}
	defer trainer.Close()
	survey, epoch := time.Duration(math.MaxInt64), time.Duration(math.MaxInt64)
	share := math.Inf(1)
	for round := 0; round < 3 || share > 0.02 && round < 30; round++ { // the least, since the machine has other work
		for range 20 {
			begin := time.Now()
			if _, err := r.fits(false); err != nil {
				t.Fatal(err)
			}
			survey = min(survey, time.Since(begin))
		}
		begin := time.Now()
		for b := range r.Data.Batches(r.split, r.order(0)) {
			if _, err := trainer.Step(b.X, b.Labels); err != nil {
				t.Fatal(err)
			}
		}
		epoch = min(epoch, time.Since(begin))
		share = float64(survey) / float64(epoch)
	}
	t.Logf("a survey takes %v, an epoch %v", survey, epoch)
	if share > 0.02 {
		t.Errorf("%.1f %% of an epoch", 100*share)
	}
}
