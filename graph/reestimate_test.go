package graph

import (
	"errors"
	"math"
	"math/rand/v2"
	"reflect"
	"strings"
	"testing"

	"petrify/fakequant"
)

// TestReestimateIsTheAverageOfTheBatches adds up the statistics of what each
// batch norm is given, in float64 and away from its code.
func TestReestimateIsTheAverageOfTheBatches(t *testing.T) {
	for name, s := range schemes {
		t.Run(name, func(t *testing.T) {
			m, trainer, step := folding(t, s.scheme)
			m.SetObservers(s.observe)
			for range 3 {
				step()
				descendAll(m, 0.1)
			}
			m.FreezeBatchNorm(true)
			if err := m.Settle(); err != nil {
				t.Fatal(err)
			}
			before := weightIntegers(t, m)
			factors := map[*unit][]float32{}
			for _, u := range m.units {
				for c := range u.out.C * number(u.norm != nil) {
					factors[u] = append(factors[u], u.factor(c))
				}
			}
			const batches = 4
			mean, variance := map[*unit][]float64{}, map[*unit][]float64{}
			err := m.Reestimate(func() error {
				for range batches {
					step()
					for u, f := range factors {
						if mean[u] == nil {
							mean[u], variance[u] = make([]float64, len(f)), make([]float64, len(f))
						}
						x := floats(trainer.products[u])
						for c := range f {
							μ, v := statistics(x, c, len(f))
							mean[u][c] += μ / float64(f[c]) / batches
							variance[u][c] += v / math.Pow(float64(f[c]), 2) / batches
						}
					}
				}
				return nil
			})
			if err != nil {
				t.Fatal(err)
			}
			for u := range factors {
				for c := range factors[u] {
					near(t, u.norm.name+" mean", float64(u.norm.mean[c]), mean[u][c])
					near(t, u.norm.name+" variance", float64(u.norm.variance[c]), variance[u][c])
				}
			}
			if err := m.Settle(); err != nil {
				t.Fatal(err)
			}
			if !reflect.DeepEqual(weightIntegers(t, m), before) {
				t.Error("the weights have other integers")
			}
			for u := range factors {
				if !u.norm.frozen || u.weights.Observing() != s.observe {
					t.Errorf("%s: the switches are not what they were", u.name())
				}
			}
		})
	}
}

// TestReestimateRoundsInFull: the statistics are those of the integers that ship, also
// in the middle of a ramp, which then goes on from where it was.
func TestReestimateRoundsInFull(t *testing.T) {
	of := func(r fakequant.Ramp) (statistics []State, rests bool) {
		s := fakequant.FewBits(2)
		s.Weights.Ramp, s.Activations.Ramp = r, r
		m, _, step := folding(t, s)
		m.SetObservers(false)
		m.FreezeBatchNorm(true) // so that the step changes no factor
		step()
		if err := m.Reestimate(func() error { step(); return nil }); err != nil {
			t.Fatal(err)
		}
		for _, u := range m.units {
			if n := u.norm; n != nil {
				statistics = append(statistics, State{F32: n.mean}, State{F32: n.variance})
				rests = rests || u.weights.RoundsAsShipped()
			}
		}
		return statistics, rests
	}
	want, _ := of(fakequant.Ramp{})
	if got, rests := of(fakequant.Ramp{Finish: 100}); !reflect.DeepEqual(got, want) || rests {
		t.Errorf("with a ramp %v, without %v; and the ramp is at its end: %v", got, want, rests)
	}
}

// statistics is mean and unbiased variance of a channel.
func statistics(x []float32, c, channels int) (mean, variance float64) {
	n := float64(len(x) / channels)
	for i := c; i < len(x); i += channels {
		mean += float64(x[i]) / n
	}
	for i := c; i < len(x); i += channels {
		variance += math.Pow(float64(x[i])-mean, 2) / (n - 1)
	}
	return mean, variance
}

func near(t *testing.T, what string, got, want float64) {
	t.Helper()
	if math.Abs(got-want) > 1e-5*(1+math.Abs(want)) {
		t.Errorf("%s %v, want %v", what, got, want)
	}
}

func number(b bool) int {
	if b {
		return 1
	}
	return 0
}

// weightIntegers is all weights as they would be frozen.
func weightIntegers(t *testing.T, m *Model) (all [][]int32) {
	t.Helper()
	for _, u := range m.units {
		if u.weights == nil {
			continue
		}
		w := make([]float32, len(u.weight.Value))
		u.folded(w)
		q := make([]int32, len(w))
		if err := u.weights.Quantize(q, w); err != nil {
			t.Fatal(err)
		}
		all = append(all, q)
	}
	return all
}

func TestReestimateThatFailsMovesNothing(t *testing.T) {
	m, _, step := folding(t, fakequant.Bits(3))
	before := cloneState(m.State())
	reason := errors.New("no more data")
	for want, run := range map[string]func() error{
		reason.Error():              func() error { step(); return reason },
		"no training step was made": func() error { return nil },
	} {
		if err := m.Reestimate(run); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want %q", err, want)
		}
		if !reflect.DeepEqual(cloneState(m.State()), before) {
			t.Errorf("%s: the model has moved", want)
		}
	}
	plain, err := New(Chain(Flatten(), Linear(2)), Shape{C: 1, H: 2, W: 2}, Quantization{}, rand.New(rand.NewPCG(1, 1)))
	if err != nil {
		t.Fatal(err)
	}
	if err := plain.Reestimate(func() error { return nil }); err == nil ||
		!strings.Contains(err.Error(), "no batch normalisation") {
		t.Errorf("got %v", err)
	}
}
