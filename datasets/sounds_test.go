package datasets

import (
	"context"
	"fmt"
	"image"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"petrify/datasets/sound"
	"petrify/datasets/sound/soundtest"
)

// tonesIn writes tones to a folder.
func tonesIn(t *testing.T, speakers int, words ...string) string {
	t.Helper()
	return write(t, soundtest.Tones(words, speakers))
}

// counts lists the samples of each split by class.
func counts(s *Set) string {
	var all []string
	for _, c := range s.Account.Classes {
		all = append(all, fmt.Sprintf("%s %d+%d+%d", c.Name, c.Train, c.Validation, c.Test))
	}
	return strings.Join(all, ", ")
}

func TestSoundsBecomeFeatures(t *testing.T) {
	dir := tonesIn(t, 10, "yes", "no")
	s, err := Open(dir, Options{})
	if err != nil {
		t.Fatal(err)
	}
	if want := [3]int{1, 49, 10}; s.Shape != want {
		t.Errorf("shape %v, want %v", s.Shape, want)
	}
	for i, name := range s.Test.Names {
		if filepath.Ext(name) != ".wav" {
			continue // silence
		}
		file, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		r, err := sound.Decode(file)
		if err != nil {
			t.Fatal(err)
		}
		samples := make([]int16, 16000)
		copy(samples, r.At(16000, 16000))
		want := make([]float32, 490)
		sound.NewEar(s.Sound.Tables()).Hear(want, samples)
		if !slices.Equal(s.Test.values(i, 490), want) {
			t.Errorf("%s has other features", name)
		}
		if class := filepath.Base(filepath.Dir(name)); s.Classes[s.Test.Labels[i]] != class {
			t.Errorf("%s is of class %s", name, s.Classes[s.Test.Labels[i]])
		}
	}
	text := s.Account.String()
	for _, want := range []string{"a folder of sounds", "sounds      40 of 8000 Hz, 0.75 to 1 s, 16 bits",
		"resampled to 16000 Hz", "padded to 1 s", "samples cut from 2 s of background noise", "passed over 1 .md",
		"front-end   MFCC, 10 of 40 bands of 20 to 4000 Hz; 49 windows of 40 ms every 20 ms; FFT of 1024",
		"by the SHA-1 of file names before _nohash_, 10 % to validate, 10 % to test"} {
		if !strings.Contains(text, want) {
			t.Errorf("%s\ndoes not say %q", text, want)
		}
	}
}

// The numbers that the rule of Speech Commands gives, computed with Python's hashlib.
func TestSoundsAreSplitByName(t *testing.T) {
	for name, want := range map[string]int{
		"bobby_nohash_0.wav": toTrain, "bobby_nohash_17.wav": toTrain, "b2_nohash_0.wav": toValidate,
		"b2_nohash_1.wav": toValidate, "b8_nohash_0.wav": toTest, "b11_nohash_.wav": toValidate,
		"b33_nohash_a_nohash_b.wav": toTest, "zero.wav": toTrain, "b8.wav": toTrain,
	} {
		if got := splitOfFile(filepath.Join("yes", name), 0.1, 0.1); got != want {
			t.Errorf("%s: split %d, want %d", name, got, want)
		}
	}
}

