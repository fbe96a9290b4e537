package graph

import (
	"fmt"
	"math"
	"math/rand/v2"
	"reflect"
	"slices"
	"testing"

	"petrify/fakequant"
	"petrify/fakequant/affine"
	"petrify/internal/kernel"
)

// repairable is a network with every sort of unit that has weights, calibrated on
// images, of which it returns some.
func repairable(t *testing.T, s fakequant.Scheme) (m *Model, x []float32) {
	t.Helper()
	n := Chain(
		Conv2D(6, 3).Same().Named("a"), BatchNorm(), ReLU(),
		DepthwiseConv2D(3).Same().Strided(2).Named("b"), BatchNorm(), ReLU6(),
		BatchNorm().Named("alone"), Conv2D(4, 1).Named("c"), Tanh(),
		Layer{Name: "d", Kind: KindConv2D, Units: 6, Kernel: [2]int{2, 3}, Groups: 2, Dilation: [2]int{2, 1}}, ReLU(),
		Flatten(), Dropout(0.2), Linear(8).Named("e"), ReLU(), Linear(3).Named("f"))
	return ranged(t, n, Shape{C: 2, H: 9, W: 8}, s)
}

// ranged is a network with fresh weights whose ranges are known, and the images that
// they are of.
func ranged(t *testing.T, n Network, in Shape, s fakequant.Scheme) (m *Model, x []float32) {
	t.Helper()
	rng := rand.New(rand.NewPCG(1, 2))
	m, err := New(n, in, Uniform(s), rng)
	if err != nil {
		t.Fatal(err)
	}
	const batch = 16
	trainer, err := m.Trainer(batch, true)
	if err != nil {
		t.Fatal(err)
	}
	defer trainer.Close()
	m.SetObservers(true)
	for range 4 {
		part := make([]float32, batch*in.Size())
		for i := range part {
			part[i] = float32(rng.NormFloat64())
		}
		if _, err := trainer.Step(part, make([]int32, batch)); err != nil {
			t.Fatal(err)
		}
		x = append(x, part...)
	}
	m.SetObservers(false)
	m.SetFakeQuant(true)
	return m, x
}

// repairSchemes are grids of every form that weights may have.
func repairSchemes() map[string]fakequant.Scheme {
	all := map[string]fakequant.Scheme{}
	for _, bits := range []int{2, 4, 8} {
		s := fakequant.Bits(bits)
		all[fmt.Sprintf("W%dA%[1]d", bits)] = s
		s.Weights.Granularity = affine.Granularity{}
		all[fmt.Sprintf("W%dA%[1]d, one scale", bits)] = s
		s.Weights.Granularity = affine.Granularity{Kind: affine.PerGroup, Axis: 1, Size: 3}
		all[fmt.Sprintf("W%dA%[1]d, blocks", bits)] = s
	}
	s := fakequant.Bits(4)
	s.Weights.Scheme, s.Weights.Format = affine.Affine, affine.Format{Bits: 4, Unsigned: true}
	s.Activations.Scheme, s.Activations.Format.Unsigned = affine.Affine, true
	all["affine"] = s
	s = fakequant.Bits(4)
	s.Weights.Scheme = affine.PowerOfTwo
	all["powers of two"] = s
	all["learned"] = fakequant.FewBits(4)
	s = fakequant.Bits(4)
	s.Weights = fakequant.Config{}
	all["float weights"] = s
	s = fakequant.Bits(4)
	s.Activations = fakequant.Config{}
	all["float activations"] = s
	return all
}

// sums is what a unit's product with real weights and bias gives before its function,
// channel after channel: the mean over images and pixels.
func (u *unit) sums(x, w, b []float32, images int) []float64 {
	g := u.conv(images)
	y := make([]float32, images*u.out.Size())
	kernel.ConvForward(y, x, w, b, g, new(kernel.Scratch))
	mean := make([]float64, u.out.C)
	for i, v := range y {
		mean[i%u.out.C] += float64(v) / float64(len(y)/u.out.C)
	}
	return mean
}

// After bias correction each channel's mean, before the unit's function, is that of the
// float network, as near as the bias can be rounded.
func TestBiasCorrectionLeavesNoMeanError(t *testing.T) {
	for name, s := range repairSchemes() {
		for _, chosen := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s, integers chosen %v", name, chosen), func(t *testing.T) {
				m, x := repairable(t, s)
				o := Repair{
					BiasCorrection: true, GPTQ: chosen, AdaRound: chosen, Iterations: 5, Damping: 0.1,
				}
				float, err := m.inFloat()
				if err != nil {
					t.Fatal(err)
				}
				if err := m.Repair(t.Context(), o, x); err != nil {
					t.Fatal(err)
				}
				defer m.rest()()
				r, err := sideBySide(m, float, x)
				if err != nil {
					t.Fatal(err)
				}
				for i, u := range m.units {
					if u.weight != nil {
						r.compareMeans(t, u, float.units[i])
					}
					if err := r.compute(i); err != nil {
						t.Fatal(err)
					}
				}
			})
		}
	}
}

