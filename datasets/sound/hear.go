package sound

import "math"

// Floor is added to a band's sum before its logarithm, so that silence is finite.
const Floor = 1e-6

// Ear computes the features of sounds. It owns its buffers: one goroutine at a time
// may use it.
type Ear struct {
	t        Tables
	spectrum []float32 // FFT numbers: pairs of real and imaginary part
	bands    []float32 // Mels
}

// NewEar is an ear with these tables.
func NewEar(t Tables) *Ear {
	return &Ear{t: t, spectrum: make([]float32, t.FFT), bands: make([]float32, t.Mels)}
}

// Twin is another ear with the same tables.
func (e *Ear) Twin() *Ear { return NewEar(e.t) }

// Hear computes the features of a sound, Length samples: Frames × Features.
func (e *Ear) Hear(features []float32, samples []int16) {
	n := e.t.Features()
	for i := range e.t.Frames() {
		e.frame(features[i*n:(i+1)*n], samples[i*e.t.Hop:][:e.t.Window])
	}
}

// frame computes the features of a window.
func (e *Ear) frame(features []float32, samples []int16) {
	for i, s := range samples {
		e.spectrum[i] = float32(s) * e.t.Hann[min(i, len(samples)-i)]
	}
	clear(e.spectrum[len(samples):])
	e.transform()
	e.sum()
	for i, b := range e.bands {
		e.bands[i] = Logarithm(b + Floor)
	}
	if e.t.Coefficients == 0 {
		copy(features, e.bands)
		return
	}
	for k := range features {
		sum := float32(0)
		for i, c := range e.t.DCT[k*e.t.Mels:][:e.t.Mels] {
			sum += float32(c * e.bands[i])
		}
		features[k] = sum
	}
}

// turn is cos and sin of 2πk/FFT, k up to half of the circle.
func (e *Ear) turn(k int) (c, s float32) {
	quarter := e.t.FFT / 4
	if k > quarter {
		return -e.t.Cosine[2*quarter-k], e.t.Cosine[k-quarter]
	}
	return e.t.Cosine[k], e.t.Cosine[quarter-k]
}

// transform is the FFT of half the length of the pairs in e.spectrum (J. W. Cooley and
// J. W. Tukey, Mathematics of Computation 19, 1965): x + iy becomes Σ (x + iy)·e^(−2πijk/n).
func (e *Ear) transform() {
	x, n := e.spectrum, e.t.FFT/2
	for i, j := 0, 0; i < n; i++ {
		if i < j {
			x[2*i], x[2*i+1], x[2*j], x[2*j+1] = x[2*j], x[2*j+1], x[2*i], x[2*i+1]
		}
		bit := n / 2
		for ; j&bit != 0; bit /= 2 { // j is i with its bits reversed
			j -= bit
		}
		j += bit
	}
	for half := 1; half < n; half *= 2 {
		for k := range half {
			c, s := e.turn(k * (n / half))
			for i := k; i < n; i += 2 * half {
				a, b := x[2*i:][:2], x[2*(i+half):][:2]
				re := float32(c*b[0]) + float32(s*b[1])
				im := float32(c*b[1]) - float32(s*b[0])
				b[0], b[1] = a[0]-re, a[1]-im
				a[0], a[1] = a[0]+re, a[1]+im
			}
		}
	}
}

// sum adds the magnitudes up in bands. Since the even samples of the window were the
// real and the odd ones the imaginary parts, frequency k of the window is
// E + e^(−2πik/FFT)·O, E and O their own: of Z[k] and Z[n−k], half the sum and half the difference.
func (e *Ear) sum() {
	clear(e.bands)
	n, first := e.t.FFT/2, int(e.t.First[0])
	for j := range e.t.Mels + 1 {
		for k := int(e.t.First[j]); k < int(e.t.First[j+1]); k++ {
			a, b := e.spectrum[2*(k%n):][:2], e.spectrum[2*(n-k):][:2]
			c, s := e.turn(k)
			evenRe, evenIm := float32(0.5*(a[0]+b[0])), float32(0.5*(a[1]-b[1]))
			oddRe, oddIm := 0.5*(a[1]+b[1]), 0.5*(b[0]-a[0])
			re := evenRe + (float32(c*oddRe) + float32(s*oddIm))
			im := evenIm + (float32(c*oddIm) - float32(s*oddRe))
			size := float32(math.Sqrt(float64(float32(re*re) + float32(im*im))))
			up := float32(e.t.Rise[k-first] * size)
			if j < e.t.Mels {
				e.bands[j] += up
			}
			if j > 0 {
				e.bands[j-1] += size - up
			}
		}
	}
}
