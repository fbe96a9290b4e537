package graph_test

import (
	"runtime"
	"testing"

	"petrify/fakequant"
	"petrify/graph"
)

// Gorgonia's machine has a finalizer: if it were part of a cycle, the graph of
// a finished run would never be freed.
func TestGraphsAreFreed(t *testing.T) {
	m := trained(t, graph.Uniform(fakequant.Int8()))
	heap := func() uint64 {
		for range 3 {
			runtime.GC()
		}
		var s runtime.MemStats
		runtime.ReadMemStats(&s)
		return s.HeapAlloc
	}
	build := func() {
		trainer, err := m.Trainer(256, true)
		if err != nil {
			t.Fatal(err)
		}
		defer trainer.Close()
		e, err := m.Evaluator(256, true)
		if err != nil {
			t.Fatal(err)
		}
		defer e.Close()
		p, err := m.Probe(256)
		if err != nil {
			t.Fatal(err)
		}
		defer p.Close()
		if err := p.Run(make([]float32, 256*m.Input().Size())); err != nil {
			t.Fatal(err)
		}
	}
	build()
	before := heap()
	for range 5 {
		build()
	}
	if after := heap(); after > before+before/2+(1<<20) {
		t.Errorf("the heap grew from %d to %d bytes over five trainers, evaluators and probes", before, after)
	}
}
