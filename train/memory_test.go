package train

import (
	"testing"

	"petrify/graph"
)

// The memory known before the graphs are built is what they take.
func TestMemoryIsThatOfTheGraphs(t *testing.T) {
	c := small(t)
	c.Batch = 128 // so that the float stage needs more
	for _, tt := range []struct {
		name  string
		phase Phase
	}{{"float", Float}, {"quantized", QAT}, {"done", Done}} {
		j, err := Open(c)
		if err != nil {
			t.Fatal(err)
		}
		j.run.Phase = tt.phase
		got, err := j.Memory()
		if err != nil {
			t.Fatal(err)
		}
		if want := built(t, j.run.model, c.Batch, tt.phase); got != want {
			t.Errorf("%s: %d bytes, the graphs have %d", tt.name, got, want)
		}
	}
}

// A repair of few bits needs more than a small batch's graphs, until it is done.
func TestMemoryOfARepair(t *testing.T) {
	c := deep(t, 4)
	c.Batch = 16
	for phase, repairs := range map[Phase]bool{PTQ: true, QAT: false} {
		var bytes [2]int64
		for i, p := range []Repair{{BiasCorrection: No, GPTQ: No}, {}} {
			c.PTQ = p
			j, err := Open(c)
			if err != nil {
				t.Fatal(err)
			}
			j.run.Phase = phase
			if bytes[i], err = j.Memory(); err != nil {
				t.Fatal(err)
			}
		}
		if got := bytes[1] > bytes[0]; got != repairs {
			t.Errorf("%v: %d bytes, without a repair %d", phase, bytes[1], bytes[0])
		}
	}
}

// built is the bytes of the graphs of a phase.
func built(t *testing.T, m *graph.Model, batch int, p Phase) int64 {
	t.Helper()
	if p == Done {
		return 0
	}
	q, err := m.Trainer(batch, true)
	if err != nil {
		t.Fatal(err)
	}
	defer q.Close()
	d, err := m.Distance(min(batch, apartImages))
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	probe, err := m.Probe(min(batch, surveyImages))
	if err != nil {
		t.Fatal(err)
	}
	defer probe.Close()
	quantized := q.Memory() + d.Memory() + probe.Memory()
	if p == QAT {
		return quantized
	}
	f, err := m.Trainer(batch, false)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	e, err := m.Evaluator(batch, false)
	if err != nil {
		t.Fatal(err)
	}
	defer e.Close()
	if f.Memory()+e.Memory() < quantized {
		t.Errorf("float %d + %d bytes, quantized %d: want a network whose float stage needs more", f.Memory(),
			e.Memory(), quantized)
	}
	return f.Memory() + e.Memory()
}
