package quantized_test

import (
	"math/rand/v2"
	"strings"
	"testing"

	"petrify/quantized"
	"petrify/quantized/quantizedtest"
)

func attending() *quantized.Model {
	b := quantizedtest.New(rand.New(rand.NewPCG(5, 6)), quantizedtest.W8A8, 8, 1, 6)
	return b.Model(b.Attend(2, b.Input(), b.Input(), b.Input(), quantized.Softmax))
}

func TestBrokenAttentions(t *testing.T) {
	for want, change := range map[string]func(m *quantized.Model){
		"0 heads":                func(m *quantized.Model) { m.Nodes[0].Heads = 0 },
		"in 3 heads":             func(m *quantized.Model) { m.Nodes[0].Heads = 3 },
		"factor 0":               func(m *quantized.Model) { m.Nodes[0].Factor = 0 },
		"factor 1e-40":           func(m *quantized.Model) { m.Nodes[0].Factor = 1e-40 },
		"neither heads":          func(m *quantized.Model) { m.Nodes[2].Heads = 2 },
		"takes 2":                func(m *quantized.Model) { m.Nodes[2].Inputs = m.Nodes[2].Inputs[:1] },
		"the second of height 1": func(m *quantized.Model) { m.Nodes[2].Inputs[1] = m.Nodes[1].Name },
		"heads that divide D": func(m *quantized.Model) {
			m.Nodes[0].Heads, m.Nodes[0].Output.Shape, m.Nodes[1].Output.Shape = 16, []int{6, 16, 6}, []int{6, 16, 6}
		},
		"output of shape": func(m *quantized.Model) { m.Nodes[2].Output.Shape = []int{6, 1, 8} },
	} {
		m := attending()
		change(m)
		if err := m.Validate(); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %q", err, want)
		}
	}
}

// TestSumsOfAttentions: the bounds are those of n products of the ends of both ranges, and
// sums beyond int32 are refused.
func TestSumsOfAttentions(t *testing.T) {
	m := attending()
	all, err := m.Accumulators()
	if err != nil || len(all) != 2 {
		t.Fatal(all, err)
	}
	q := m.Input.Quant
	lo, hi := int64(q.Format.Min()-q.Zero), int64(q.Format.Max()-q.Zero)
	if a := all[0]; a.Max != 4*max(lo*lo, hi*hi) || a.Min != 4*lo*hi {
		t.Errorf("sums of scores from %d to %d: 4 products of %d..%d", a.Min, a.Max, lo, hi)
	}
	if a := all[1]; a.Max != 6*255*hi || a.Min != 6*255*lo {
		t.Errorf("sums of values from %d to %d: 6 products of 0..255 and %d..%d", a.Min, a.Max, lo, hi)
	}
	const wide = 1 << 18
	m.Input.Shape, m.Input.Mean, m.Input.Std = []int{wide, 1, 6}, nil, nil
	m.Nodes[2].Output.Shape, m.Classes = []int{wide, 1, 6}, nil
	if err := m.Validate(); err == nil || !strings.Contains(err.Error(), "int32 has 32") {
		t.Errorf("%d channels: %v", wide, err)
	}
}
