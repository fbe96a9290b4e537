package sound

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"
)

// Recording is the content of a WAV file: one channel, the mean of those in the file,
// in units of 16-bit samples.
type Recording struct {
	Rate     int // samples in a second
	Channels int // in the file
	Bits     int // of its samples
	Float    bool
	Clipped  int       // samples beyond the range
	Samples  []float32 // −32768 to 32767, with fractions where the file has more bits
}

// The tags of formats, and what those are called that are not read. Microsoft and IBM,
// Multimedia Programming Interface and Data Specifications 1.0, 1991; Microsoft,
// WAVEFORMATEXTENSIBLE.
const (
	tagPCM        = 1
	tagFloat      = 3
	tagExtensible = 0xfffe
)

var otherTags = map[uint16]string{2: "Microsoft ADPCM", 6: "A-law", 7: "µ-law", 0x11: "IMA ADPCM", 0x31: "GSM 6.10",
	0x50: "MPEG", 0x55: "MP3"}

// format is the fmt chunk of a file.
type format struct {
	tag      uint16
	channels int
	rate     int
	width    int // bytes of a sample
	bits     int
}

// Decode reads a WAV file: samples of 8, 16, 24 or 32 bits, or floats of 32 or 64. Chunks
// other than fmt and data are passed over.
func Decode(file []byte) (Recording, error) {
	r := Recording{}
	data, f, err := find(file)
	if err != nil {
		return r, fmt.Errorf("sound: %w", err)
	}
	r = Recording{Rate: f.rate, Channels: f.channels, Bits: f.bits, Float: f.tag == tagFloat}
	frame := f.width * f.channels
	if len(data)%frame != 0 {
		return r, fmt.Errorf("sound: %d bytes of samples, want a multiple of %d: %d channels of %d bytes", len(data),
			frame, f.channels, f.width)
	}
	if len(data) == 0 {
		return r, errors.New("sound: no samples")
	}
	r.Samples = make([]float32, len(data)/frame)
	for i := range r.Samples {
		sum := 0.0
		for c := range f.channels {
			sum += f.sample(data[i*frame+c*f.width:])
		}
		v := sum / float64(f.channels)
		if v-v != 0 {
			return r, fmt.Errorf("sound: sample %d is not a finite number", i)
		}
		if math.Abs(v) > -math.MinInt16 {
			r.Clipped++
		}
		r.Samples[i] = float32(min(max(v, math.MinInt16), math.MaxInt16))
	}
	return r, nil
}

// sample is the number at the beginning of b, in units of 16-bit samples.
func (f format) sample(b []byte) float64 {
	switch {
	case f.tag == tagFloat && f.width == 4:
		return (1 << 15) * float64(math.Float32frombits(binary.LittleEndian.Uint32(b)))
	case f.tag == tagFloat:
		return (1 << 15) * math.Float64frombits(binary.LittleEndian.Uint64(b))
	case f.width == 1:
		return float64(int(b[0])-128) * (1 << 8)
	}
	var v uint32 // the sample in its highest bits
	for i := range f.width {
		v |= uint32(b[i]) << (8 * (4 - f.width + i))
	}
	return float64(int32(v)) / (1 << 16)
}

// find returns the samples of a file, and what they are.
func find(file []byte) (data []byte, f format, err error) {
	switch {
	case len(file) < 12 || string(file[:4]) == "RIFF" && string(file[8:12]) != "WAVE":
		return nil, f, errors.New("no WAV file: it does not begin with RIFF … WAVE")
	case string(file[:4]) != "RIFF":
		return nil, f, fmt.Errorf("no WAV file: it begins with %q, want RIFF", file[:4])
	}
	known := false
	for at := 12; ; {
		if len(file)-at < 8 {
			return nil, f, errors.New("truncated: no data chunk, which holds the samples")
		}
		name, size := string(file[at:at+4]), int64(binary.LittleEndian.Uint32(file[at+4:]))
		body := file[at+8:]
		if name == "data" && streamed(size) {
			size = int64(len(body))
		}
		if size > int64(len(body)) {
			return nil, f, fmt.Errorf("truncated: chunk %q at byte %d announces %d bytes, %d follow", name, at, size,
				len(body))
		}
		body = body[:size]
		switch {
		case name == "fmt ":
			if f, err = readFormat(body); err != nil {
				return nil, f, err
			}
			known = true
		case name == "data" && !known:
			return nil, f, errors.New("samples without a fmt chunk before them")
		case name == "data":
			return body, f, nil
		}
		at += 8 + int(size+size%2) // chunks begin at even places
		at = min(at, len(file))
	}
}

// streamed reports whether the size of a data chunk says that its writer did not know it:
// programs that write to a pipe put 0 or a number close to 2³¹ or 2³² there.
func streamed(size int64) bool {
	return size == 0 || size >= 0xffff0000 || size >= 0x7fff0000 && size <= 0x7fffffff
}

// readFormat reads a fmt chunk.
func readFormat(b []byte) (f format, err error) {
	if len(b) < 16 {
		return f, fmt.Errorf("fmt chunk of %d bytes, want 16 or more", len(b))
	}
	word := func(at int) int { return int(binary.LittleEndian.Uint16(b[at:])) }
	f = format{tag: uint16(word(0)), channels: word(2), bits: word(14)}
	rate, frame := binary.LittleEndian.Uint32(b[4:]), word(12)
	if f.tag == tagExtensible {
		if len(b) < 40 {
			return f, fmt.Errorf("extensible fmt chunk of %d bytes, want 40", len(b))
		}
		f.tag = uint16(word(24)) // the first bytes of the sub-format
	}
	if rate < leastRate || rate > greatestRate {
		return f, fmt.Errorf("%d samples in a second, want %d to %d", rate, leastRate, greatestRate)
	}
	f.rate = int(rate)
	if f.channels == 0 || frame == 0 || frame%f.channels != 0 {
		return f, fmt.Errorf("%d channels in %d bytes", f.channels, frame)
	}
	f.width = frame / f.channels
	switch {
	case f.tag == tagPCM && f.width <= 4 && f.bits > 8*(f.width-1) && f.bits <= 8*f.width:
	case f.tag == tagFloat && (f.width == 4 || f.width == 8) && f.bits == 8*f.width:
	case f.tag == tagPCM || f.tag == tagFloat:
		return f, fmt.Errorf("samples of %d bits in %d bytes, want 1 to 32 bits, or floats of 32 or 64", f.bits, f.width)
	default:
		name, ok := otherTags[f.tag]
		if !ok {
			name = fmt.Sprintf("of format 0x%04x", f.tag)
		}
		return f, fmt.Errorf("samples are %s, want PCM or floats: convert the file", name)
	}
	return f, nil
}

// Encode is a WAV file of 16-bit samples in one channel.
func Encode(rate int, samples []int16) []byte {
	le := binary.LittleEndian
	b := append([]byte(nil), "RIFF"...)
	b = le.AppendUint32(b, uint32(36+2*len(samples)))
	b = append(b, "WAVEfmt "...)
	b = le.AppendUint32(b, 16)
	for _, v := range []uint16{tagPCM, 1} {
		b = le.AppendUint16(b, v)
	}
	b = le.AppendUint32(b, uint32(rate))
	b = le.AppendUint32(b, uint32(2*rate))
	for _, v := range []uint16{2, 16} {
		b = le.AppendUint16(b, v)
	}
	b = append(b, "data"...)
	b = le.AppendUint32(b, uint32(2*len(samples)))
	for _, s := range samples {
		b = le.AppendUint16(b, uint16(s))
	}
	return b
}
