package observers_test

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"petrify/fakequant/affine"
	"petrify/observers"
)

// laplace returns n samples with heavier tails than a normal distribution.
func laplace(rng *rand.Rand, n int) []float32 {
	x := make([]float32, n)
	for i := range x {
		x[i] = float32(rng.ExpFloat64() * float64(2*rng.IntN(2)-1))
	}
	return x
}

func TestPercentileIsTheSortedOne(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 1))
	for _, n := range []int{1, 2, 7, 100, 1001} {
		x := laplace(rng, n)
		for i := range x[:n/3] { // ties
			x[i] = x[0]
		}
		sorted, sizes := slices.Sorted(slices.Values(x)), make([]float32, n)
		for i, v := range x {
			sizes[i] = float32(math.Abs(float64(v)))
		}
		slices.Sort(sizes)
		for _, p := range []float64{50.1, 90, 99, 100} {
			k := max(1, min(n, int(math.Floor(p/100*float64(n)+0.5))))
			for _, test := range []struct {
				target   observers.Target
				min, max float32
			}{
				{target(1), -sizes[k-1], sizes[k-1]},
				{observers.Target{Layout: affine.Layout{N: 1}, Format: affine.Uint8, Scheme: affine.Affine},
					sorted[n-k], sorted[k-1]},
			} {
				exact := newOf(t, observers.Config{Kind: observers.Percentile, Percentile: p}, test.target)
				observe(t, exact, x)
				if lo, hi, _ := rangeOf(exact); lo != test.min || hi != test.max {
					t.Errorf("n = %d, p = %v: %v..%v, want %v..%v", n, p, lo, hi, test.min, test.max)
				}
				stream := newOf(t, observers.Config{Kind: observers.StreamingPercentile, Percentile: p}, test.target)
				observe(t, stream, x[:n/2+1])
				if n/2+1 < n {
					observe(t, stream, x[n/2+1:])
				}
				lo, hi, _ := rangeOf(stream)
				within := func(got, want float32) bool {
					return math.Abs(float64(got-want)) <= math.Abs(float64(want))/128
				}
				if !within(lo, test.min) || !within(hi, test.max) {
					t.Errorf("n = %d, p = %v: streaming %v..%v, want %v..%v", n, p, lo, hi, test.min, test.max)
				}
			}
		}
	}
}

// squaredError is the error of quantizing x with the scale of a range.
func squaredError(x []float32, lo, hi float32, t observers.Target) float64 {
	s, z := t.Dialect.Choose(lo, hi, t.Format, t.Scheme)
	sum := 0.0
	for _, v := range x {
		d := float64(v) - float64(affine.Fake(v, s, z, t.Format))
		sum += d * d
	}
	return sum
}

// TestSearchesLowerTheError compares each searching observer with the full
// range, and mse with every symmetric range, on the values themselves.
func TestSearchesLowerTheError(t *testing.T) {
	rng := rand.New(rand.NewPCG(2, 3))
	x := laplace(rng, 4000)
	for _, bits := range []int{2, 3, 4, 8} {
		for _, tg := range []observers.Target{
			{Layout: affine.Layout{N: 1}, Format: affine.Format{Bits: bits}},
			{Layout: affine.Layout{N: 1}, Format: affine.Format{Bits: bits, Unsigned: true}, Scheme: affine.Affine},
		} {
			full := newOf(t, observers.Config{Kind: observers.MinMax}, tg)
			observe(t, full, x)
			lo, hi, _ := rangeOf(full)
			atFull := squaredError(x, lo, hi, tg)
			for _, kind := range []observers.Kind{observers.MSE, observers.Histogram} {
				o := newOf(t, observers.Config{Kind: kind}, tg)
				observe(t, o, x)
				a, b, _ := rangeOf(o)
				if e := squaredError(x, a, b, tg); e > atFull*1.01 {
					t.Errorf("%v, %v: error %v with %v..%v, more than %v of the full range", kind, tg.Format, e, a,
						b, atFull)
				}
				if a < lo || b > hi {
					t.Errorf("%v, %v: %v..%v is wider than what was seen", kind, tg.Format, a, b)
				}
			}
			o := newOf(t, observers.Config{Kind: observers.MSE}, tg)
			observe(t, o, x)
			a, b, _ := rangeOf(o)
			got, least := squaredError(x, a, b, tg), math.Inf(1)
			for n := range 200 {
				m := float32(n+1) / 200
				least = min(least, squaredError(x, m*lo, m*hi, tg))
			}
			if got > least*1.02 {
				t.Errorf("mse, %v %v: error %v, best symmetric range %v", tg.Format, tg.Scheme, got, least)
			}
		}
	}
}

