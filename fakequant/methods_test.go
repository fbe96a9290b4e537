package fakequant_test

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"petrify/fakequant"
	"petrify/fakequant/affine"
	"petrify/observers"
)

// configs has a valid configuration for each method.
func configs() []fakequant.Config {
	perChannel := affine.Granularity{Kind: affine.PerChannel}
	uint3 := affine.Format{Bits: 3, Unsigned: true}
	weights := observers.Config{Kind: observers.LastValue}
	return []fakequant.Config{
		{Format: affine.Int8Narrow, Granularity: perChannel, Observer: weights},
		{Format: affine.Format{Bits: 4}, Scheme: affine.Affine, Method: fakequant.STEPassThrough},
		{Format: affine.Format{Bits: 3}, Granularity: perChannel, Method: fakequant.LSQ,
			Observer: observers.Config{Kind: observers.MeanAbs}},
		{Format: uint3, Scheme: affine.Affine, Method: fakequant.LSQPlus},
		{Format: uint3, Method: fakequant.PACT, Decay: 0.01},
		{Format: affine.Format{Bits: 4}, Scheme: affine.Affine, Method: fakequant.LearnedRange},
		{Format: affine.Format{Bits: 4, Narrow: true}, Method: fakequant.DoReFa, Granularity: perChannel,
			Observer: weights},
		{Format: affine.Binary, Method: fakequant.Binary, Granularity: perChannel, Observer: weights},
		{Format: affine.Binary, Method: fakequant.LearnedBinary, Granularity: perChannel, Observer: weights},
		{Format: affine.Ternary, Method: fakequant.Ternary, Granularity: perChannel, Observer: weights},
		{Format: affine.Ternary, Method: fakequant.LearnedTernary, Granularity: perChannel, Observer: weights},
		{Format: affine.Format{Bits: 3}, Method: fakequant.Stochastic, Seed: 5},
		{Format: affine.Format{Bits: 3}, Method: fakequant.PACT},
	}
}

func TestEveryMethodHasAConfig(t *testing.T) {
	for i, m := range fakequant.Methods() {
		if c := configs()[i]; c.Method != m {
			t.Errorf("config %d is of method %v, want %v", i, c.Method, m)
		}
		if got, err := fakequant.ParseMethod(m.String()); err != nil || got != m {
			t.Errorf("ParseMethod(%q) = %v, %v", m, got, err)
		}
	}
}

// calibrated returns a quantizer of 4 channels that has observed x, and from
// then on rounds and does not observe. What it learns is moved so that it clips.
func calibrated(t testing.TB, cfg fakequant.Config, x []float32) *fakequant.Quantizer {
	t.Helper()
	q, err := fakequant.New("q", cfg, 4)
	if err != nil {
		t.Fatal(err)
	}
	if err := q.Observe(x); err != nil {
		t.Fatal(err)
	}
	q.SetEnabled(true)
	for _, l := range q.Learned() {
		for i := range l.Value {
			l.Value[i] -= 0.4
		}
	}
	return q
}

// backward returns the gradients of Σ dy·y after a training step on x.
func backward(t testing.TB, q *fakequant.Quantizer, x, dy []float32) (y, dx []float32, dlearned [][]float32) {
	t.Helper()
	y, dx = make([]float32, len(x)), make([]float32, len(x))
	for _, l := range q.Learned() {
		dlearned = append(dlearned, make([]float32, len(l.Value)))
	}
	q.Begin()
	use := q.Use()
	if err := use.Forward(y, x); err != nil {
		t.Fatal(err)
	}
	if err := use.Backward(dx, dlearned, dy, x); err != nil {
		t.Fatal(err)
	}
	return y, dx, dlearned
}

