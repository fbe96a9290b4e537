package graph

import (
	"math"
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"testing"

	"petrify/fakequant"
	"petrify/fakequant/affine"
)

// folding is a model with a folded convolution, a folded linear layer and a
// plain one, in a state with batch-norm factors of both signs far from 1.
func folding(t *testing.T, s fakequant.Scheme) (*Model, *Trainer, func()) {
	t.Helper()
	rng := rand.New(rand.NewPCG(5, 6))
	network := Chain(
		Conv2D(6, 3).Same().Named("conv"), BatchNorm().Named("bn"), ReLU(),
		Flatten(), Linear(8).Named("fc1"), BatchNorm(), ReLU(), Linear(4).Named("fc2"))
	m, err := New(network, Shape{C: 2, H: 5, W: 6}, Uniform(s), rng)
	if err != nil {
		t.Fatal(err)
	}
	for i, u := range m.units {
		if u.norm == nil {
			continue
		}
		for c := range u.norm.mean {
			u.norm.gamma.Value[c] = float32((0.3 + rng.Float64()) * float64(1-2*((i+c)%3/2)))
			u.norm.variance[c] = 0.2 + 3*rng.Float32()
		}
	}
	const batch = 8
	trainer, err := m.WholeTrainer(batch, true)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { trainer.Close() })
	step := func() {
		t.Helper()
		x, labels := make([]float32, batch*m.in.Size()), make([]int32, batch)
		for i := range x {
			x[i] = float32(rng.NormFloat64())
		}
		for i := range labels {
			labels[i] = int32(rng.IntN(4))
		}
		if _, err := trainer.Step(x, labels); err != nil {
			t.Fatal(err)
		}
	}
	m.SetObservers(true)
	step()
	m.SetFakeQuant(true)
	return m, trainer, step
}

func track(t *testing.T, m *Model) {
	t.Helper()
	if err := m.Track(); err != nil {
		t.Fatal(err)
	}
}

func descendAll(m *Model, lr float32) {
	for _, p := range m.Params() {
		rate := lr
		if p.Role == RoleLearned {
			rate /= 50
		}
		for i, g := range p.Grad {
			p.Value[i] -= rate * g
		}
	}
}

// schemes are the ways in which scales may behave: they follow the weights,
// stay where they are, or learn.
var schemes = map[string]struct {
	scheme  fakequant.Scheme
	observe bool
}{
	"followed": {fakequant.Bits(6), true},
	"settled":  {fakequant.Bits(3), false},
	"learned":  {fakequant.FewBits(3), false},
}

func TestDampenIsTheGradientOfItsLoss(t *testing.T) {
	const λ = 0.3
	for name, s := range schemes {
		m, _, step := folding(t, s.scheme)
		m.SetObservers(s.observe)
		if err := m.Watch(0); err != nil {
			t.Fatal(err)
		}
		factors := map[*unit][]float32{} // that the step folds in
		for u := range m.oscillations {
			for c := range u.out.C {
				factors[u] = append(factors[u], u.factor(c))
			}
		}
		step()
		before := map[*unit][]float32{}
		want := 0.0
		for _, u := range m.units {
			if u.weights != nil {
				before[u] = slices.Clone(u.weight.Grad)
			}
		}
		got, err := m.Dampen(always(λ))
		if err != nil {
			t.Fatal(err)
		}
		for u, grad := range before {
			cols := len(grad) / u.out.C
			p, f := u.weights.Params(), u.weights.Config().Format
			for i, w := range u.weight.Value {
				c := i / cols
				factor, scale := float64(factors[u][c]), float64(p.Scale[c])
				if u.weights.FollowsFactors() {
					factor = float64(u.factor(c)) // as scale is
				}
				fake := scale * float64(affine.Quantize(float32(float64(w)*factor), p.Scale[c], 0, f))
				loss := func(w float64) float64 {
					inside := math.Max(scale*float64(f.Min()), math.Min(w*factor, scale*float64(f.Max())))
					return λ * math.Pow((fake-inside)/factor, 2)
				}
				const h = 1e-5
				want += loss(float64(w))
				slope := (loss(float64(w)+h) - loss(float64(w)-h)) / (2 * h)
				end := math.Abs(math.Abs(float64(w)*factor)-scale*float64(f.Max())) < 1e-4 // a kink
				if added := float64(u.weight.Grad[i] - grad[i]); !end && math.Abs(added-slope) > 1e-4 {
					t.Fatalf("%s: %s[%d]: the gradient grows by %v, finite differences %v", name, u.weight.Name, i,
						added, slope)
				}
			}
		}
		if want == 0 || math.Abs(got-want) > 1e-3*want {
			t.Errorf("%s: loss %v, want %v", name, got, want)
		}
	}
}