// TestEntropy checks the threshold where it is known: an outlier far out is
// given up, a uniform distribution is kept whole.
func TestEntropy(t *testing.T) {
	tg := observers.Target{Layout: affine.Layout{N: 1}, Format: affine.Format{Bits: 4}}
	rng := rand.New(rand.NewPCG(5, 5))
	uniform := make([]float32, 20000)
	for i := range uniform {
		uniform[i] = 2*rng.Float32() - 1
	}
	o := newOf(t, observers.Config{Kind: observers.Entropy}, tg)
	observe(t, o, uniform)
	if lo, hi, _ := rangeOf(o); lo > -0.99 || hi < 0.99 {
		t.Errorf("uniform in −1..1: %v..%v", lo, hi)
	}
	observe(t, o, []float32{30})
	if lo, hi, _ := rangeOf(o); lo > -0.99 || hi < 0.99 || hi > 2 {
		t.Errorf("uniform in −1..1 and a 30: %v..%v", lo, hi)
	}
}

// TestHistogramKeepsTheEdges is the case where PyTorch 1.13 loses values.
func TestHistogramKeepsTheEdges(t *testing.T) {
	x := make([]float32, 1000)
	for i := range x {
		x[i] = -1.9 + 3.8*float32(i)/999
	}
	sound, torch := newOf(t, observers.Config{Kind: observers.Histogram}, target(1)),
		newOf(t, observers.Config{Kind: observers.TorchHistogram}, target(1))
	observe(t, sound, x)
	observe(t, torch, x)
	counted := func(o observers.Observer) (n float64) {
		for _, s := range o.State() {
			if s.Name != "counts" {
				continue
			}
			for _, c := range s.I64 {
				n += float64(c)
			}
			for _, c := range s.F32 {
				n += float64(c)
			}
		}
		return n
	}
	if n := counted(sound); n != 1000 {
		t.Errorf("histogram counted %v of 1000", n)
	}
	if n := counted(torch); n != 526 {
		t.Errorf("torch_histogram counted %v of 1000, PyTorch 526", n)
	}
}

func TestMomentsAgainstTwoPasses(t *testing.T) {
	rng := rand.New(rand.NewPCG(4, 4))
	x := laplace(rng, 999)
	sum, sizes, square := 0.0, 0.0, 0.0
	for _, v := range x {
		sum += float64(v)
		sizes += math.Abs(float64(v))
	}
	mean := sum / 999
	for _, v := range x {
		square += (float64(v) - mean) * (float64(v) - mean)
	}
	r := 2.5 * math.Sqrt(square/999)
	step := 2 * sizes / 999 / math.Sqrt(127)
	for _, test := range []struct {
		config   observers.Config
		min, max float64
	}{
		{observers.Config{Kind: observers.MeanSigma, Sigmas: 2.5}, mean - r, mean + r},
		{observers.Config{Kind: observers.MeanAbs}, -step * 127, step * 127},
	} {
		o := newOf(t, test.config, target(1))
		for batch := range slices.Chunk(x, 100) {
			observe(t, o, batch)
		}
		lo, hi, _ := rangeOf(o)
		if math.Abs(float64(lo)-test.min) > 1e-5 || math.Abs(float64(hi)-test.max) > 1e-5 {
			t.Errorf("%v: %v..%v, want %v..%v", test.config.Kind, lo, hi, test.min, test.max)
		}
	}
}

