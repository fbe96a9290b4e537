package conformance_test

import (
	"encoding/binary"
	"maps"
	"math"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"testing"

	"petrify/datasets"
	"petrify/datasets/sound"
	"petrify/internal/conformance"
	"petrify/quantized"
	"petrify/quantized/integer"
	"petrify/quantized/quantizedtest"
)

// fronts are front-ends of every kind: with and without DCT, windows as long as the FFT and
// shorter, odd ones, hops longer than windows, bands from 0 Hz and up to half the rate.
func fronts() map[string]sound.Front {
	mfcc := sound.Front{Rate: 16000, Length: 16000, Window: 640, Hop: 320, FFT: 1024, Mels: 40, Low: 20, High: 4000,
		Coefficients: 10}
	with := func(change func(f *sound.Front)) sound.Front {
		f := mfcc
		f.Length = 2000
		change(&f)
		return f
	}
	return map[string]sound.Front{
		"MFCC":              mfcc,
		"log-mel":           with(func(f *sound.Front) { f.Coefficients = 0 }),
		"all coefficients":  with(func(f *sound.Front) { f.Coefficients = f.Mels }),
		"window is FFT":     with(func(f *sound.Front) { f.Window, f.FFT = 512, 512 }),
		"odd window":        with(func(f *sound.Front) { f.Window, f.Hop = 333, 77 }),
		"hop beyond window": with(func(f *sound.Front) { f.Window, f.Hop, f.FFT, f.Mels = 100, 250, 128, 12 }),
		"whole spectrum":    with(func(f *sound.Front) { f.Low, f.High, f.FFT = 0, 8000, 2048 }),
		"least":             {Rate: 1000, Length: 8, Window: 2, Hop: 1, FFT: 8, Mels: 1, High: 500},
	}
}

// hears is a model whose input is the front-end's.
func hears(f sound.Front, scheme quantizedtest.Scheme) *quantized.Model {
	b := quantizedtest.New(rand.New(rand.NewPCG(3, 5)), scheme, 1, f.Frames(), f.Features())
	m := b.Model(b.Linear(b.Flatten(b.Input()), 7, quantized.Identity))
	m.Input.PixelScale, m.Input.Mean, m.Input.Std = 1, []float32{-3.7}, []float32{11.3}
	m.Input.Raw = &quantized.Raw{Type: "float32", Least: -100, Greatest: 100, Sound: &f}
	return m
}

// heard are a front-end's features, normalised.
func heard(m *quantized.Model, samples []int16) []float32 {
	f := *m.Input.Raw.Sound
	features := make([]float32, f.Frames()*f.Features())
	sound.NewEar(f.Tables()).Hear(features, samples)
	for i, v := range features {
		features[i] = (v - m.Input.Mean[0]) / m.Input.Std[0]
	}
	return features
}

// listened are those of the exported C.
func listened(t *testing.T, c *conformance.Compiled, model int, samples []int16) []float32 {
	t.Helper()
	in, err := binary.Append(nil, binary.NativeEndian, samples)
	if err != nil {
		t.Fatal(err)
	}
	out, err := c.Run(model, "listen", in)
	if err != nil {
		t.Fatal(err)
	}
	got := make([]float32, len(out)/4)
	if _, err := binary.Decode(out, binary.NativeEndian, got); err != nil {
		t.Fatal(err)
	}
	return got
}

