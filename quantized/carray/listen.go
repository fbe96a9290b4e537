package carray

import (
	"fmt"
	"math"
	"strings"

	"petrify/datasets/sound"
)

// front is the front-end of a model that hears sounds; nil for others.
func (f *file) front() *sound.Front {
	if raw := f.model.Input.Raw; raw != nil {
		return raw.Sound
	}
	return nil
}

// listen writes the front-end: its tables, and functions that compute the input from samples.
func (f *file) listen(b *strings.Builder) error {
	front := f.front()
	if front == nil {
		return nil
	}
	t, id := front.Tables(), f.names.add("sound")
	array := func(kind, name string, numbers []string) {
		b.WriteByte('\n')
		writeArray(b, fmt.Sprintf("static const %s %s_%s[%d]", kind, id, name, len(numbers)), numbers)
	}
	array("float", "hann", each(t.Hann, decimal))
	array("float", "cosine", each(t.Cosine, decimal))
	array("uint16_t", "first", each(t.First, whole))
	array("float", "rise", each(t.Rise, decimal))
	if t.DCT != nil {
		array("float", "dct", each(t.DCT, decimal))
	}
	mean, std := f.normals()
	text, err := expand("listen", map[string]any{"Name": f.name, "Macro": f.macro, "ID": id,
		"FFT": t.FFT, "Half": t.FFT / 2, "Quarter": t.FFT / 4, "Mels": t.Mels, "DCT": t.DCT != nil,
		"Terms": each(sound.LogarithmTerms[:], decimal), "Floor": decimal(sound.Floor), "Ln2": decimal(math.Ln2),
		"RootHalf": decimal(math.Sqrt2 / 2), "Mean": decimal(mean[0]), "Deviation": decimal(std[0])})
	b.WriteString("\n" + text)
	return err
}

// listenBytes counts the front-end's tables.
func (f *file) listenBytes() int {
	front := f.front()
	if front == nil {
		return 0
	}
	t := front.Tables()
	return 4*(len(t.Hann)+len(t.Cosine)+len(t.Rise)+len(t.DCT)) + 2*len(t.First)
}

// listenMacros are the sizes of the front-end, in numbers.
func (f *file) listenMacros(size func(name string, n int)) {
	if front := f.front(); front != nil {
		size("SOUND_RATE", front.Rate)
		size("SOUND_SIZE", front.Length)
		size("WINDOW_SIZE", front.Window)
		size("HOP_SIZE", front.Hop)
		size("FRAME_SIZE", front.Features())
		size("SCRATCH_SIZE", front.FFT+front.Mels)
	}
}

// listenPrototypes declares the functions.
func (f *file) listenPrototypes(b *strings.Builder) {
	if f.front() == nil {
		return
	}
	fmt.Fprintf(b, `
/* The features of a sound, normalised: %[2]s_SOUND_RATE samples in a second, of 16 bits. */
void %[1]s_listen(float r[%[2]s_INPUT_SIZE], const int16_t samples[%[2]s_SOUND_SIZE],
    float scratch[%[2]s_SCRATCH_SIZE]);

/* Those of one window; the next one begins %[2]s_HOP_SIZE samples later. */
void %[1]s_hear(float r[%[2]s_FRAME_SIZE], const int16_t samples[%[2]s_WINDOW_SIZE],
    float scratch[%[2]s_SCRATCH_SIZE]);
`, f.name, f.macro)
}