// TestFrozenIntegersStay continues training with batch norm and scales moving, and
// looks at the integers that each step sees.
func TestFrozenIntegersStay(t *testing.T) {
	for name, s := range schemes {
		t.Run(name, func(t *testing.T) {
			m, _, step := folding(t, s.scheme)
			m.SetObservers(s.observe)
			if err := m.Watch(0.2); err != nil {
				t.Fatal(err)
			}
			held, least := map[*unit]map[int]int32{}, map[*unit]float64{} // by weight; of factors
			total, checked := 0, 0
			for range 60 {
				seen := map[*unit][]float32{} // what the step folds, with the statistics before it
				for u := range m.oscillations {
					least[u] = u.leastFactor()
					w := make([]float32, len(u.weight.Value))
					u.folded(w)
					seen[u] = w
				}
				m.SetObservers(s.observe) // as a run does before each step
				step()
				for u, held := range held {
					p, cols := u.weights.Params(), len(seen[u])/u.out.C
					for i, q := range held {
						c := i / cols
						if math.Abs(float64(m.oscillations[u].f[c])) < 1.01*least[u] {
							continue
						}
						checked++
						if got := affine.Quantize(seen[u][i], p.Scale[c], p.Zero[c],
							u.weights.Config().Format); got != q {
							t.Fatalf("%s[%d] was frozen at %d, a step saw %d", u.weight.Name, i, q, got)
						}
					}
				}
				track(t, m)
				if _, err := m.Dampen(always(0.01)); err != nil {
					t.Fatal(err)
				}
				descendAll(m, 0.15)
				if err := m.FreezeOscillating(always(0.15)); err != nil {
					t.Fatal(err)
				}
				total = 0
				for u, o := range m.oscillations {
					q := make([]int32, len(o.w))
					u.folded(o.w)
					if err := u.weights.Quantize(q, o.w); err != nil {
						t.Fatal(err)
					}
					if held[u] == nil {
						held[u] = map[int]int32{}
					}
					for i := range q {
						f := math.Abs(float64(u.factor(i * u.out.C / len(q))))
						if _, ok := held[u][i]; !ok && o.Frozen(i) && f > 1.01*u.leastFactor() {
							held[u][i] = q[i]
						}
					}
					total += len(held[u])
				}
			}
			if total < 5 || checked < 30*total/2 {
				t.Errorf("%d weights were frozen, %d times looked at: the test proves little", total, checked)
			}
		})
	}
}

func TestWatchedModelResumes(t *testing.T) {
	train := func(m *Model, step func(), n int) {
		for range n {
			step()
			track(t, m)
			descendAll(m, 0.15)
			if err := m.FreezeOscillating(always(0.15)); err != nil {
				t.Fatal(err)
			}
		}
	}
	a, _, stepA := folding(t, fakequant.Bits(3))
	b, _, stepB := folding(t, fakequant.Bits(3))
	for _, m := range []*Model{a, b} {
		if err := m.Watch(0.2); err != nil {
			t.Fatal(err)
		}
	}
	train(a, stepA, 10)
	for range 10 { // the same batches
		stepB()
	}
	if err := b.Restore(cloneState(a.State())); err != nil {
		t.Fatal(err)
	}
	train(a, stepA, 10)
	train(b, stepB, 10)
	if !reflect.DeepEqual(a.State(), b.State()) || !reflect.DeepEqual(a.Oscillating(), b.Oscillating()) {
		t.Error("the restored model trains to another state")
	}
	if err := b.Restore(a.Tensors()); err == nil {
		t.Error("a state without the oscillations is taken")
	}
}

func TestWatchRefuses(t *testing.T) {
	ternary := fakequant.Bits(2)
	ternary.Weights.Method = fakequant.Ternary
	for _, tt := range []struct {
		want     string
		q        Quantization
		momentum float64
	}{
		{"no weights are quantized", Quantization{}, 0},
		{"fc.weight: oscillations of method ternary", Uniform(ternary), 0},
		{"momentum 2", Uniform(fakequant.Int8()), 2},
	} {
		m, err := New(Chain(Flatten(), Linear(2).Named("fc")), Shape{C: 1, H: 2, W: 2}, tt.q,
			rand.New(rand.NewPCG(1, 1)))
		if err != nil {
			t.Fatal(err)
		}
		if err := m.Watch(tt.momentum); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("got %v, want %q", err, tt.want)
		}
	}
}