func TestWordsSilenceAndUnknown(t *testing.T) {
	dir := tonesIn(t, 20, "a", "b", "c", "d")
	for name, c := range map[string]struct {
		o    Sounds
		want string
	}{
		"all folders": {Sounds{}, "_silence_ 13+2+2, a 32+4+4, b 32+4+4, c 32+4+4, d 32+4+4"},
		"no silence":  {Sounds{Silence: -1}, "a 32+4+4, b 32+4+4, c 32+4+4, d 32+4+4"},
		"two words": {Sounds{Words: []string{"c", "a"}},
			"_silence_ 7+1+1, _unknown_ 7+1+1, c 32+4+4, a 32+4+4"},
		"two words alone": {Sounds{Words: []string{"c", "a"}, Silence: -1, Unknown: -1}, "c 32+4+4, a 32+4+4"},
		"all unknown": {Sounds{Words: []string{"c", "a"}, Silence: 0.5, Unknown: 1},
			"_silence_ 32+4+4, _unknown_ 64+8+8, c 32+4+4, a 32+4+4"},
		"all words by name": {Sounds{Words: []string{"d", "c", "b", "a"}},
			"_silence_ 13+2+2, d 32+4+4, c 32+4+4, b 32+4+4, a 32+4+4"},
		"more than there is": {Sounds{Words: []string{"b"}, Silence: -1, Unknown: 9},
			"_unknown_ 96+12+12, b 32+4+4"},
	} {
		c.o.Rate, c.o.Length = 8000, 100
		s, err := Open(dir, Options{Sounds: c.o})
		if err != nil {
			t.Fatal(err)
		}
		if got := counts(s); got != c.want {
			t.Errorf("%s: %s, want %s", name, got, c.want)
		}
		again, err := Open(dir, Options{Sounds: c.o})
		if err != nil || again.Checksum() != s.Checksum() {
			t.Errorf("%s: other data when read again, %v", name, err)
		}
		drawn := c.o.Silence >= 0 || c.o.Unknown > 0 && c.o.Unknown < 1
		other, err := Open(dir, Options{Sounds: c.o, Seed: 1})
		if err != nil || (other.Checksum() != s.Checksum()) != drawn {
			t.Errorf("%s: another seed draws other data: %v, want %v, %v", name, !drawn, drawn, err)
		}
	}
}

func TestFoldersOfSoundsThatAreWrong(t *testing.T) {
	files := soundtest.Tones([]string{"a", "b"}, 10)
	with := func(name string, content []byte) map[string][]byte {
		all := map[string][]byte{name: content}
		for name, content := range files {
			if _, ok := all[name]; !ok {
				all[name] = content
			}
		}
		return all
	}
	quiet := map[string][]byte{}
	for name, content := range files {
		if !strings.HasPrefix(name, noiseFolder) {
			quiet[name] = content
		}
	}
	whole := files["_background_noise_/hiss.wav"]
	for name, c := range map[string]struct {
		files map[string][]byte
		o     Options
		want  string
	}{
		"damaged":      {with("a/x.wav", whole[:100]), Options{}, "a/x.wav: sound: truncated"},
		"empty folder": {with("c/x.txt", nil), Options{}, "c: no sounds (.wav, .wave) in the folder of a class"},
		"empty noise":  {with("_background_noise_/hiss.wav", sound.Encode(8000, nil)), Options{}, "hiss.wav: sound: no samples"},
		"no such word": {files, Options{Sounds: Sounds{Words: []string{"a", "z"}}},
			`no folder of the word "z"; there are a, b`},
		"no noise": {quiet, Options{Sounds: Sounds{Silence: 0.2}}, "silence is cut from WAV files in _background_noise_"},
		"features": {files, Options{Sounds: Sounds{Features: "lfbe"}}, `features "lfbe", want mfcc or log_mel`},
		"coefficients": {files, Options{Sounds: Sounds{Features: "log_mel", Coefficients: 3}},
			"3 coefficients have no effect"},
		"too high":     {files, Options{Sounds: Sounds{Rate: 4000}}, "to half of the rate, 2000"},
		"band of none": {files, Options{Sounds: Sounds{Mels: 400}}, "no frequency of the FFT is in band 1 of 400"},
		"size":         {files, Options{Size: [2]int{8, 8}}, "options without effect on a folder of sounds: Size"},
		"memory":       {files, Options{Memory: 10000}, "the data need"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := Open(write(t, c.files), c.o)
			wantError(t, err, c.want)
		})
	}
	_, err := Open(digitsCSV(t), Options{Sounds: Sounds{Rate: 8000}})
	wantError(t, err, "options without effect on a CSV file: Sounds")
}

func digitsCSV(t *testing.T) string {
	return write(t, map[string][]byte{"a.csv": []byte(rowsOf("a,b,kind\n", 10, plain))}) + "/a.csv"
}

// Folders called train, val and test are the splits, with the noise beside them or in train.
func TestSoundsInSplits(t *testing.T) {
	for _, noise := range []string{"", "train/"} {
		files := map[string][]byte{}
		for name, content := range soundtest.Tones([]string{"a", "b"}, 3) {
			if strings.HasPrefix(name, noiseFolder) {
				files[noise+name] = content
				continue
			}
			for _, split := range []string{"train/", "val/", "test/"} {
				files[split+name] = content
			}
		}
		s, err := Open(write(t, files), Options{})
		if err != nil {
			t.Fatal(err)
		}
		if got, want := counts(s), "_silence_ 2+2+2, a 6+6+6, b 6+6+6"; got != want {
			t.Errorf("noise in %q: %s, want %s", noise, got, want)
		}
	}
}