// TestCHearsWhatTrainingHears: whatever the front-end, the compiler and its optimizations, the
// features of exported C are those of training to the last bit. All front-ends, with all compilers:
//
//	go test -run CHears -all-layers .
func TestCHearsWhatTrainingHears(t *testing.T) {
	compilers := map[string]conformance.Toolchain{}
	names := []string{"MFCC", "log-mel", "odd window"}
	if *allLayers {
		names, compilers = slices.Sorted(maps.Keys(fronts())), toolchains()
	}
	for name, flags := range map[string][]string{"O0": plain, "O2": standard, "gnu": gnu, "sanitized": sanitized} {
		compilers[name] = conformance.Toolchain{Flags: flags}
	}
	if _, err := exec.LookPath("clang"); err == nil {
		compilers["clang"] = conformance.Toolchain{Compiler: "clang", Flags: gnu}
	}
	var exports []conformance.Export
	for i, name := range names {
		scheme := []quantizedtest.Scheme{quantizedtest.W8A8, quantizedtest.WeightOnly}[i%2]
		exports = append(exports, conformance.Export{Model: hears(fronts()[name], scheme),
			Requantization: requantizations[i%3]})
	}
	for compiler, toolchain := range compilers {
		t.Run(compiler, func(t *testing.T) {
			t.Parallel()
			c, err := toolchain.Compile(t.TempDir(), exports)
			if err != nil {
				t.Fatal(err)
			}
			for i, name := range names {
				length := exports[i].Model.Input.Raw.Sound.Length
				for what, samples := range sounds(t, length) {
					got, want := listened(t, c, i, samples), heard(exports[i].Model, samples)
					if !slices.Equal(bitsOf(got), bitsOf(want)) {
						t.Errorf("%s: of %s, C hears %v, training %v", name, what, got[:1], want[:1])
					}
				}
			}
		})
	}
}

func bitsOf(x []float32) (bits []uint32) {
	for _, v := range x {
		bits = append(bits, math.Float32bits(v))
	}
	return bits
}

// sounds are noise of every loudness, silence, extremes, and words that a synthesiser says.
func sounds(t *testing.T, length int) map[string][]int16 {
	t.Helper()
	all := map[string][]int16{}
	add := func(name string, sample func(i int) int16) {
		for i := range length {
			all[name] = append(all[name], sample(i))
		}
	}
	r := rand.New(rand.NewPCG(1, 9))
	add("silence", func(int) int16 { return 0 })
	add("least", func(int) int16 { return math.MinInt16 })
	add("extremes", func(i int) int16 { return []int16{math.MinInt16, math.MaxInt16}[i/3%2] })
	add("noise", func(i int) int16 { return int16(r.Uint32() >> (16 + 16*i/length)) })
	files, err := filepath.Glob("testdata/*.wav")
	if err != nil || len(files) < 3 {
		t.Fatalf("%d sounds, %v", len(files), err)
	}
	for _, path := range files {
		file, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		recording, err := sound.Decode(file)
		if err != nil {
			t.Fatal(err)
		}
		samples := recording.At(16000, length)
		all[path] = append(samples, slices.Repeat([]int16{0}, length-len(samples))...)
	}
	return all
}

// TestCRecognisesWords: from a WAV file to the output, C has the bytes of the integer engine.
func TestCRecognisesWords(t *testing.T) {
	f := fronts()["MFCC"]
	m := hears(f, quantizedtest.W8A8)
	c, err := conformance.Compile(t.TempDir(), []conformance.Export{{Model: m}}, gnu...)
	if err != nil {
		t.Fatal(err)
	}
	engine, err := integer.New(m, integer.Options{})
	if err != nil {
		t.Fatal(err)
	}
	like := datasets.Contract{Shape: [3]int(m.Input.Shape), PixelScale: 1, Mean: m.Input.Mean, Std: m.Input.Std, Sound: &f}
	in, err := datasets.ReadInputs(t.Context(), "testdata", like)
	if err != nil {
		t.Fatal(err)
	}
	at := 0
	for b, err := range in.Set.Batches(in.Set.Test, datasets.BatchOptions{Size: 1}) {
		if err != nil {
			t.Fatal(err)
		}
		want := make([]float32, engine.OutputSize())
		if err := engine.Run(want, b.X, 1); err != nil {
			t.Fatal(err)
		}
		path := in.Set.Test.Names[at]
		features := listened(t, c, 0, sounds(t, f.Length)[path])
		bytes, err := binary.Append(nil, binary.NativeEndian, features)
		if err != nil {
			t.Fatal(err)
		}
		out, err := c.Run(0, "real", bytes)
		if err != nil {
			t.Fatal(err)
		}
		got := make([]float32, len(want))
		if _, err := binary.Decode(out, binary.NativeEndian, got); err != nil {
			t.Fatal(err)
		}
		if !slices.Equal(got, want) {
			t.Errorf("%s: C says %v, the engine %v", path, got, want)
		}
		at++
	}
	if at < 3 {
		t.Errorf("%d words", at)
	}
}
