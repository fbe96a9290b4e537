package observers_test

import (
	"encoding/binary"
	"math"
	"slices"
	"testing"

	"petrify/fakequant/affine"
	"petrify/observers"
)

// configs has every observer, with the constants that it needs.
func configs() []observers.Config {
	var all []observers.Config
	for _, k := range observers.Kinds() {
		c := observers.Config{Kind: k}
		if k == observers.Fixed {
			c.Min, c.Max = -1, 3
		}
		all = append(all, c)
	}
	return all
}

func target(n int) observers.Target {
	return observers.Target{Layout: affine.Layout{N: n}, Format: affine.Int8}
}

func newOf(t testing.TB, c observers.Config, target observers.Target) observers.Observer {
	t.Helper()
	o, err := observers.New(c, target)
	if err != nil {
		t.Fatal(err)
	}
	return o
}

// tame replaces what TorchHistogram refuses, which counts in float32 and widens its
// range by a factor of 512 at most: numbers become multiples of 1/16 within −8..9.
func tame(c observers.Config, x []float32) []float32 {
	if c.Kind != observers.TorchHistogram {
		return x
	}
	x = slices.Clone(x)
	for i, v := range x {
		if v-v == 0 {
			x[i] = float32(math.Round(16*math.Mod(float64(v), 8))/16) + float32(i%2)
		}
	}
	return x
}

func observe(t testing.TB, o observers.Observer, x []float32) {
	t.Helper()
	if _, err := o.Observe(x); err != nil {
		t.Fatal(err)
	}
}

// sameAs fails unless two observers of n groups have one state and one range.
func sameAs(t *testing.T, what string, got, want observers.Observer, n int) {
	t.Helper()
	if !slices.EqualFunc(got.State(), want.State(), func(a, b observers.State) bool {
		return a.Name == b.Name && slices.Equal(a.Shape, b.Shape) &&
			slices.Equal(a.F32, b.F32) && slices.Equal(a.F64, b.F64) && slices.Equal(a.I64, b.I64)
	}) {
		t.Errorf("%s: states differ", what)
	}
	min, max, wantMin, wantMax := make([]float32, n), make([]float32, n), make([]float32, n), make([]float32, n)
	got.Range(min, max)
	want.Range(wantMin, wantMax)
	if !slices.Equal(min, wantMin) || !slices.Equal(max, wantMax) {
		t.Errorf("%s: range %v..%v, want %v..%v", what, min, max, wantMin, wantMax)
	}
}

// floats reads float32 values out of a fuzzer's bytes, eight at least.
func floats(data []byte) []float32 {
	x := make([]float32, max(8, len(data)/4&^7))
	for i := 0; i < len(x) && 4*i+4 <= len(data); i++ {
		x[i] = math.Float32frombits(binary.LittleEndian.Uint32(data[4*i:]))
	}
	return x
}

func seeds(f *testing.F) {
	f.Add([]byte{})
	f.Add([]byte{0, 0, 128, 63, 0, 0, 0, 192, 0, 0, 192, 127, 0, 0, 128, 127, 1, 0, 0, 0, 255, 255, 127, 127})
	normal := make([]byte, 0, 256)
	for i := range 64 {
		normal = binary.LittleEndian.AppendUint32(normal, math.Float32bits(float32(math.Sin(float64(i*i)))*3))
	}
	f.Add(normal)
	f.Add([]byte{0, 0, 128, 63, 0, 0, 0, 180, 0, 0, 192, 127}) // 1 and almost 1, then 0
}

// FuzzResume checks that an observer that is saved, and restored into a fresh
// one, continues like one that was not interrupted.
func FuzzResume(f *testing.F) {
	seeds(f)
	f.Fuzz(func(t *testing.T, data []byte) {
		x := floats(data)
		half := len(x) / 2
		for _, c := range configs() {
			x := tame(c, x)
			whole, first, second := newOf(t, c, target(1)), newOf(t, c, target(1)), newOf(t, c, target(1))
			observe(t, whole, x[:half])
			observe(t, whole, x[half:])
			observe(t, first, x[:half])
			if err := second.Restore(first.State()); err != nil {
				t.Fatal(err)
			}
			observe(t, second, x[half:])
			sameAs(t, c.Kind.String()+", resumed", second, whole, 1)
		}
	})
}