// Other sounds are read for a network as training read its own, whatever else is said.
func TestSoundsAreReadLikeTraining(t *testing.T) {
	o := Options{Sounds: Sounds{Features: "log_mel", Mels: 20, Length: 500, Words: []string{"a"}}}
	dir := tonesIn(t, 20, "a", "b")
	trained, err := Open(dir, o)
	if err != nil {
		t.Fatal(err)
	}
	c := like(trained, o)
	c.Sound = trained.Sound
	other := tonesIn(t, 2, "a", "c")
	s, err := OpenLike(context.Background(), other, c)
	if err != nil {
		t.Fatal(err)
	}
	if s.Shape != trained.Shape || s.Train != s.Test || counts(s) != "_silence_ 1+0+1, _unknown_ 4+0+4, a 4+0+4" {
		t.Errorf("shape %v, %s", s.Shape, counts(s))
	}
	one := filepath.Join(other, "a", filepath.Base(s.Test.Names[0]))
	for path, n := range map[string]int{one: 1, other: 9} {
		in, err := ReadInputs(context.Background(), path, c)
		if err != nil {
			t.Fatal(err)
		}
		at := slices.Index(in.Set.Test.Names, one)
		if in.Set.Test.Len() != n || !slices.Equal(in.Set.Test.values(at, 480), s.Test.values(0, 480)) {
			t.Errorf("%s: %d inputs, or other features", path, in.Set.Test.Len())
		}
		if !strings.Contains(in.Passed, "what follows the first 0.5 s of") {
			t.Errorf("%s: passed over %q", path, in.Passed)
		}
	}
	c.Sound = nil
	_, err = ReadInputs(context.Background(), one, c)
	wantError(t, err, "sounds; the model wants 1 × 24 × 20")
}

// A sound is shown as its spectrogram: in a tone that rises, brightness is at its frequency,
// low ones at the bottom.
func TestPictureOfASound(t *testing.T) {
	samples := make([]int16, 16000)
	for i := range samples {
		at := float64(i) / 16000
		samples[i] = int16(8000 * math.Sin(2*math.Pi*(500*at+1250*at*at))) // 500 to 3000 Hz
	}
	files := map[string][]byte{}
	for _, name := range []string{"train/a/1.wav", "test/a/1.wav", "train/b/1.wav"} {
		files[name] = sound.Encode(16000, samples)
	}
	for _, features := range []string{"log_mel", "mfcc"} {
		s, err := Open(write(t, files), Options{Sounds: Sounds{Features: features}})
		if err != nil {
			t.Fatal(err)
		}
		m, ok := s.Picture(s.Test, 0)
		if want := image.Rect(0, 0, 49, 40); !ok || m.Bounds() != want {
			t.Fatalf("a picture of %v, %v, want %v", m.Bounds(), ok, want)
		}
		for x := range 49 {
			brightest, most := 0, uint32(0)
			for y := range 40 {
				if v, _, _, _ := m.At(x, y).RGBA(); v > most {
					most, brightest = v, y
				}
			}
			mel := func(hertz float64) float64 { return 1127 * math.Log1p(hertz/700) }
			hertz := 500 + 2500*(0.02*float64(x)+0.02)
			want := 39 - (41*(mel(hertz)-mel(20))/(mel(4000)-mel(20)) - 1)
			if d := math.Abs(float64(brightest) - want); d > map[string]float64{"log_mel": 1, "mfcc": 3}[features] {
				t.Errorf("%s: %.0f Hz in row %d, want %.1f", features, hertz, brightest, want)
			}
		}
	}
}

