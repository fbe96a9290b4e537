package sound

import (
	"errors"
	"fmt"
	"math"
)

// Front is a front-end: what is computed from a sound before the network.
// Lengths are in samples.
//
// Each window is multiplied by a periodic Hann window and transformed; the
// magnitudes of its spectrum are added up in triangular bands, whose edges are
// equally far apart on the mel scale of 1127·ln(1 + f/700) (S. Young et al., The
// HTK Book, 2006, section 5.4). The feature of band i is
// b = ln(sum + 10⁻⁶), or features are the first of √(2/Mels)·Σ bᵢ·cos(πk(i + ½)/Mels).
type Front struct {
	Rate         int     `json:"rate"`                  // samples in a second
	Length       int     `json:"length"`                // of a sound
	Window       int     `json:"window"`                // of a frame
	Hop          int     `json:"hop"`                   // from one frame to the next
	FFT          int     `json:"fft"`                   // a power of two, at least Window
	Mels         int     `json:"mels"`                  // bands
	Low          float64 `json:"low"`                   // Hz, where the first band begins
	High         float64 `json:"high"`                  // and where the last one ends
	Coefficients int     `json:"coefficients,omitzero"` // of the DCT; 0: the features are the bands themselves
}

// Frames is how many windows a sound has.
func (f Front) Frames() int { return 1 + (f.Length-f.Window)/f.Hop }

// Features is how many numbers a frame becomes.
func (f Front) Features() int {
	if f.Coefficients > 0 {
		return f.Coefficients
	}
	return f.Mels
}

// String is one line for people.
func (f Front) String() string {
	ms := func(n int) float64 { return 1000 * float64(n) / float64(f.Rate) }
	what := fmt.Sprintf("log-mel, %d bands", f.Mels)
	if f.Coefficients > 0 {
		what = fmt.Sprintf("MFCC, %d of %d bands", f.Coefficients, f.Mels)
	}
	return fmt.Sprintf("%s of %g to %g Hz; %d windows of %g ms every %g ms; FFT of %d", what, f.Low, f.High, f.Frames(),
		ms(f.Window), ms(f.Hop), f.FFT)
}

// What rates and lengths may be. A transform of 2¹⁵ float32 takes 128 kB.
const (
	leastRate, greatestRate = 1000, 384000
	greatestFFT             = 1 << 15
	greatestLength          = 1 << 24
)

// Validate returns what is wrong with f.
func (f Front) Validate() error {
	var faults []error
	want := func(ok bool, format string, args ...any) {
		if !ok {
			faults = append(faults, fmt.Errorf("sound: "+format, args...))
		}
	}
	want(f.Rate >= leastRate && f.Rate <= greatestRate, "rate %d Hz, want %d to %d", f.Rate, leastRate, greatestRate)
	want(f.Window >= 2 && f.Window <= greatestFFT, "window of %d samples, want 2 to %d", f.Window, greatestFFT)
	want(f.Hop >= 1 && f.Hop <= greatestLength, "hop of %d samples, want 1 to %d", f.Hop, greatestLength)
	want(f.Length >= f.Window && f.Length <= greatestLength, "length of %d samples, want %d, a window, to %d", f.Length,
		f.Window, greatestLength)
	want(f.FFT >= max(f.Window, 8) && f.FFT <= greatestFFT && f.FFT&(f.FFT-1) == 0,
		"FFT of %d, want a power of two from %d, at least the window's %d samples", f.FFT, 8, f.Window)
	want(f.Mels >= 1 && f.Mels <= f.FFT/2, "%d bands, want 1 to half of the FFT's %d", f.Mels, f.FFT)
	want(f.Low >= 0 && f.Low < f.High && f.High <= float64(f.Rate)/2,
		"bands from %g to %g Hz, want 0 or more, ascending, to half of the rate, %g", f.Low, f.High, float64(f.Rate)/2)
	want(f.Coefficients >= 0 && f.Coefficients <= f.Mels, "%d coefficients, want 1 to the number of bands, %d, or 0 "+
		"for the bands", f.Coefficients, f.Mels)
	if faults != nil {
		return errors.Join(faults...)
	}
	first, _ := f.bands()
	for i := range f.Mels {
		want(first[i+2] > first[i], "no frequency of the FFT is in band %d of %d: choose fewer bands, or longer windows",
			i+1, f.Mels)
	}
	return errors.Join(faults...)
}

// Tables are a front-end's constants.
type Tables struct {
	Front
	Hann   []float32 // the first half of the window and its middle, divided by 2¹⁵
	Cosine []float32 // cos 2πk/FFT, a quarter of the circle
	First  []uint16  // frequencies from First[j] to First[j+1] are between edges j and j + 1 of the bands
	Rise   []float32 // of each frequency from First[0]: how far it is on the way from one edge to the next, 0 to 1
	DCT    []float32 // Coefficients × Mels
}

// Tables computes the constants.
func (f Front) Tables() Tables {
	t := Tables{Front: f}
	for i := range f.Window/2 + 1 {
		t.Hann = append(t.Hann, float32((0.5-float64(0.5*cosPi(2*float64(i)/float64(f.Window))))/(1<<15)))
	}
	for k := range f.FFT/4 + 1 {
		t.Cosine = append(t.Cosine, float32(cosPi(2*float64(k)/float64(f.FFT))))
	}
	t.First, t.Rise = f.bands()
	scale := math.Sqrt(2 / float64(f.Mels))
	for k := range f.Coefficients {
		for i := range f.Mels {
			t.DCT = append(t.DCT, float32(scale*cosPi(float64(k)*(float64(i)+0.5)/float64(f.Mels))))
		}
	}
	return t
}

// bands places the frequencies of the FFT, without 0 Hz, between the edges.
func (f Front) bands() (first []uint16, rise []float32) {
	low, high := mel(f.Low), mel(f.High)
	step := (high - low) / float64(f.Mels+1)
	bin := func(k int) float64 { return mel(float64(k) * float64(f.Rate) / float64(f.FFT)) }
	k := 1
	for j := range f.Mels + 2 {
		edge := low + float64(float64(j)*step)
		for ; k <= f.FFT/2 && bin(k) < edge; k++ {
			if j > 0 {
				rise = append(rise, float32((bin(k)-(edge-step))/step))
			}
		}
		first = append(first, uint16(k))
	}
	return first, rise
}

func mel(hertz float64) float64 { return float64(1127 * ln(1+hertz/700)) }
