package sound

import (
	"encoding/binary"
	"hash/crc32"
	"math"
	"math/rand/v2"
	"slices"
	"testing"
)

// keywords is the front-end of keyword spotting: 49 frames of 40 ms.
var keywords = Front{Rate: 16000, Length: 16000, Window: 640, Hop: 320, FFT: 1024, Mels: 40, Low: 20, High: 4000,
	Coefficients: 10}

// definition computes features as the equations say, in float64.
func definition(f Front, samples []int16) (features []float64) {
	mel := func(hertz float64) float64 { return 1127 * math.Log1p(hertz/700) }
	low, high := mel(f.Low), mel(f.High)
	for at := 0; at+f.Window <= f.Length; at += f.Hop {
		bands := make([]float64, f.Mels)
		for k := 1; k <= f.FFT/2; k++ {
			var re, im float64
			for i := range f.Window {
				x := float64(samples[at+i]) / 32768 * (0.5 - 0.5*math.Cos(2*math.Pi*float64(i)/float64(f.Window)))
				phase := 2 * math.Pi * float64(i*k%f.FFT) / float64(f.FFT)
				re, im = re+x*math.Cos(phase), im-x*math.Sin(phase)
			}
			place := (mel(float64(k)*float64(f.Rate)/float64(f.FFT)) - low) / (high - low) * float64(f.Mels+1)
			for i := range bands {
				bands[i] += math.Hypot(re, im) * max(0, 1-math.Abs(place-float64(i+1)))
			}
		}
		for i := range bands {
			bands[i] = math.Log(bands[i] + 1e-6)
		}
		if f.Coefficients == 0 {
			features = append(features, bands...)
			continue
		}
		for k := range f.Coefficients {
			sum := 0.0
			for i, b := range bands {
				sum += b * math.Cos(math.Pi*float64(k)*(float64(i)+0.5)/float64(f.Mels))
			}
			features = append(features, sum*math.Sqrt(2/float64(f.Mels)))
		}
	}
	return features
}

func noise(n int, seed uint64) []int16 {
	r := rand.New(rand.NewPCG(seed, 0))
	all := make([]int16, n)
	for i := range all {
		all[i] = int16(r.NormFloat64()*3000 + 8000*math.Sin(float64(i)*(0.1+float64(i)/float64(8*n))))
	}
	return all
}

func TestFeaturesAreThoseOfTheDefinition(t *testing.T) {
	for name, f := range fronts() {
		t.Run(name, func(t *testing.T) {
			if err := f.Validate(); err != nil {
				t.Fatal(err)
			}
			samples := noise(f.Length, 1)
			got := make([]float32, f.Frames()*f.Features())
			NewEar(f.Tables()).Hear(got, samples)
			want := definition(f, samples)
			if len(want) != len(got) {
				t.Fatalf("%d features, want %d", len(got), len(want))
			}
			for i := range want {
				if d := math.Abs(float64(got[i]) - want[i]); d > 2e-5 {
					t.Fatalf("feature %d is %v, want %v", i, got[i], want[i])
				}
			}
		})
	}
}

// fronts are front-ends of every kind: with and without DCT, windows as long as the FFT and
// shorter, odd ones, hops longer than windows, bands to half the rate and from 0 Hz.
func fronts() map[string]Front {
	short := keywords
	short.Length = 960
	with := func(change func(f *Front)) Front {
		f := short
		change(&f)
		return f
	}
	return map[string]Front{
		"MFCC":              short,
		"log-mel":           with(func(f *Front) { f.Coefficients = 0 }),
		"all coefficients":  with(func(f *Front) { f.Coefficients = f.Mels }),
		"30 ms":             with(func(f *Front) { f.Window, f.FFT = 480, 512 }),
		"window is FFT":     with(func(f *Front) { f.Window = 512; f.FFT = 512 }),
		"odd window":        with(func(f *Front) { f.Window = 333 }),
		"hop beyond window": with(func(f *Front) { f.Window, f.Hop, f.FFT, f.Mels = 100, 250, 128, 12 }),
		"whole spectrum":    with(func(f *Front) { f.Low, f.High, f.FFT = 0, 8000, 2048 }),
		"least":             {Rate: 1000, Length: 8, Window: 2, Hop: 1, FFT: 8, Mels: 1, High: 500},
	}
}