// What Track counts is what the step has quantized: with batch norm's factor of
// before it and the scale of after it, or both of before it if the scale follows.
func TestTrackSeesTheStep(t *testing.T) {
	for name, s := range schemes {
		m, _, step := folding(t, s.scheme)
		m.SetObservers(s.observe)
		if err := m.Watch(0.2); err != nil {
			t.Fatal(err)
		}
		for range 3 {
			folded, before := map[*unit][]float32{}, map[*unit][]int32{}
			for u := range m.oscillations {
				folded[u], before[u] = make([]float32, len(u.weight.Value)), make([]int32, len(u.weight.Value))
				u.folded(folded[u])
				if err := u.weights.Quantize(before[u], folded[u]); err != nil {
					t.Fatal(err)
				}
			}
			step()
			track(t, m)
			for u, o := range m.oscillations {
				tracked, got := o.State()[1].I64, before[u]
				if !u.weights.FollowsFactors() {
					if err := u.weights.Quantize(got, folded[u]); err != nil {
						t.Fatal(err)
					}
				}
				for i, q := range got {
					if tracked[i] != int64(q) {
						t.Fatalf("%s: %s[%d] was tracked at %d, the step saw %d", name, u.weight.Name, i, tracked[i], q)
					}
				}
			}
			descendAll(m, 0.15)
		}
	}
}

// Weights that the step does not quantize, as their layer does so later, are
// neither tracked nor pulled; each layer is pulled by its own λ.
func TestLayersOscillateApart(t *testing.T) {
	scheme := fakequant.Bits(3)
	scheme.Activations = fakequant.Config{}
	network := Chain(Flatten(), Linear(6).Named("first"), ReLU(), Linear(3).Named("late"))
	m, err := New(network, Shape{C: 1, H: 2, W: 2}, Uniform(scheme), rand.New(rand.NewPCG(1, 1)))
	if err != nil {
		t.Fatal(err)
	}
	if err := m.Watch(0.2); err != nil {
		t.Fatal(err)
	}
	trainer, err := m.Trainer(2, true)
	if err != nil {
		t.Fatal(err)
	}
	defer trainer.Close()
	only := func(layer string) func(string) float64 {
		return func(name string) float64 {
			if name == layer {
				return 1
			}
			return 0
		}
	}
	steps := map[string]int64{}
	for _, tt := range []struct {
		quantized []string
		λ         func(string) float64
		pulled    []string
	}{
		{nil, always(1), nil},
		{[]string{"first"}, only("late"), nil},
		{[]string{"first"}, always(1), []string{"first"}},
		{[]string{"first", "late"}, only("late"), []string{"late"}},
		{[]string{"first", "late"}, always(1), []string{"first", "late"}},
	} {
		m.Switch(func(layer string) Switches {
			on := slices.Contains(tt.quantized, layer)
			return Switches{Observe: on, Quantize: on}
		})
		if _, err := trainer.Step([]float32{1, -1, 2, 0.5, -0.3, 1, 0.7, -2}, []int32{0, 2}); err != nil {
			t.Fatal(err)
		}
		track(t, m)
		before := map[*unit][]float32{}
		for u := range m.oscillations {
			before[u] = slices.Clone(u.weight.Grad)
		}
		loss, err := m.Dampen(tt.λ)
		if err != nil {
			t.Fatal(err)
		}
		if loss > 0 != (tt.pulled != nil) {
			t.Errorf("%v pulled: a loss of %v", tt.pulled, loss)
		}
		for u, o := range m.oscillations {
			if slices.Contains(tt.quantized, u.name()) {
				steps[u.name()]++
			}
			if got := o.State()[0].I64[0]; got != steps[u.name()] {
				t.Errorf("%v quantized: %s was tracked in %d steps, want %d", tt.quantized, u.name(), got,
					steps[u.name()])
			}
			if got, want := !slices.Equal(before[u], u.weight.Grad), slices.Contains(tt.pulled, u.name()); got != want {
				t.Errorf("%v quantized: %s is pulled: %v, want %v", tt.quantized, u.name(), got, want)
			}
		}
		if err := m.FreezeOscillating(always(0.1)); err != nil {
			t.Fatal(err)
		}
	}
}
