package datasets

import (
	"fmt"
	"math"
	"strconv"

	"petrify/datasets/sound"
)

// SoundAccount says what a folder of sounds holds, and what is computed from them.
type SoundAccount struct {
	Files    int         `json:"files"`
	Rates    [2]int      `json:"rates"`               // least and greatest, samples in a second
	Seconds  [2]float64  `json:"seconds"`             // length of the shortest and of the longest
	Bits     [2]int      `json:"bits"`                // of samples, least and greatest
	Mixed    int         `json:"mixed,omitempty"`     // of several channels, whose mean is taken
	Resample int         `json:"resampled,omitempty"` // of another rate than the front-end's
	Padded   int         `json:"padded,omitempty"`    // shorter than the front-end's length
	Cut      int         `json:"cut,omitempty"`       // longer
	Clipped  int         `json:"clipped,omitempty"`   // of which more than a hundredth is beyond −1 to 1
	Silence  int         `json:"silence,omitempty"`   // samples cut from background noise
	Noise    float64     `json:"noise,omitempty"`     // seconds of it
	Front    sound.Front `json:"front_end"`
}

// add counts a sound that was read.
func (a *SoundAccount) add(r sound.Recording) {
	seconds := float64(len(r.Samples)) / float64(r.Rate)
	if a.Files == 0 {
		a.Rates, a.Seconds, a.Bits = [2]int{r.Rate, r.Rate}, [2]float64{seconds, seconds}, [2]int{r.Bits, r.Bits}
	}
	a.Rates = [2]int{min(a.Rates[0], r.Rate), max(a.Rates[1], r.Rate)}
	a.Seconds = [2]float64{min(a.Seconds[0], seconds), max(a.Seconds[1], seconds)}
	a.Bits = [2]int{min(a.Bits[0], r.Bits), max(a.Bits[1], r.Bits)}
	a.Files++
	length := float64(a.Front.Length) / float64(a.Front.Rate)
	for _, c := range []struct {
		yes   bool
		count *int
	}{{r.Channels > 1, &a.Mixed}, {r.Rate != a.Front.Rate, &a.Resample}, {seconds < length, &a.Padded},
		{seconds > length, &a.Cut}, {100*r.Clipped > len(r.Samples), &a.Clipped}} {
		if c.yes {
			*c.count++
		}
	}
}

// String returns text such as "40 of 16000 Hz, 0.31 to 1 s, 16 bits; 39 padded to 1 s".
func (a *SoundAccount) String() string {
	s := fmt.Sprintf("%d of %s Hz, %s s, %s bits", a.Files, span(a.Rates), span(a.Seconds), span(a.Bits))
	counted := func(n int, format string, args ...any) {
		if n > 0 {
			s += fmt.Sprintf("; %d "+format, append([]any{n}, args...)...)
		}
	}
	seconds := float64(a.Front.Length) / float64(a.Front.Rate)
	counted(a.Mixed, "mixed to one channel")
	counted(a.Resample, "resampled to %d Hz", a.Front.Rate)
	counted(a.Padded, "padded to %.4g s", seconds)
	counted(a.Cut, "cut to %.4g s", seconds)
	return s
}

// silence says what is cut from background noise; "" if there is none.
func (a *SoundAccount) silence() string {
	if a.Noise == 0 {
		return ""
	}
	return fmt.Sprintf("%d samples cut from %.4g s of background noise", a.Silence, a.Noise)
}

// span is such as "8000 to 16000", or one number.
func span[T int | float64](x [2]T) string {
	text := func(v T) string { return strconv.FormatFloat(math.Round(100*float64(v))/100, 'f', -1, 64) }
	if x[0] == x[1] {
		return text(x[0])
	}
	return text(x[0]) + " to " + text(x[1])
}