func TestLoudestAndQuietestSoundsAreFinite(t *testing.T) {
	ear := NewEar(keywords.Tables())
	features := make([]float32, keywords.Frames()*keywords.Features())
	for name, sample := range map[string]func(i int) int16{
		"silence":     func(int) int16 { return 0 },
		"least":       func(int) int16 { return math.MinInt16 },
		"alternating": func(i int) int16 { return []int16{math.MinInt16, math.MaxInt16}[i%2] },
	} {
		samples := make([]int16, keywords.Length)
		for i := range samples {
			samples[i] = sample(i)
		}
		ear.Hear(features, samples)
		for i, v := range features {
			if v-v != 0 {
				t.Errorf("%s: feature %d is %v", name, i, v)
			}
		}
	}
}

func TestExactFunctions(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 1))
	for range 100_000 {
		x := r.Float64()*8 - 4
		if d := math.Abs(sinPi(x) - math.Sin(math.Pi*x)); d > 2e-15 {
			t.Fatalf("sin π·%v is off by %v", x, d)
		}
		y := math.Exp(r.Float64()*40 - 20)
		if d := math.Abs(ln(y) - math.Log(y)); d > 4e-16*max(1, math.Abs(math.Log(y))) {
			t.Fatalf("ln %v is off by %v", y, d)
		}
		z := float32(y)
		want := math.Log(float64(z))
		if d := math.Abs(float64(Logarithm(z)) - want); d > 1.2e-7*max(0.5, math.Abs(want)) {
			t.Fatalf("ln %v in float32 is off by %v", z, d)
		}
	}
	for x, want := range map[float64]float64{0: 0, 0.5: 1, 1: 0, 1.5: -1, -0.5: -1, 2: 0} {
		if got := sinPi(x); got != want {
			t.Errorf("sin π·%v = %v, want %v", x, got, want)
		}
	}
}

func BenchmarkHear(b *testing.B) {
	ear := NewEar(keywords.Tables())
	features, samples := make([]float32, keywords.Frames()*keywords.Features()), noise(keywords.Length, 1)
	for b.Loop() {
		ear.Hear(features, samples)
	}
}

// The same bits on every processor: of all tables and of the features of noise.
func TestFeaturesAreTheSameEverywhere(t *testing.T) {
	r := rand.New(rand.NewPCG(7, 7))
	samples := make([]int16, keywords.Length)
	for i := range samples {
		samples[i] = int16(r.Uint32() >> uint(16+i/2000))
	}
	features := make([]float32, keywords.Frames()*keywords.Features())
	NewEar(keywords.Tables()).Hear(features, samples)
	for name, c := range map[string]struct {
		value any
		want  uint32
	}{"tables": {tablesOf(keywords.Tables()), 0x01522993}, "features": {features, 0xb6372215},
		"kernel": {kernel(), 0x68ec5524}} {
		sum := crc32.NewIEEE()
		if err := binary.Write(sum, binary.LittleEndian, c.value); err != nil {
			t.Fatal(err)
		}
		if got := sum.Sum32(); got != c.want {
			t.Errorf("CRC-32 of the %s is %#08x, want %#08x", name, got, c.want)
		}
	}
}

func tablesOf(t Tables) []float32 { return slices.Concat(t.Hann, t.Cosine, t.Rise, t.DCT) }

// With all coefficients, bands come back.
func TestBandsOfCoefficients(t *testing.T) {
	log := fronts()["log-mel"]
	all := log
	all.Coefficients = all.Mels
	samples := noise(log.Length, 3)
	want, features := make([]float32, log.Frames()*log.Mels), make([]float32, log.Frames()*log.Mels)
	NewEar(log.Tables()).Hear(want, samples)
	NewEar(all.Tables()).Hear(features, samples)
	for i, v := range all.Bands(features) {
		if d := math.Abs(float64(v - want[i])); d > 1e-4 {
			t.Fatalf("band %d is %v, want %v", i, v, want[i])
		}
	}
	if got := log.Bands(want); !slices.Equal(got, want) {
		t.Error("bands are not their own")
	}
}
