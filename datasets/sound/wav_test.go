package sound

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"
)

// chunk is a piece of a WAV file, padded to an even length.
func chunk(name string, body []byte) []byte {
	b := binary.LittleEndian.AppendUint32([]byte(name), uint32(len(body)))
	b = append(b, body...)
	return append(b, make([]byte, len(body)%2)...)
}

func wave(chunks ...[]byte) []byte {
	body := slices.Concat(chunks...)
	return append(chunk("RIFF", nil)[:4:4], append(binary.LittleEndian.AppendUint32(nil, uint32(4+len(body))),
		append([]byte("WAVE"), body...)...)...)
}

// described is a fmt chunk; an extensible one where the tag is negative.
func described(tag, channels, rate, width, bits int) []byte {
	le := binary.LittleEndian
	head := uint16(tag)
	if tag < 0 {
		head = tagExtensible
	}
	b := le.AppendUint16(nil, head)
	b = le.AppendUint16(b, uint16(channels))
	b = le.AppendUint32(b, uint32(rate))
	b = le.AppendUint32(b, uint32(rate*channels*width))
	b = le.AppendUint16(b, uint16(channels*width))
	b = le.AppendUint16(b, uint16(bits))
	if tag < 0 {
		b = append(b, 22, 0, byte(bits), 0, 0, 0, 0, 0)
		b = append(b, byte(-tag), 0, 0, 0, 0, 0, 0x10, 0, 0x80, 0, 0, 0xaa, 0, 0x38, 0x9b, 0x71)
	}
	return chunk("fmt ", b)
}

// stored is a number from −1 to 1 in one of the formats.
func stored(tag, width int, v float64) []byte {
	le := binary.LittleEndian
	switch {
	case tag == tagFloat && width == 4:
		return le.AppendUint32(nil, math.Float32bits(float32(v)))
	case tag == tagFloat:
		return le.AppendUint64(nil, math.Float64bits(v))
	case width == 1:
		return []byte{byte(128 + v*128)}
	}
	all := le.AppendUint32(nil, uint32(int32(v*(1<<31))))
	return all[4-width:]
}

// Every format, plain and extensible, with one channel to three, with other chunks around,
// gives the same samples.
func TestWAVFormats(t *testing.T) {
	want := []float32{0, 16384, -32768, 8192, -128 * 32}
	for _, f := range []struct{ tag, width, bits int }{
		{tagPCM, 1, 8}, {tagPCM, 2, 16}, {tagPCM, 3, 24}, {tagPCM, 4, 32}, {tagFloat, 4, 32}, {tagFloat, 8, 64},
		{tagPCM, 2, 12}, {tagPCM, 4, 25},
	} {
		for _, sign := range []int{1, -1} {
			for channels := 1; channels <= 3; channels++ {
				var data []byte
				for _, v := range want {
					for c := range channels {
						spread := []float64{0, 0.0625, -0.0625}[c] // the mean of three is v, and of two is not
						if channels == 2 {
							spread = []float64{-0.0625, 0.0625}[c]
						}
						if v == -32768 {
							spread = 0
						}
						data = append(data, stored(f.tag, f.width, float64(v)/32768+spread)...)
					}
				}
				file := wave(chunk("LIST", []byte("odd")), described(f.tag*sign, channels, 8000, f.width, f.bits),
					chunk("fact", make([]byte, 4)), chunk("data", data), chunk("id3 ", []byte{1}))
				r, err := Decode(file)
				if err != nil {
					t.Errorf("%+v, %d channels: %v", f, channels, err)
					continue
				}
				if !slices.Equal(r.Samples, want) || r.Rate != 8000 || r.Channels != channels || r.Bits != f.bits ||
					r.Float != (f.tag == tagFloat) {
					t.Errorf("%+v, %d channels: %+v", f, channels, r)
				}
			}
		}
	}
}

