package datasets

import (
	"cmp"
	"fmt"
	"math"
	"math/bits"

	"petrify/datasets/sound"
)

// Sounds says how recordings are read, and what is computed from them. A zero field has
// the value of keyword spotting in MLPerf Tiny (C. Banbury et al., MLPerf Tiny
// Benchmark, NeurIPS 2021), after Y. Zhang, N. Suda, L. Lai and V. Chandra, Hello Edge,
// arXiv:1711.07128, 2017.
type Sounds struct {
	Rate         int     // samples in a second; 16000
	Length       float64 // ms of a sound; 1000
	Window       float64 // ms of a frame; 40
	Hop          float64 // ms from a frame to the next; 20
	Features     string  // mfcc or log_mel; mfcc
	Mels         int     // bands; 40
	Coefficients int     // of the MFCCs; 10
	Low, High    float64 // Hz, where bands begin and end; 20 and 4000

	// Words are the classes; other folders are the class _unknown_. nil: each folder
	// is a class.
	Words []string

	// Silence is the share of the words' sounds that is added as the class _silence_,
	// cut from the background noise; −1: none. Unknown is how much of other words is
	// kept, likewise. 0: 0.1.
	Silence, Unknown float64

	// Waves keeps the recordings in memory, to vary them in training.
	Waves bool
}

// What folders and classes are called in Speech Commands: P. Warden, Speech Commands: A
// Dataset for Limited-Vocabulary Speech Recognition, arXiv:1804.03209, 2018.
const (
	noiseFolder  = "_background_noise_"
	silenceClass = "_silence_"
	unknownClass = "_unknown_"
)

// isSet reports whether a field that concerns reading is not zero.
func (s Sounds) isSet() bool {
	return s.Rate != 0 || s.Length != 0 || s.Window != 0 || s.Hop != 0 || s.Features != "" || s.Mels != 0 ||
		s.Coefficients != 0 || s.Low != 0 || s.High != 0 || s.Words != nil || s.Silence != 0 || s.Unknown != 0
}

// front is the front-end that the fields mean.
func (s Sounds) front() (f sound.Front, err error) {
	if s.Features != "" && s.Features != "mfcc" && s.Features != "log_mel" {
		return f, fmt.Errorf("datasets: features %q, want mfcc or log_mel", s.Features)
	}
	f = sound.Front{Rate: cmp.Or(s.Rate, 16000), Mels: cmp.Or(s.Mels, 40), Low: cmp.Or(s.Low, 20),
		High: cmp.Or(s.High, 4000), Coefficients: cmp.Or(s.Coefficients, 10)}
	if s.Features == "log_mel" {
		f.Coefficients = 0
	}
	if s.Features == "log_mel" && s.Coefficients != 0 {
		return f, fmt.Errorf("datasets: %d coefficients have no effect: they are those of mfcc", s.Coefficients)
	}
	for _, l := range []struct {
		to *int
		ms float64
	}{{&f.Length, cmp.Or(s.Length, 1000)}, {&f.Window, cmp.Or(s.Window, 40)}, {&f.Hop, cmp.Or(s.Hop, 20)}} {
		*l.to = int(min(max(math.Round(float64(f.Rate)*l.ms/1000), 0), 1<<30))
	}
	f.FFT = max(8, 1<<bits.Len(uint(max(f.Window, 1)-1)))
	if err := f.Validate(); err != nil {
		return f, fmt.Errorf("datasets: %w", err)
	}
	return f, nil
}

// share is what a field means: a default if it is 0, and none if it is negative.
func share(v float64) float64 { return max(0, cmp.Or(v, 0.1)) }