// FuzzGroups checks that one group of several is the observer of that group
// alone, that layouts with and without an inner length agree, and that
// non-finite values are counted and change nothing.
func FuzzGroups(f *testing.F) {
	seeds(f)
	f.Fuzz(func(t *testing.T, data []byte) {
		x := floats(data)
		half := len(x) / 2
		bad := 0
		var clean []float32
		for _, v := range x[:half] {
			if v-v != 0 {
				bad++
			} else {
				clean = append(clean, v)
			}
		}
		for _, c := range configs() {
			if c.Kind == observers.TorchHistogram {
				continue // per tensor, and not for ranges near the end of float32
			}
			both, alone := newOf(t, c, target(2)), newOf(t, c, target(1))
			observe(t, both, x)
			nonFinite, err := alone.Observe(x[:half])
			if err != nil {
				t.Fatal(err)
			}
			if nonFinite != bad {
				t.Errorf("%v: %d values not finite, want %d", c.Kind, nonFinite, bad)
			}
			var lo, hi [2]float32
			both.Range(lo[:], hi[:])
			gotLo, gotHi, ok := rangeOf(alone)
			if ok && (gotLo != lo[0] || gotHi != hi[0]) {
				t.Errorf("%v: alone %v..%v, among two %v..%v", c.Kind, gotLo, gotHi, lo[0], hi[0])
			}
			if gotLo-gotLo != 0 || gotHi-gotHi != 0 || gotLo > gotHi {
				t.Errorf("%v: range %v..%v of %v", c.Kind, gotLo, gotHi, x[:half])
			}
			if len(clean) == 0 {
				if ok {
					t.Errorf("%v: a range of nothing", c.Kind)
				}
				continue
			}
			without := newOf(t, c, target(1))
			observe(t, without, clean)
			if lo, hi, _ := rangeOf(without); lo != gotLo || hi != gotHi {
				t.Errorf("%v: %v..%v with the non-finite values, %v..%v without", c.Kind, gotLo, gotHi, lo, hi)
			}
		}
	})
}

func TestInnerLayout(t *testing.T) {
	// Three channels in the last axis, as in N H W C.
	x := []float32{1, 10, 100, 2, 20, 200, -3, 30, 300, 4, -40, 400}
	for _, c := range configs() {
		if c.Kind == observers.TorchHistogram {
			continue
		}
		o := newOf(t, c, observers.Target{Layout: affine.Layout{N: 3, Inner: 1}, Format: affine.Int8})
		observe(t, o, x)
		var lo, hi [3]float32
		o.Range(lo[:], hi[:])
		for i := range 3 {
			alone := newOf(t, c, target(1))
			observe(t, alone, []float32{x[i], x[3+i], x[6+i], x[9+i]})
			if a, b, _ := rangeOf(alone); a != lo[i] || b != hi[i] {
				t.Errorf("%v: channel %d: %v..%v, want %v..%v", c.Kind, i, lo[i], hi[i], a, b)
			}
		}
	}
}

func TestRestoreRejects(t *testing.T) {
	o := newOf(t, observers.Config{}, target(2))
	good := o.State()
	renamed := slices.Clone(good)
	renamed[0].Name = "minimum"
	for name, state := range map[string][]observers.State{
		"nothing":          nil,
		"another length":   newOf(t, observers.Config{}, target(3)).State(),
		"another observer": newOf(t, observers.Config{Kind: observers.MeanAbs}, target(2)).State(),
		"another name":     renamed,
	} {
		if err := o.Restore(state); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}

func TestNewRejects(t *testing.T) {
	int8 := affine.Int8
	for name, test := range map[string]struct {
		config observers.Config
		target observers.Target
	}{
		"torch_histogram per channel": {observers.Config{Kind: observers.TorchHistogram}, target(2)},
		"no groups":                   {observers.Config{}, observers.Target{Format: int8}},
		"no format":                   {observers.Config{}, observers.Target{Layout: affine.Layout{N: 1}}},
		"a bad constant":              {observers.Config{Constant: 2}, target(1)},
		"more counts than memory":     {observers.Config{Kind: observers.StreamingPercentile}, target(37_744)},
		"more bins than memory":       {observers.Config{Kind: observers.MSE}, target(200_000)},
	} {
		if _, err := observers.New(test.config, test.target); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}

func TestObserveRejectsLengths(t *testing.T) {
	for _, c := range configs() {
		if c.Kind == observers.TorchHistogram {
			continue
		}
		if _, err := newOf(t, c, target(3)).Observe(make([]float32, 7)); err == nil {
			t.Errorf("%v: 7 values in 3 groups: no error", c.Kind)
		}
	}
}