// TestGradients checks each method's gradients by finite differences of its
// surrogate.
func TestGradients(t *testing.T) {
	rng := rand.New(rand.NewPCG(7, 8))
	x, dy := normal(rng, 24, 1), normal(rng, 24, 1)
	for _, cfg := range configs() {
		t.Run(cfg.Method.String(), func(t *testing.T) {
			q := calibrated(t, cfg, x)
			_, dx, dlearned := backward(t, q, x, dy)
			f := newSurrogate(q, x)
			for i := range x {
				if want := f.slope(&f.x[i], dy); math.Abs(want-float64(dx[i])) > 1e-4 {
					t.Errorf("dx[%d] = %v, surrogate's %v (x = %v)", i, dx[i], want, x[i])
				}
			}
			scale := 1.0 // LSQ's gradient scale
			switch cfg.Method {
			case fakequant.LSQ, fakequant.LSQPlus, fakequant.LearnedBinary, fakequant.LearnedTernary:
				scale = 1 / math.Sqrt(float64(len(x)/len(f.params.Scale))*float64(cfg.Format.Max()))
			}
			for k, l := range q.Learned() {
				for g := range l.Value {
					want := scale * f.slope(&f.values[k][g], dy)
					if cfg.Method != fakequant.LSQPlus || k == 0 {
						want /= f.unit(k, g) // the gradient of ln v, divided by v²
					}
					if math.Abs(want-float64(dlearned[k][g])) > 1e-3*math.Max(1, math.Abs(want)) {
						t.Errorf("%s[%d]: gradient %v, surrogate's %v", l.Name, g, dlearned[k][g], want)
					}
				}
			}
		})
	}
}

// TestIntegersGiveTheOutput checks that frozen integers are those of
// evaluation: s·(q − z) = y, bit by bit, with q in the format.
func TestIntegersGiveTheOutput(t *testing.T) {
	rng := rand.New(rand.NewPCG(9, 9))
	x := append(normal(rng, 21, 1), 0, 40, -40)
	for _, cfg := range configs() {
		q := calibrated(t, cfg, x)
		y, n := make([]float32, len(x)), make([]int32, len(x))
		if err := q.Apply(y, x); err != nil {
			t.Fatal(err)
		}
		if err := q.Quantize(n, x); err != nil {
			t.Fatal(err)
		}
		p := q.Params()
		for i := range x {
			g := i * len(p.Scale) / len(x)
			if !cfg.Format.Has(n[i]) {
				t.Errorf("%v: q = %d is not in %v", cfg.Method, n[i], cfg.Format)
			}
			if want := affine.Dequantize(n[i], p.Scale[g], p.Zero[g]); y[i] != want {
				t.Errorf("%v: y[%d] = %v, integers give %v", cfg.Method, i, y[i], want)
			}
		}
	}
}

// TestLearnedValuesStayPositive gives the optimizer every chance to break the
// scale: huge steps, NaN and infinities, in the parameters and the gradients.
func TestLearnedValuesStayPositive(t *testing.T) {
	nan, inf := float32(math.NaN()), float32(math.Inf(1))
	rng := rand.New(rand.NewPCG(10, 10))
	x := normal(rng, 24, 1)
	for _, cfg := range configs() {
		q := calibrated(t, cfg, x)
		for _, bad := range []float32{nan, inf, -inf, 1e30, -1e30, 0} {
			for _, l := range q.Learned() {
				l.Value[0] = bad
			}
			p := q.Params()
			if s := p.Scale[0]; !(s > 0) || s-s != 0 {
				t.Errorf("%v: parameter %v gives scale %v", cfg.Method, bad, s)
			}
			if z := p.Zero[0]; z < cfg.Format.Min() || z > cfg.Format.Max() {
				t.Errorf("%v: parameter %v gives zero point %d", cfg.Method, bad, z)
			}
			dy := slices.Repeat([]float32{bad}, 24)
			_, _, dlearned := backward(t, q, x, dy)
			for _, d := range slices.Concat(dlearned...) {
				if d-d != 0 {
					t.Errorf("%v: dy = %v gives gradient %v", cfg.Method, bad, d)
				}
			}
		}
	}
}

