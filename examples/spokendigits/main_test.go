package main

import (
	"image"
	"image/color"
	"image/png"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"petrify/datasets/sound/soundtest"
)

// Each voice speaks with arguments of its own, and its name is in all of its files.
func TestVoicesDiffer(t *testing.T) {
	all := allVoices()
	seen := map[string]bool{}
	for _, v := range all {
		command := strings.Join(v.says("one", "one.wav", 1.25, 0.5).Args, " ")
		if seen[command] || seen[v.name] {
			t.Errorf("%s comes twice", command)
		}
		seen[command], seen[v.name] = true, true
	}
	if len(all) != 76 {
		t.Errorf("%d voices, want 76", len(all))
	}
	want := "espeak-ng -v en-us+m1 -s 200 -p 49 -w one.wav one"
	if got := strings.Join(all[4].says("one", "one.wav", 1.25, 0.5).Args, " "); got != want {
		t.Errorf("%s, want %s", got, want)
	}
}

// Noise is the same each time, is not silent, and is seldom clipped.
func TestNoises(t *testing.T) {
	first, second := noises(), noises()
	for name, samples := range first {
		if !slices.Equal(samples, second[name]) || len(samples) != 20*rate {
			t.Errorf("%s: %d samples, or others the next time", name, len(samples))
		}
		clipped, power := 0, 0.0
		for _, s := range samples {
			if s == -32768 || s == 32767 {
				clipped++
			}
			power += float64(s) * float64(s)
		}
		if rms := power / float64(len(samples)); clipped > 0 || rms < 1e6 || rms > 1e8 {
			t.Errorf("%s: %d samples clipped, mean square %.3g", name, clipped, rms)
		}
	}
}

// The picture has the spectrogram of each word.
func TestPicture(t *testing.T) {
	dir := t.TempDir()
	for name, content := range soundtest.Tones(words, 3) {
		path := filepath.Join(dir, "sounds", name)
		if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, content, 0o666); err != nil {
			t.Fatal(err)
		}
	}
	file := filepath.Join(dir, "words.png")
	if err := picture(filepath.Join(dir, "sounds"), file); err != nil {
		t.Fatal(err)
	}
	f, err := os.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	m, err := png.Decode(f)
	if err != nil {
		t.Fatal(err)
	}
	if size := m.Bounds().Size(); size != image.Pt(5*153-6, 2*126-6) {
		t.Errorf("a picture of %v", size)
	}
	for i := range words {
		shades := map[color.Color]bool{}
		for k := range 49 {
			shades[m.At(i%5*153+3*k, i/5*126+60)] = true
		}
		if len(shades) < 5 {
			t.Errorf("%d shades of %s", len(shades), words[i])
		}
	}
}