// TestTorchHistogramRefuses checks that ranges for which PyTorch would run out
// of memory, or count in bins without width, are errors.
func TestTorchHistogramRefuses(t *testing.T) {
	for name, batches := range map[string][][]float32{
		"a range that grows a thousandfold": {{0, 1}, {0, 1000}},
		"a range that overflows":            {{-3e38, 3e38}},
		"a range of subnormal numbers":      {{0, 1e-40}},
	} {
		o := newOf(t, observers.Config{Kind: observers.TorchHistogram}, target(1))
		var err error
		for _, x := range batches {
			_, err = o.Observe(x)
		}
		if err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}

// TestMSEForgets: last_mse knows the last tensor alone, and mse follows values that
// shrink, as it halves what it has counted.
func TestMSEForgets(t *testing.T) {
	rng := rand.New(rand.NewPCG(6, 7))
	wide, narrow := laplace(rng, 2000), laplace(rng, 2000)
	for i := range narrow {
		narrow[i] /= 16
	}
	tg := observers.Target{Layout: affine.Layout{N: 1}, Format: affine.Format{Bits: 4}}
	alone := newOf(t, observers.Config{Kind: observers.MSE}, tg)
	observe(t, alone, narrow)
	_, want, _ := rangeOf(alone)

	last := newOf(t, observers.Config{Kind: observers.LastMSE}, tg)
	observe(t, last, wide)
	observe(t, last, narrow)
	if _, got, _ := rangeOf(last); got != want {
		t.Errorf("last_mse: 0..%v, want that of the last tensor, 0..%v", got, want)
	}

	whole := newOf(t, observers.Config{Kind: observers.MSE}, tg)
	for range 64 {
		observe(t, whole, wide)
	}
	_, before, _ := rangeOf(whole)
	for range 1000 {
		observe(t, whole, narrow)
	}
	if _, got, _ := rangeOf(whole); got > before/8 || got < 0.9*want {
		t.Errorf("mse: 0..%v after wider values, want it to come from 0..%v near 0..%v", got, before, want)
	}
}

// TestLastMSERemembersOnlyEqualTensors: whatever comes in whatever order, also memories of
// others, last_mse answers as one that has seen the last tensor alone.
func TestLastMSERemembersOnlyEqualTensors(t *testing.T) {
	rng := rand.New(rand.NewPCG(8, 9))
	tg := observers.Target{Layout: affine.Layout{N: 2, Inner: 1}, Format: affine.Format{Bits: 4}}
	nan, zero := float32(math.NaN()), float32(math.Copysign(0, -1))
	tensors := [][]float32{laplace(rng, 40), laplace(rng, 40), make([]float32, 40), {zero, 0}, {0, zero}, {nan, 1}, {1, nan}}
	o := newOf(t, observers.Config{Kind: observers.LastMSE}, tg)
	for i := range 500 {
		x := tensors[rng.IntN(len(tensors))]
		if n := rng.IntN(len(x)); i%5 == 0 { // in place, as weights move
			x[n] = rng.Float32()
		}
		alone := newOf(t, observers.Config{Kind: observers.LastMSE}, tg)
		want, err := alone.Observe(x)
		if err != nil {
			t.Fatal(err)
		}
		if i%7 == 3 {
			if err := o.Restore(alone.State()); err != nil {
				t.Fatal(err)
			}
		} else if got, err := o.Observe(x); err != nil || got != want {
			t.Fatalf("tensor %d: %d values that are not finite, %v; want %d", i, got, err, want)
		}
		for range rng.IntN(3) {
			var a, b [2][2]float32
			if got, want := o.Range(a[0][:], a[1][:]), alone.Range(b[0][:], b[1][:]); got != want || !sameBits(a, b) {
				t.Fatalf("tensor %d: %v %v, want %v %v", i, got, a, want, b)
			}
		}
	}
}

func sameBits(a, b [2][2]float32) bool {
	for i := range a {
		for j := range a[i] {
			if math.Float32bits(a[i][j]) != math.Float32bits(b[i][j]) {
				return false
			}
		}
	}
	return true
}