// TestLearningLowersTheError trains the learned tensors alone, by gradient
// descent on Σ (y − x)², from a range that is far too wide or, PACT's, narrow.
func TestLearningLowersTheError(t *testing.T) {
	rng := rand.New(rand.NewPCG(11, 11))
	x := normal(rng, 400, 1)
	for _, cfg := range configs() {
		cfg.Decay = 0
		q := calibrated(t, cfg, x)
		if len(q.Learned()) == 0 {
			continue
		}
		for k, l := range q.Learned() {
			for i := range l.Value {
				switch {
				case cfg.Method == fakequant.PACT:
					l.Value[i] -= 1.5 // nothing but its penalty narrows PACT's range
				case cfg.Method != fakequant.LSQPlus || k == 0:
					l.Value[i] += 1.5
				}
			}
		}
		if cfg.Method == fakequant.PACT {
			for i, v := range x {
				x[i] = float32(math.Abs(float64(v)))
			}
		}
		dy, first, last := make([]float32, len(x)), 0.0, 0.0
		for step := range 400 {
			y, _, _ := backward(t, q, x, dy)
			last = 0
			for i := range x {
				dy[i] = 2 * (y[i] - x[i])
				last += float64(dy[i]*dy[i]) / 4
			}
			if step == 0 {
				first = last
			}
			_, _, dlearned := backward(t, q, x, dy)
			for k, l := range q.Learned() {
				for i, d := range dlearned[k] {
					l.Value[i] -= 0.01 * float32(math.Tanh(float64(d)))
				}
			}
		}
		if last > first/2 {
			t.Errorf("%v: error %v after 400 steps, %v before", cfg.Method, last, first)
		}
	}
}

// TestObservedValuesDoNotLearn checks that numbers that follow the observer
// have no gradient, and start to learn from where it left them.
func TestObservedValuesDoNotLearn(t *testing.T) {
	rng := rand.New(rand.NewPCG(12, 12))
	x := normal(rng, 24, 1)
	for _, cfg := range configs() {
		q := calibrated(t, cfg, x)
		q.SetObserving(true)
		_, _, dlearned := backward(t, q, x, x)
		for _, d := range slices.Concat(dlearned...) {
			if d != 0 {
				t.Errorf("%v: gradient %v while observing", cfg.Method, d)
			}
		}
		q.SetObserving(false)
		before := q.Params()
		_, _, dlearned = backward(t, q, x, x)
		if after := q.Params(); !slices.Equal(before.Scale, after.Scale) {
			t.Errorf("%v: scale %v, the observer left it at %v", cfg.Method, after.Scale, before.Scale)
		}
		for k, d := range dlearned {
			if cfg.Method != fakequant.PACT && d[0] == 0 && !(cfg.Method == fakequant.LSQPlus && k == 1) {
				t.Errorf("%v: no gradient of learned tensor %d", cfg.Method, k)
			}
		}
	}
}

// A range whose lower end lies at 0 stays a range, whichever way an optimizer goes:
// one step does not make a tensor without negative numbers one of e²⁰.
func TestLearnedRangeFromZero(t *testing.T) {
	x, dy := normal(rand.New(rand.NewPCG(9, 10)), 64, 1), normal(rand.New(rand.NewPCG(9, 11)), 64, 1)
	for i := range x {
		x[i] = max(x[i], 0)
	}
	for _, rate := range []float32{0.3, -0.3} {
		q := calibrated(t, fakequant.Config{Format: affine.Format{Bits: 2}, Scheme: affine.Affine,
			Method: fakequant.LearnedRange}, x)
		before := q.Params().Scale[0]
		_, _, dlearned := backward(t, q, x, dy)
		for k, l := range q.Learned() {
			l.Value[0] -= rate * dlearned[k][0]
		}
		if after := q.Params().Scale[0]; after > 2*before || after < before/2 {
			t.Errorf("a step at %v takes the scale from %v to %v", rate, before, after)
		}
	}
}