// compareMeans compares the sums of a unit with those of the float network's.
func (r *repairing) compareMeans(t *testing.T, u, was *unit) {
	t.Helper()
	w, b := make([]float32, len(u.weight.Value)), make([]float32, u.out.C)
	was.folded(w)
	was.foldedBias(b)
	want := was.sums(r.wanted[was.inputs[0]], w, b, r.images)
	n, err := r.shipped.freeze(u, r.shipped.around(u)[0])
	if err != nil {
		t.Fatal(err)
	}
	got := u.sums(r.got[u.inputs[0]], n.Weights.Real(), n.Bias.Real(), r.images)
	for c := range got {
		step := 0.0
		if n.Bias.Q != nil {
			step = float64(n.Bias.Scale[c])
		}
		if d := math.Abs(got[c] - want[c]); d > 0.5*step+2e-5*(1+math.Abs(want[c])) {
			t.Errorf("%s, channel %d: mean %v, in float %v; the bias has steps of %v", u.name(), c, got[c], want[c], step)
		}
	}
}

// What GPTQ chooses lies on the grid, so that freezing, a checkpoint and a training
// step find the same integers; and nothing else is moved.
func TestChosenIntegersAreHeld(t *testing.T) {
	for name, s := range repairSchemes() {
		t.Run(name, func(t *testing.T) {
			m, x := repairable(t, s)
			before := cloneState(m.State())
			nearest := weightIntegers(t, m)
			if err := m.Repair(t.Context(), Repair{GPTQ: true, Damping: 0.1}, x); err != nil {
				t.Fatal(err)
			}
			chosen := weightIntegers(t, m)
			for _, u := range m.units {
				if !u.holds() {
					continue
				}
				w, steps := make([]float32, len(u.weight.Value)), make([]float32, len(u.weight.Value))
				u.folded(w)
				if err := u.weights.Apply(steps, w); err != nil {
					t.Fatal(err)
				}
				for i, v := range w {
					if math.Abs(float64(v-steps[i])) > 1e-5*math.Abs(float64(v)) {
						t.Fatalf("%s: weight %v lies off the grid, which has %v", u.name(), v, steps[i])
					}
				}
			}
			if changed := !reflect.DeepEqual(chosen, nearest); changed != m.Chooses() {
				t.Errorf("other integers than nearest: %v, want %v", changed, m.Chooses())
			}
			for i, after := range m.State() {
				p := slices.IndexFunc(m.Params(), func(p *Param) bool { return p.Name == after.Name })
				weight := p >= 0 && m.Params()[p].Role == RoleWeight
				if !weight && !slices.Equal(after.F32, before[i].F32) {
					t.Errorf("%s has moved", after.Name)
				}
			}
			if err := m.Settle(); err != nil {
				t.Fatal(err)
			}
			if !reflect.DeepEqual(weightIntegers(t, m), chosen) {
				t.Error("settling rounds the weights to other integers")
			}
		})
	}
}

// The float network gets the images as they are, the quantized one what its input's
// quantizer makes of them.
func TestRepairRoundsTheInputOfOne(t *testing.T) {
	m, x := repairable(t, fakequant.Bits(4))
	float, err := m.inFloat()
	if err != nil {
		t.Fatal(err)
	}
	r, err := sideBySide(m, float, x)
	if err != nil {
		t.Fatal(err)
	}
	rounded := make([]float32, len(x))
	kernel.FakeQuant(rounded, x, gridOf(m.source.output))
	if !slices.Equal(r.wanted[float.source], x) || !slices.Equal(r.got[m.source], rounded) {
		t.Error("the inputs are others")
	}
}

// Float networks are left as they are, by any repair.
func TestRepairOfFloatIsNone(t *testing.T) {
	m, x := repairable(t, fakequant.Scheme{})
	before := cloneState(m.State())
	if err := m.Repair(t.Context(), Repair{BiasCorrection: true, GPTQ: true, Damping: 0.1}, x); err != nil {
		t.Fatal(err)
	}
	for i, after := range m.State() {
		for j, v := range after.F32 {
			if math.Abs(float64(v-before[i].F32[j])) > 1e-5 {
				t.Errorf("%s[%d] is %v, was %v", after.Name, j, v, before[i].F32[j])
			}
		}
	}
}
