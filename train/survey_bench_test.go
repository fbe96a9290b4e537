package train

import (
	"testing"
	"time"

	"petrify/graph"
)

// BenchmarkSurvey says what part of an epoch's training its survey takes: fits, the
// integers that moved, and the line. It has to stay below 2 %, and falls with longer epochs.
func BenchmarkSurvey(b *testing.B) {
	network, err := graph.Builtin("cnn", 10)
	if err != nil {
		b.Fatal(err)
	}
	c := small(b)
	c.Network, c.Batch, c.Out = network, 32, b.TempDir()
	c.Float.Epochs, c.QAT.Epochs = 1, 1
	r, err := start(c.resolve())
	if err != nil {
		b.Fatal(err)
	}
	defer r.store.close()
	if err := r.launch(); err != nil {
		b.Fatal(err)
	}
	for range 2 { // float, PTQ
		if err := r.advance(b.Context()); err != nil {
			b.Fatal(err)
		}
	}
	t, err := r.model.Trainer(r.Batch, true)
	if err != nil {
		b.Fatal(err)
	}
	defer t.Close()
	if err := r.begin(r.QAT, t); err != nil {
		b.Fatal(err)
	}
	if _, err := r.fits(false); err != nil { // which builds a graph, once for each stage
		b.Fatal(err)
	}
	trained, surveyed := time.Hour, time.Hour // the least, since the machine has other work
	for b.Loop() {
		begun := time.Now()
		if err := r.batches(b.Context(), r.QAT, t); err != nil {
			b.Fatal(err)
		}
		trained = min(trained, time.Since(begun))
		if _, err := r.evaluate(b.Context(), r.Data.Test); err != nil {
			b.Fatal(err)
		}
		begun = time.Now()
		if err := r.survey(1, false); err != nil {
			b.Fatal(err)
		}
		surveyed = min(surveyed, time.Since(begun))
		r.Step, r.Running = 0, tally{}
	}
	b.ReportMetric(float64(surveyed.Microseconds()), "µs")
	b.ReportMetric(100*float64(surveyed)/float64(trained), "%-of-epoch")
	b.ReportMetric(float64(r.perEpoch()*r.Batch), "images")
}