func TestDamagedWAVFilesAreRefused(t *testing.T) {
	whole := Encode(16000, []int16{1, 2, 3})
	pcm := described(tagPCM, 1, 16000, 2, 16)
	for name, c := range map[string]struct {
		file []byte
		want string
	}{
		"empty":        {nil, "no WAV file: it does not begin with RIFF … WAVE"},
		"text":         {[]byte("once upon a time"), `no WAV file: it begins with "once", want RIFF`},
		"big-endian":   {append([]byte("RIFX"), whole[4:]...), `it begins with "RIFX"`},
		"AVI":          {append([]byte("RIFF....AVI "), whole[12:]...), "it does not begin with RIFF … WAVE"},
		"cut in fmt":   {whole[:30], `truncated: chunk "fmt " at byte 12 announces 16 bytes, 10 follow`},
		"cut in data":  {whole[:len(whole)-1], `truncated: chunk "data" at byte 36 announces 6 bytes, 5 follow`},
		"no data":      {wave(pcm), "truncated: no data chunk"},
		"no samples":   {Encode(16000, nil), "sound: no samples"},
		"no fmt":       {wave(chunk("data", make([]byte, 4))), "samples without a fmt chunk before them"},
		"short fmt":    {wave(chunk("fmt ", make([]byte, 14))), "fmt chunk of 14 bytes, want 16 or more"},
		"half a frame": {wave(described(tagPCM, 2, 16000, 2, 16), chunk("data", make([]byte, 6))), "want a multiple of 4"},
		"no channels":  {wave(described(tagPCM, 0, 16000, 2, 16)), "0 channels in 0 bytes"},
		"no rate":      {wave(described(tagPCM, 1, 0, 2, 16)), "0 samples in a second, want 1000 to 384000"},
		"µ-law":        {wave(described(7, 1, 8000, 1, 8)), "samples are µ-law, want PCM or floats"},
		"unknown":      {wave(described(0x1234, 1, 8000, 1, 8)), "samples are of format 0x1234"},
		"40 bits":      {wave(described(tagPCM, 1, 8000, 5, 40)), "samples of 40 bits in 5 bytes"},
		"16 in 4":      {wave(described(tagPCM, 1, 8000, 4, 16)), "samples of 16 bits in 4 bytes"},
		"half floats":  {wave(described(tagFloat, 1, 8000, 2, 16)), "samples of 16 bits in 2 bytes"},
		"extensible, short": {wave(chunk("fmt ", append([]byte{0xfe, 0xff}, make([]byte, 20)...))),
			"extensible fmt chunk of 22 bytes, want 40"},
		"not finite": {wave(described(tagFloat, 1, 8000, 4, 32), chunk("data", stored(tagFloat, 4, math.NaN()))),
			"sample 0 is not a finite number"},
	} {
		if _, err := Decode(c.file); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %q", name, err, c.want)
		}
	}
}

// Samples beyond the range are clipped, and counted: in floats alone, which may be 1.
func TestClippedSamplesAreCounted(t *testing.T) {
	for _, c := range []struct {
		values  []float64
		want    []float32
		clipped int
	}{
		{[]float64{1, -1, 0.5, 0}, []float32{32767, -32768, 16384, 0}, 0},
		{[]float64{1.5, -1.5, 0.5, 2}, []float32{32767, -32768, 16384, 32767}, 3},
	} {
		for _, width := range []int{4, 8} {
			var data []byte
			for _, v := range c.values {
				data = append(data, stored(tagFloat, width, v)...)
			}
			r, err := Decode(wave(described(tagFloat, 1, 8000, width, 8*width), chunk("data", data)))
			if err != nil || !slices.Equal(r.Samples, c.want) || r.Clipped != c.clipped {
				t.Errorf("floats of %d bytes: %v of %v, %d clipped, %v", width, r.Samples, c.values, r.Clipped, err)
			}
		}
	}
}

// A program that writes to a pipe cannot know the size.
func TestStreamedWAVFilesAreRead(t *testing.T) {
	for _, size := range []uint32{0, math.MaxUint32, math.MaxUint32 - 36, math.MaxInt32, 0x7ffff000} {
		file := Encode(16000, []int16{5, 6, 7})
		binary.LittleEndian.PutUint32(file[4:], size)
		binary.LittleEndian.PutUint32(file[40:], size)
		r, err := Decode(file)
		if err != nil || !slices.Equal(r.Samples, []float32{5, 6, 7}) {
			t.Errorf("size %d: %v, %v", size, r.Samples, err)
		}
	}
}

