package fakequant_test

import (
	"encoding/binary"
	"math"
	"slices"
	"testing"

	"petrify/fakequant"
	"petrify/fakequant/affine"
)

// finite24 reads 24 finite float32 values of ordinary size out of a fuzzer's
// bytes.
func finite24(data []byte) []float32 {
	x := make([]float32, 24)
	for i := range x {
		if 4*i+4 > len(data) {
			break
		}
		v := math.Float32frombits(binary.LittleEndian.Uint32(data[4*i:]))
		if v-v == 0 {
			x[i] = float32(math.Mod(float64(v), 1024))
		}
	}
	return x
}

func seeds(f *testing.F) {
	f.Add([]byte{})
	f.Add([]byte{0, 0, 128, 63, 0, 0, 0, 192, 0, 0, 32, 64, 1, 0, 0, 0, 255, 255, 127, 127})
	waves := make([]byte, 0, 96)
	for i := range 24 {
		waves = binary.LittleEndian.AppendUint32(waves, math.Float32bits(float32(math.Sin(float64(i*i)))*3))
	}
	f.Add(waves)
}

// apply returns q's evaluation of x.
func apply(t testing.TB, q *fakequant.Quantizer, x []float32) []float32 {
	t.Helper()
	y := make([]float32, len(x))
	if err := q.Apply(y, x); err != nil {
		t.Fatal(err)
	}
	return y
}

// FuzzLaws checks what holds for every method in evaluation, and, for those
// that round to a grid with 0 on it, that 0 stays 0 and no value inside the
// range moves by more than half a step.
func FuzzLaws(f *testing.F) {
	seeds(f)
	f.Fuzz(func(t *testing.T, data []byte) {
		x := finite24(data)
		for _, cfg := range configs() {
			q := calibrated(t, cfg, x)
			y, p := apply(t, q, x), q.Params()
			m := cfg.Method
			if again := apply(t, q, y); m != fakequant.DoReFa && !slices.Equal(again, y) {
				t.Errorf("%v: not idempotent: %v → %v → %v", m, x, y, again)
			}
			for i := range x {
				s, z := p.Scale[i*len(p.Scale)/24], p.Zero[i*len(p.Scale)/24]
				for j := i - i%6; j < i-i%6+6; j++ { // the same channel
					if x[j] > x[i] && y[j] < y[i] {
						t.Errorf("%v: not monotone: %v → %v, %v → %v", m, x[i], y[i], x[j], y[j])
					}
				}
				if m.Traits().OwnGrid {
					continue
				}
				if e := math.Abs(float64(y[i]) - float64(x[i])); (affine.Arithmetic{}).Inside(x[i], s, z, cfg.Format) &&
					e > float64(s)/2+0x1p-22*math.Abs(float64(x[i])) {
					t.Errorf("%v: %v → %v, more than half of %v away", m, x[i], y[i], s)
				}
			}
			if zero := apply(t, q, make([]float32, 24)); m != fakequant.DoReFa && cfg.Format != affine.Binary &&
				!slices.Equal(zero, make([]float32, 24)) {
				t.Errorf("%v: 0 → %v", m, zero)
			}
		}
	})
}

// FuzzGranularity checks that a single channel equals the tensor, and a block
// as long as the axis the channel: in scales, outputs and gradients.
func FuzzGranularity(f *testing.F) {
	seeds(f)
	f.Fuzz(func(t *testing.T, data []byte) {
		x := finite24(data)
		for _, cfg := range configs() {
			for _, pair := range []struct {
				a, b  affine.Granularity
				shape []int
			}{
				{affine.Granularity{}, affine.Granularity{Kind: affine.PerChannel}, []int{1, 24}},
				{affine.Granularity{Kind: affine.PerChannel},
					affine.Granularity{Kind: affine.PerGroup, Axis: 1, Size: 6}, []int{4, 6}},
			} {
				var y, dx [2][]float32
				var dlearned [2][][]float32
				var p [2]affine.Params
				for i, g := range []affine.Granularity{pair.a, pair.b} {
					cfg.Granularity = g
					q, err := fakequant.New("q", cfg, pair.shape...)
					if err != nil {
						t.Fatal(err)
					}
					if err := q.Observe(x); err != nil {
						t.Fatal(err)
					}
					q.SetEnabled(true)
					y[i], dx[i], dlearned[i] = backward(t, q, x, x)
					p[i] = q.Params()
				}
				if !slices.Equal(p[0].Scale, p[1].Scale) || !slices.Equal(p[0].Zero, p[1].Zero) {
					t.Errorf("%v, %v and %v: scales %v, %v", cfg.Method, pair.a, pair.b, p[0], p[1])
				}
				if !slices.Equal(y[0], y[1]) || !slices.Equal(dx[0], dx[1]) ||
					!slices.EqualFunc(dlearned[0], dlearned[1], slices.Equal) {
					t.Errorf("%v, %v and %v: outputs or gradients differ", cfg.Method, pair.a, pair.b)
				}
			}
		}
	})
}
