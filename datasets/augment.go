package datasets

import (
	"errors"
	"fmt"
	"math/rand/v2"
)

// Augment varies each training image differently in each epoch, in this order:
// crop, flip, shift, cutout. The zero value does nothing.
type Augment struct {
	// Shift moves the image by at most this many pixels, each way and on each
	// axis, all moves equally likely. The edge pixels are repeated to fill the
	// gap.
	Shift int

	// Flip mirrors left and right with probability ½.
	Flip bool

	// Crop takes a window whose sides are 1−u of the image's, u uniform in
	// [0, Crop), at a uniformly random place, and stretches it to the whole
	// image by bilinear interpolation. 0 ≤ Crop < 1.
	Crop float64

	// Cutout sets a square of this side to the channels' means, its centre
	// uniform over the image, so that it may extend beyond it. T. DeVries and
	// G. W. Taylor, Improved Regularization of Convolutional Neural Networks
	// with Cutout, arXiv:1708.04552, 2017, section 3.2.
	Cutout int

	// Delay moves a sound by at most this many ms, earlier or later, before its features are
	// computed; silence fills the gap. Noise adds a piece of the background noise, times a
	// number from 0 to Noise. Both are uniform, and need Sounds.Waves.
	Delay, Noise float64
}

// Resounds reports whether sounds vary before their features are computed.
func (a Augment) Resounds() bool { return a.Delay != 0 || a.Noise != 0 }

func (a Augment) check(s *Set, split *Split) error {
	shape := s.Shape
	if a == (Augment{}) {
		return nil
	}
	h, w := shape[1], shape[2]
	if h == 1 && w == 1 {
		return errors.New("augmentation is for images, not for tables")
	}
	if a.Shift < 0 || a.Shift >= max(h, w) {
		return fmt.Errorf("shift %d out of range 0..%d", a.Shift, max(h, w)-1)
	}
	if !(a.Crop >= 0 && a.Crop < 1) {
		return fmt.Errorf("crop %v out of range, want 0 ≤ crop < 1", a.Crop)
	}
	if a.Cutout < 0 || a.Cutout > max(h, w) {
		return fmt.Errorf("cutout %d out of range 0..%d", a.Cutout, max(h, w))
	}
	if a.Cutout > 0 && s.Target == PixelTargets {
		return fmt.Errorf("cutout %d hides pixels whose classes are to be learned", a.Cutout)
	}
	return a.checkSounds(s, split)
}

// variation applies an Augment. It owns its buffers.
type variation struct {
	Augment
	c, h, w int
	pcg     rand.PCG
	rand    *rand.Rand
	src     []float32 // copy of the image
	rows    []tap     // per output row and column, where it comes from
	cols    []tap
}

// tap is a position between two source rows or columns: (1−f)·x[lo] + f·x[hi].
type tap struct {
	lo, hi int
	f      float32
}

func (t tap) nearest() int {
	if t.f < 0.5 {
		return t.lo
	}
	return t.hi
}

func newVariation(a Augment, shape [3]int) *variation {
	v := &variation{Augment: a, c: shape[0], h: shape[1], w: shape[2]}
	v.rand = rand.New(&v.pcg)
	v.src = make([]float32, v.c*v.h*v.w)
	v.rows, v.cols = make([]tap, v.h), make([]tap, v.w)
	return v
}

// twin returns the same variation with buffers of its own.
func (v *variation) twin() *variation { return newVariation(v.Augment, [3]int{v.c, v.h, v.w}) }

// apply varies the image x, H W C. What it does depends on seed and place only. moved
// reports whether pixels are elsewhere than they were.
func (v *variation) apply(x []float32, seed, place uint64) (moved bool) {
	v.pcg.Seed(seed, place)
	scale := 1.0
	var top, left float64
	if v.Crop > 0 {
		scale = 1 - float64(v.Crop*v.rand.Float64())
		top = (1 - scale) * float64(v.h) * v.rand.Float64()
		left = (1 - scale) * float64(v.w) * v.rand.Float64()
	}
	flip := v.Flip && v.rand.Uint64()&1 == 1
	var dy, dx int
	if v.Shift > 0 {
		dy = v.rand.IntN(2*v.Shift+1) - v.Shift
		dx = v.rand.IntN(2*v.Shift+1) - v.Shift
	}
	if moved = scale != 1 || flip || dy != 0 || dx != 0; moved {
		taps(v.rows, top, scale, dy, false)
		taps(v.cols, left, scale, dx, flip)
		copy(v.src, x)
		v.resample(x)
	}
	if v.Cutout > 0 {
		v.cutout(x)
	}
	return moved
}

// origin is the pixel of the image before it moved that is nearest to what is now pixel at.
func (v *variation) origin(at int) int {
	return v.rows[at/v.w].nearest()*v.w + v.cols[at%v.w].nearest()
}

// taps sets, for each output pixel along one axis, the source pixels that it is
// interpolated from. A pixel's centre is at its index + ½; both ends are
// clamped.
func taps(dst []tap, from, scale float64, shift int, flip bool) {
	n := len(dst)
	for i := range dst {
		j := min(max(i-shift, 0), n-1)
		if flip {
			j = n - 1 - j
		}
		at := min(max(from+float64(scale*(float64(j)+0.5))-0.5, 0), float64(n-1))
		lo := int(at)
		dst[i] = tap{lo, min(lo+1, n-1), float32(at - float64(lo))}
	}
}

// resample computes x from v.src. Each product is rounded before it is added,
// so that all processors give the same bits.
func (v *variation) resample(x []float32) {
	stride := v.w * v.c
	for i, r := range v.rows {
		lo, hi := v.src[r.lo*stride:(r.lo+1)*stride], v.src[r.hi*stride:(r.hi+1)*stride]
		for j, q := range v.cols {
			for c := range v.c {
				l, k := q.lo*v.c+c, q.hi*v.c+c
				above := mix(lo[l], lo[k], q.f)
				below := mix(hi[l], hi[k], q.f)
				x[i*stride+j*v.c+c] = mix(above, below, r.f)
			}
		}
	}
}

func mix(a, b, f float32) float32 { return float32(a*(1-f)) + float32(b*f) }

func (v *variation) cutout(x []float32) {
	top := v.rand.IntN(v.h) - v.Cutout/2
	left := v.rand.IntN(v.w) - v.Cutout/2
	for i := max(top, 0); i < min(top+v.Cutout, v.h); i++ {
		from, to := max(left, 0), min(left+v.Cutout, v.w)
		clear(x[(i*v.w+from)*v.c : (i*v.w+to)*v.c])
	}
}