func FuzzDecode(f *testing.F) {
	f.Add(Encode(16000, []int16{1, -2, 3}))
	f.Add(wave(described(-tagPCM, 2, 44100, 3, 24), chunk("data", make([]byte, 12))))
	f.Add(wave(described(tagFloat, 1, 8000, 8, 64), chunk("LIST", []byte("abc")), chunk("data", make([]byte, 16))))
	f.Fuzz(func(t *testing.T, file []byte) {
		r, err := Decode(file)
		if err != nil {
			if !strings.HasPrefix(err.Error(), "sound: ") {
				t.Errorf("error %q", err)
			}
			return
		}
		if len(r.Samples) > len(file) {
			t.Errorf("%d samples from %d bytes", len(r.Samples), len(file))
		}
		if n := len(r.At(16000, 100)); n > 100 {
			t.Errorf("%d samples, want 100 at most", n)
		}
	})
}

// Tones pass up to 0.9 of half the lower rate, in place, and are lower by 80 dB from half of it on.
func TestResampledTones(t *testing.T) {
	for _, c := range []struct{ from, to int }{{44100, 16000}, {48000, 16000}, {22050, 16000}, {8000, 16000},
		{11025, 16000}, {96000, 16000}, {16001, 16000}, {15999, 16000}, {16000, 44100}} {
		lower := float64(min(c.from, c.to)) / 2
		for _, share := range []float64{0.01, 0.3, 0.6, 0.9, 1.001, 1.2} {
			frequency := share * lower
			if frequency > 0.99*float64(c.from)/2 {
				continue
			}
			r := Recording{Rate: c.from, Samples: make([]float32, c.from/4)}
			for i := range r.Samples {
				r.Samples[i] = float32(20000 * math.Sin(2*math.Pi*frequency*float64(i)/float64(c.from)))
			}
			got := r.At(c.to, c.to)
			if want := (len(r.Samples)*c.to + c.from - 1) / c.from; len(got) != want {
				t.Fatalf("%v: %d samples, want %d", c, len(got), want)
			}
			middle := got[c.to/10 : c.to/6]
			if share <= 0.9 {
				for i, v := range middle {
					want := 20000 * math.Sin(2*math.Pi*frequency*float64(c.to/10+i)/float64(c.to))
					if math.Abs(float64(v)-want) > 22 {
						t.Errorf("%v, %.0f Hz: sample %d is %d, want %.1f", c, frequency, i, v, want)
						break
					}
				}
				continue
			}
			for i, v := range middle {
				if v < -2 || v > 2 {
					t.Errorf("%v, %.0f Hz: sample %d is %d, want less than 2: 80 dB below 20000", c, frequency, i, v)
					break
				}
			}
		}
	}
}

func TestSamplesOfTheSameRateAreKept(t *testing.T) {
	samples := []int16{0, 1, -1, math.MinInt16, math.MaxInt16, 77}
	r, err := Decode(Encode(16000, samples))
	if err != nil {
		t.Fatal(err)
	}
	for n := range len(samples) + 2 {
		if got := r.At(16000, n); !slices.Equal(got, samples[:min(n, len(samples))]) {
			t.Errorf("first %d: %v", n, got)
		}
	}
	if !bytes.Equal(Encode(16000, r.At(16000, 6)), Encode(16000, samples)) {
		t.Error(fmt.Sprint("not the same file: ", r.Samples))
	}
}

// The beginning and the end of a recording are those of one with silence before and after it.
func TestEndsAreResampledAsAmidSilence(t *testing.T) {
	for _, from := range []int{8000, 44100, 48000} {
		x := make([]float32, from/20)
		for i := range x {
			x[i] = float32(9000 - i%700*20)
		}
		silence := make([]float32, from/10)
		short := Recording{Rate: from, Samples: x}.At(16000, 16000)
		long := Recording{Rate: from, Samples: slices.Concat(silence, x, silence)}.At(16000, 16000)
		if !slices.Equal(short, long[1600:1600+len(short)]) {
			t.Errorf("%d Hz: other samples amid silence", from)
		}
	}
}

func BenchmarkResample(b *testing.B) {
	for _, from := range []int{8000, 44100, 15999} {
		r := Recording{Rate: from, Samples: make([]float32, from)}
		b.Run(fmt.Sprint(from), func(b *testing.B) {
			for b.Loop() {
				r.At(16000, 16000)
			}
		})
	}
}
