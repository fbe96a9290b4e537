package train

import (
	"testing"
	"time"

	"petrify/datasets"
	"petrify/graph"
)

// BenchmarkStep is a whole step of training cnn on images of 8×8, everything
// that the loop does included.
func BenchmarkStep(b *testing.B) {
	network, err := graph.Builtin("cnn", 10)
	if err != nil {
		b.Fatal(err)
	}
	for _, phase := range []Phase{Float, QAT} {
		b.Run(phase.String(), func(b *testing.B) {
			c := small(b)
			c.Network, c.Batch = network, 64
			r, err := start(c.resolve())
			if err != nil {
				b.Fatal(err)
			}
			r.Phase = phase
			t, err := r.model.Trainer(r.Batch, phase == QAT)
			if err != nil {
				b.Fatal(err)
			}
			defer t.Close()
			if err := r.begin(c.Float, t); err != nil {
				b.Fatal(err)
			}
			for batch := range r.Data.Batches(r.split, datasets.BatchOptions{Size: r.Batch}) {
				b.ReportAllocs()
				for b.Loop() {
					if err := r.step(c.Float, t, batch, time.Now()); err != nil {
						b.Fatal(err)
					}
					r.Step = 0 // no epoch ends, and the milestones stay
				}
				break
			}
			b.ReportMetric(float64(b.N*r.Batch)/b.Elapsed().Seconds(), "images/s")
		})
	}
}