// In training, a sound is moved and mixed with noise before its features are computed: what
// it becomes depends on the seed and its place alone, not on batches, and other splits stay.
func TestSoundsVary(t *testing.T) {
	dir := tonesIn(t, 10, "a", "b")
	o := Options{Sounds: Sounds{Rate: 8000, Waves: true}}
	s, err := Open(dir, o)
	if err != nil {
		t.Fatal(err)
	}
	epoch := func(seed uint64, size, skip int, a Augment) (x []float32) {
		t.Helper()
		random := rand.New(rand.NewPCG(seed, 1))
		for b, err := range s.Batches(s.Train, BatchOptions{Size: size, Skip: skip, Rand: random, Augment: a}) {
			if err != nil {
				t.Fatal(err)
			}
			x = append(x, b.X[:b.N*490]...)
		}
		return x
	}
	for name, a := range map[string]Augment{"delay": {Delay: 100}, "noise": {Noise: 0.5},
		"both": {Delay: 100, Noise: 0.5}, "both and cutout": {Delay: 50, Noise: 0.1, Cutout: 5}} {
		first := epoch(1, 8, 0, a)
		switch {
		case !slices.Equal(first, epoch(1, 8, 0, a)):
			t.Errorf("%s: the same seed gives other features", name)
		case !slices.Equal(first[2*8*490:], epoch(1, 8, 2, a)):
			t.Errorf("%s: other features after skipped batches", name)
		case !slices.Equal(first, epoch(1, 5, 0, a)):
			t.Errorf("%s: other features in other batches", name)
		case slices.Equal(first, epoch(1, 8, 0, Augment{})):
			t.Errorf("%s: features do not vary", name)
		}
	}
	// A delay of at most half a sample is none, and no noise adds nothing.
	if plain := epoch(1, 8, 0, Augment{}); !slices.Equal(plain, epoch(1, 8, 0, Augment{Delay: 0.06})) {
		t.Error("features of the sounds that were kept differ from those that were computed at once")
	}
	// Nor are those of other sounds taken, once some are held out.
	whole := s.Train
	chosen := make([]bool, whole.Len())
	for i := range chosen {
		chosen[i] = i%3 == 1
	}
	if s.Train, _ = whole.Cut(chosen); !slices.Equal(epoch(1, 8, 0, Augment{}), epoch(1, 8, 0, Augment{Delay: 0.06})) {
		t.Error("sounds of others once some are held out")
	}
	s.Train = whole
	for want, a := range map[string]Augment{"delay -1 ms out of range": {Delay: -1},
		"delay 1000 ms out of range, want 0 ≤ delay < 1000": {Delay: 1000}, "noise -1 out of range": {Noise: -1}} {
		for _, err := range s.Batches(s.Train, BatchOptions{Size: 8, Rand: rand.New(rand.NewPCG(1, 1)), Augment: a}) {
			wantError(t, err, want)
		}
	}
	for want, change := range map[string]func(s *Set){
		"delay and noise are for sounds that were read from WAV files, and kept": func(s *Set) { s.Train.Waves = nil },
		"noise 0.1 needs recordings of it, in a folder _background_noise_":       func(s *Set) { s.Noise = nil },
	} {
		other, train := *s, *s.Train
		other.Train = &train
		change(&other)
		o := BatchOptions{Size: 8, Rand: rand.New(rand.NewPCG(1, 1)), Augment: Augment{Noise: 0.1}}
		for _, err := range other.Batches(other.Train, o) {
			wantError(t, err, want)
		}
	}
	if s.Test.Waves != nil || s.Validation.Waves != nil {
		t.Error("sounds that never vary are kept")
	}
}

// A sound that is moved is later or earlier, with silence before or after it.
func TestDelayMovesSounds(t *testing.T) {
	f := sound.Front{Rate: 1000, Length: 100}
	r := rendition{Augment: Augment{Delay: 10}, set: &Set{Sound: &f}}
	wave := make([]int16, 100)
	for i := range wave {
		wave[i] = int16(i + 1)
	}
	seen := map[int]bool{}
	for place := range uint64(400) {
		v := &renderer{samples: slices.Repeat([]int16{-1}, 100)}
		v.pcg.Seed(1, place)
		r.vary(v, wave)
		late := 50 - int(v.samples[50]) + 1
		seen[late] = true
		for i, got := range v.samples {
			want := int16(0)
			if from := i - late; from >= 0 && from < 100 {
				want = wave[from]
			}
			if got != want {
				t.Fatalf("late by %d: sample %d is %d, want %d", late, i, got, want)
			}
		}
	}
	if len(seen) != 21 || !seen[-10] || !seen[10] {
		t.Errorf("delays %v, want all from -10 to 10", seen)
	}
}
