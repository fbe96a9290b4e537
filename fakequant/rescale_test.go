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
