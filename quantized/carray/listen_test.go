package carray_test

import (
	"math/rand/v2"
	"strings"
	"testing"

	"petrify/datasets/sound"
	"petrify/quantized"
	"petrify/quantized/carray"
	"petrify/quantized/quantizedtest"
)

// The front-end of a model of sounds is in its files, and its tables are counted; other models
// have none.
func TestSoundsAreListenedTo(t *testing.T) {
	f := sound.Front{Rate: 16000, Length: 16000, Window: 640, Hop: 320, FFT: 1024, Mels: 40, Low: 20, High: 4000,
		Coefficients: 10}
	b := quantizedtest.New(rand.New(rand.NewPCG(1, 2)), quantizedtest.W8A8, 1, f.Frames(), f.Features())
	m := b.Model(b.Linear(b.Flatten(b.Input()), 4, quantized.Identity))
	m.Input.PixelScale = 1
	deaf, _, err := carray.Footprint(m, carray.Options{})
	if err != nil {
		t.Fatal(err)
	}
	files, err := carray.Encode(m, carray.Options{Name: "x"})
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		if strings.Contains(string(file.Data), "x_listen") {
			t.Errorf("%s of a model that hears nothing has a front-end", file.Name)
		}
	}
	m.Input.Raw = &quantized.Raw{Type: "float32", Greatest: 1, Sound: &f}
	heard, _, err := carray.Footprint(m, carray.Options{})
	if err != nil {
		t.Fatal(err)
	}
	// Hann 321, cosine 257, 256 frequencies to 4000 Hz without 0 and 15.6 Hz, DCT 400: floats; 42 edges of 2 bytes.
	if want := 4*(321+257+254+400) + 2*42; heard-deaf != want {
		t.Errorf("tables of %d bytes, want %d", heard-deaf, want)
	}
	if files, err = carray.Encode(m, carray.Options{Name: "x"}); err != nil {
		t.Fatal(err)
	}
	header := string(files[0].Data)
	for _, part := range []string{"void x_listen(float r[X_INPUT_SIZE], const int16_t samples[X_SOUND_SIZE],",
		"void x_hear(float r[X_FRAME_SIZE], const int16_t samples[X_WINDOW_SIZE],", "#define X_SOUND_RATE      16000",
		"#define X_SCRATCH_SIZE    1064", "int16_t[16000], 16000 in a second; 4256 bytes of scratch",
		"value: float32, 0 to 1; MFCC, 10 of 40 bands of 20 to 4000 Hz; 49 windows of 40 ms every 20 ms; FFT of 1024"} {
		if !strings.Contains(header, part) {
			t.Errorf("the header lacks %q:\n%s", part, header)
		}
	}
}
