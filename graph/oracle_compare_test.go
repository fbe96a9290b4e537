package graph_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"petrify/graph"
)

// steady is the greatest gradient of steps that are compared. If it is larger,
// batch norms divide by almost nothing, and float32 has few digits left.
const steady = 100

// compareStep makes a training step of three images and compares it with the
// oracle's: loss, gradients, running statistics, ranges, what is learned. It
// reports false, and compares nothing, where float32 decides how the step goes.
func compareStep(t *testing.T, m *graph.Model, trainer *graph.Trainer, q graph.Quantization,
	quantized bool, rng *rand.Rand) bool {
	t.Helper()
	x, l := images(rng, 3, m.Input()), labels(rng, 3, min(m.Classes(), 3))
	if rng.IntN(4) == 0 {
		l[1] = -1 // a row that only fills the batch
	}
	o := newOracle(t, m, q, quantized, x, l)
	metrics, err := trainer.Step(x, l)
	if err != nil {
		t.Fatal(err)
	}
	want, greatest := o.run(), 1e-2
	for _, p := range m.Params() {
		greatest = max(greatest, size(wide(p.Grad)))
	}
	if o.unsure > 0 || greatest > steady {
		return false
	}
	near(t, "the loss", metrics.Loss, want, math.Abs(want), 1e-5)
	for _, p := range m.Params() {
		if p.Role == graph.RoleLearned {
			continue
		}
		for range min(2, len(p.Value)) {
			i := rng.IntN(len(p.Value))
			o.gradient(t, p, i, o.slope(&o.values[p][i]), greatest, 1e-3)
		}
	}
	if quantized {
		o.compareQuantizers(t, m, greatest)
	}
	o.compareStatistics(t)
	return true
}

// gradient compares one of a parameter's.
func (o *oracle) gradient(t *testing.T, p *graph.Param, i int, want, greatest, tolerance float64) {
	t.Helper()
	of := max(size(wide(p.Grad)), 0.1*greatest)
	near(t, fmt.Sprintf("the gradient of %s[%d]", p.Name, i), float64(p.Grad[i]), want, of, tolerance)
}

// compareQuantizers compares ranges and what is learned.
func (o *oracle) compareQuantizers(t *testing.T, m *graph.Model, greatest float64) {
	t.Helper()
	learned := map[string]*graph.Param{}
	for _, p := range m.Params() {
		learned[p.Name] = p
	}
	for q, c := range o.quantizers {
		if q.Observed() != c.Observed() {
			t.Errorf("%s has observed %d tensors, want %d", q.Name(), q.Observed(), c.Observed())
		}
		if got, want := q.Params(), c.Params(); q.Observed() > 0 {
			for i, s := range want.Scale {
				near(t, q.Name()+"'s scale", float64(got.Scale[i]), float64(s), float64(s), 1e-5)
			}
		}
		for k, l := range q.Learned() {
			for g := range min(len(l.Value), 2) {
				if want, known := o.learned(q, k, g); known {
					// Made of rounding errors, of which float32 has fewer digits.
					o.gradient(t, learned[l.Name], g, want, greatest, 1e-2)
				}
			}
		}
	}
}

// compareStatistics compares batch norms' running means and variances.
func (o *oracle) compareStatistics(t *testing.T) {
	t.Helper()
	for _, u := range o.units {
		if u.Norm == nil || u.Norm.Frozen {
			continue
		}
		moved := o.moved[u.Norm.Gamma.Name]
		σ := math.Sqrt(size(moved[1]))
		for i := range u.Norm.Mean {
			near(t, u.Layer.Name+"'s running mean", float64(u.Norm.Mean[i]), moved[0][i], size(moved[0])+σ, 1e-4)
			near(t, u.Layer.Name+"'s running variance", float64(u.Norm.Variance[i]), moved[1][i], σ*σ, 1e-4)
		}
	}
}

// near fails where got is not want, relative to a size.
func near(t *testing.T, what string, got, want, size, tolerance float64) {
	t.Helper()
	if !(math.Abs(got-want) <= tolerance*size) {
		t.Errorf("%s is %.7g, want %.7g (of %.3g)", what, got, want, size)
	}
}

// training is how a new model trains.
type training struct {
	network      graph.Network
	in           graph.Shape
	quantization graph.Quantization
	quantized    bool
}

// compare compares some steps in which switches are set as of says. It returns
// how many were compared.
func (n training) compare(t *testing.T, rng *rand.Rand, steps int, of func(step int) graph.Switches) (compared int) {
	t.Helper()
	m, err := graph.New(n.network, n.in, n.quantization, rng)
	if err != nil {
		t.Fatal(err)
	}
	trainer, err := m.Trainer(3, n.quantized)
	if err != nil {
		t.Fatal(err)
	}
	defer trainer.Close()
	for step := range steps {
		s := of(step)
		m.Switch(func(string) graph.Switches { return s })
		if compareStep(t, m, trainer, n.quantization, n.quantized, rng) {
			compared++
		}
		if t.Failed() {
			t.Logf("in step %d, %+v", step, s)
			return compared
		}
	}
	return compared
}

// enough fails where less than a share of the steps was compared.
func enough(t *testing.T, compared, of int, share float64) {
	t.Helper()
	t.Logf("%d of %d steps compared: in the others float32 decides", compared, of)
	if float64(compared) < share*float64(of) {
		t.Errorf("%d of %d steps compared, want a share of %v", compared, of, share)
	}
}
