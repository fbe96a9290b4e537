package fakequant_test

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"petrify/fakequant"
	"petrify/fakequant/affine"
)

// Channels that are multiplied by a factor keep their integers where the scales
// can be multiplied with them.
func TestRescaleKeepsTheIntegers(t *testing.T) {
	const channels, cols = 3, 40
	scheme := func(change func(*fakequant.Config)) fakequant.Config {
		c := fakequant.Bits(4).Weights
		change(&c)
		return c
	}
	for _, tt := range []struct {
		name    string
		config  fakequant.Config
		follows bool
	}{
		{"per channel", scheme(func(*fakequant.Config) {}), true},
		{"affine", scheme(func(c *fakequant.Config) { c.Scheme, c.Format.Narrow = affine.Affine, false }), true},
		{"learned", fakequant.FewBits(4).Weights, true},
		{"groups", scheme(func(c *fakequant.Config) {
			c.Granularity = affine.Granularity{Kind: affine.PerGroup, Axis: 1, Size: 10}
		}), true},
		{"per tensor", scheme(func(c *fakequant.Config) { c.Granularity = affine.Granularity{} }), false},
		{"power of two", scheme(func(c *fakequant.Config) { c.Scheme = affine.PowerOfTwo }), false},
		{"own grid", scheme(func(c *fakequant.Config) { c.Method = fakequant.DoReFa }), false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			q, err := fakequant.New("w", tt.config, channels, cols)
			if err != nil {
				t.Fatal(err)
			}
			rng := rand.New(rand.NewPCG(1, 2))
			w := make([]float32, channels*cols)
			for i := range w {
				w[i] = float32(rng.NormFloat64())
			}
			if err := q.Observe(w); err != nil {
				t.Fatal(err)
			}
			before, after, scales := make([]int32, len(w)), make([]int32, len(w)), q.Params().Scale
			if err := q.Quantize(before, w); err != nil {
				t.Fatal(err)
			}
			factors := []float32{0.9, 1, 1.3}
			if got := q.Rescale(factors); got != tt.follows {
				t.Fatalf("follows: %v, want %v", got, tt.follows)
			}
			if !tt.follows {
				if got := q.Params().Scale; !slices.Equal(got, scales) {
					t.Errorf("scales %v, want still %v", got, scales)
				}
				return
			}
			for i := range w {
				w[i] *= factors[i/cols]
			}
			if err := q.Quantize(after, w); err != nil || !slices.Equal(after, before) {
				t.Errorf("integers %v, %v, want %v", after, err, before)
			}
			for i, s := range q.Params().Scale {
				want := scales[i] * factors[i*channels/len(scales)]
				if math.Abs(float64(s/want)-1) > 1e-6 {
					t.Errorf("scale %d is %v, want %v", i, s, want)
				}
			}
		})
	}
}

// What is learned of channels that are multiplied by factors follows them: no
// integer changes, and a gradient step on a scale is one on the scale divided by
// the factor. Other quantizers take no notice.
func TestScalesFollowFactors(t *testing.T) {
	const channels, cols = 3, 40
	few := func(change func(*fakequant.Config)) fakequant.Config {
		c := fakequant.FewBits(3).Weights
		change(&c)
		return c
	}
	toAffine := func(m fakequant.Method) fakequant.Config {
		return few(func(c *fakequant.Config) { c.Method, c.Scheme, c.Format.Narrow = m, affine.Affine, false })
	}
	for _, tt := range []struct {
		name    string
		config  fakequant.Config
		follows bool
	}{
		{"learned scales", few(func(*fakequant.Config) {}), true},
		{"of groups", few(func(c *fakequant.Config) {
			c.Granularity = affine.Granularity{Kind: affine.PerGroup, Axis: 1, Size: 10}
		}), true},
		{"with zero points", toAffine(fakequant.LSQPlus), true},
		{"squeezed weights", few(func(c *fakequant.Config) { c.Method = fakequant.DoReFa }), true},
		{"squeezed weights with one scale", few(func(c *fakequant.Config) {
			c.Method, c.Granularity = fakequant.DoReFa, affine.Granularity{}
		}), false},
		{"learned ranges", toAffine(fakequant.LearnedRange), false},
		{"one scale", few(func(c *fakequant.Config) { c.Granularity = affine.Granularity{} }), false},
		{"observed scales", fakequant.Bits(3).Weights, false},
		{"pact", few(func(c *fakequant.Config) { c.Method = fakequant.PACT }), false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			q, err := fakequant.New("w", tt.config, channels, cols)
			if err != nil {
				t.Fatal(err)
			}
			factors := []float32{1, -2, 0.5}
			q.FollowFactors(channels, func(c int) float32 { return factors[c] })
			rng := rand.New(rand.NewPCG(1, 2))
			w, dy := make([]float32, channels*cols), make([]float32, channels*cols)
			for i := range w {
				w[i], dy[i] = float32(rng.NormFloat64())*factors[i/cols], float32(rng.NormFloat64())
			}
			before, scales, dlearned := follow(t, q, w, dy)
			was := slices.Clone(factors)
			for c, f := range []float32{4, -0.5, 2} { // powers of two round nothing
				for i := c * cols; i < (c+1)*cols; i++ {
					w[i] *= f / factors[c]
				}
				factors[c] = f
			}
			after, moved, now := follow(t, q, w, dy)
			if got := q.FollowsFactors(); got != tt.follows || slices.Equal(before, after) != tt.follows {
				t.Fatalf("follows: %v, the same integers: %v, want %v", got, slices.Equal(before, after), tt.follows)
			}
			if !tt.follows {
				return
			}
			for g, s := range scales {
				ratio := factors[g*channels/len(scales)] / was[g*channels/len(scales)]
				if !near(moved[g], s*ratio) {
					t.Errorf("scale %d is %v, want %v", g, moved[g], s*ratio)
				}
				if dlearned != nil && !near(now[g], dlearned[g]*ratio) { // of what the scale is a multiple of f
					t.Errorf("gradient %d is %v, want %v", g, now[g], dlearned[g]*ratio)
				}
			}
		})
	}
}

// follow observes w the first time, and returns its integers, the scales, and the
// gradient of the first learned tensor.
func follow(t *testing.T, q *fakequant.Quantizer, w, dy []float32) (integers []int32, scale, dlearned []float32) {
	t.Helper()
	q.SetEnabled(true)
	if q.Observed() == 0 {
		if err := q.Observe(w); err != nil {
			t.Fatal(err)
		}
	}
	integers = make([]int32, len(w))
	if err := q.Quantize(integers, w); err != nil {
		t.Fatal(err)
	}
	var d [][]float32
	for _, l := range q.Learned() {
		d = append(d, make([]float32, len(l.Value)))
	}
	u := q.Use()
	q.Begin()
	y, dx := make([]float32, len(w)), make([]float32, len(w))
	if err := u.Forward(y, w); err != nil {
		t.Fatal(err)
	}
	if err := u.Backward(dx, d, dy, w); err != nil {
		t.Fatal(err)
	}
	if len(d) == 0 {
		d = append(d, nil)
	}
	return integers, q.Params().Scale, d[0]
}

func near(a, b float32) bool { return math.Abs(float64(a-b)) <= 1e-5*math.Abs(float64(b)) }
