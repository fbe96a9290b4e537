package datasets

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"math"
	"unicode/utf8"
)

// Set is a data set in memory, with what is needed to feed it to a network:
//
//	r = (p·PixelScale − Mean[c]) / Std[c]
//
// p the stored pixel or value, c its channel.
type Set struct {
	Name       string
	Shape      [3]int    // C H W of one image; F 1 1 for a table of F columns
	Classes    []string  // class names, index = label; empty where there are no labels
	Train      *Split    // what is trained on
	Test       *Split    // what accuracy is measured on
	PixelScale float32   // 1/255 for bytes, 1/16 for digits, 1 for values taken as they are
	Mean, Std  []float32 // per channel, measured on Train, after PixelScale
	Source     string    // where the data come from: a citation or a path
	Files      []File    // the user's own files that they were read from
}

// Split is one part of a set. Exactly one of Images and Values holds the N
// images, N·H·W·C in that order (channels last).
type Split struct {
	Images []uint8   // pixels
	Values []float32 // values that are not bytes
	Labels []int32   // N of them, 0 … classes−1; all 0 where there are no labels
}

// Len returns the number of images, N.
func (s *Split) Len() int { return len(s.Labels) }

// Steps returns the number of batches of the given size in one pass,
// the last and possibly partial one included: ⌈N/size⌉.
func (s *Split) Steps(size int) int { return (s.Len() + size - 1) / size }

// New completes and checks a set that was made in memory. A zero PixelScale
// becomes 1/255 for Images and 1 for Values; Mean and Std are measured on
// s.Train if both are nil.
func New(s Set) (*Set, error) { return newSet(s, s.Name) }

// newSet is New for a set whose faults are reported under another name, such
// as a path.
func newSet(s Set, name string) (*Set, error) {
	if s.PixelScale == 0 {
		s.PixelScale = 1
		if s.Train != nil && s.Train.Images != nil {
			s.PixelScale = 1.0 / 255
		}
	}
	if err := s.validate(); err != nil {
		return nil, fmt.Errorf("datasets: %s: %w", name, err)
	}
	if s.Mean == nil && s.Std == nil {
		s.Mean, s.Std = measure(s.Train, s.Shape[0], s.PixelScale)
	}
	if len(s.Mean) != s.Shape[0] || len(s.Std) != s.Shape[0] {
		return nil, fmt.Errorf("datasets: %s: %d means and %d standard deviations for %d channels",
			name, len(s.Mean), len(s.Std), s.Shape[0])
	}
	for c, std := range s.Std {
		if !(std > 0) {
			return nil, fmt.Errorf("datasets: %s: channel %d: standard deviation %v, want a positive number", name, c, std)
		}
	}
	return &s, nil
}

// size is the number of elements of one image.
func (s *Set) size() int { return s.Shape[0] * s.Shape[1] * s.Shape[2] }

func (s *Set) validate() error {
	for _, n := range s.Shape {
		if n < 1 {
			return fmt.Errorf("shape %v: channels, height and width must be positive", s.Shape)
		}
	}
	if !(s.PixelScale > 0) {
		return fmt.Errorf("pixel scale %v, want a positive number", s.PixelScale)
	}
	for i, name := range s.Classes {
		if !utf8.ValidString(name) {
			return fmt.Errorf("class %d: name %q is not UTF-8", i, clip(name))
		}
	}
	if s.Train == nil || s.Train.Len() == 0 {
		return errors.New("no training images")
	}
	if s.Test == nil || s.Test.Len() == 0 {
		return errors.New("no test images")
	}
	if (s.Train.Images == nil) != (s.Test.Images == nil) {
		return errors.New("one split holds bytes, the other values")
	}
	if err := s.validateSplit(s.Train); err != nil {
		return fmt.Errorf("training split: %w", err)
	}
	if err := s.validateSplit(s.Test); err != nil {
		return fmt.Errorf("test split: %w", err)
	}
	return nil
}

func (s *Set) validateSplit(p *Split) error {
	if (p.Images == nil) == (p.Values == nil) {
		return errors.New("want either Images or Values")
	}
	if have, want := len(p.Images)+len(p.Values), p.Len()*s.size(); have != want {
		return fmt.Errorf("%d elements for %d images of shape %v, want %d", have, p.Len(), s.Shape, want)
	}
	classes := max(len(s.Classes), 1)
	for i, label := range p.Labels {
		if label < 0 || int(label) >= classes {
			return fmt.Errorf("image %d: label %d out of range 0..%d", i, label, classes-1)
		}
	}
	for i, v := range p.Values {
		if v-v != 0 {
			return fmt.Errorf("image %d: value %d is %v, want a finite number", i/s.size(), i%s.size(), v)
		}
	}
	return nil
}

// measure returns mean and population standard deviation per channel. Bytes
// are summed as integers, which is exact; values in float64, in two passes and
// in order. So the result depends on nothing but the data. A constant channel
// gets the deviation 1, which maps it to zero.
func measure(p *Split, channels int, scale float32) (mean, std []float32) {
	mean, std = make([]float32, channels), make([]float32, channels)
	for c := range channels {
		var m, v float64
		if p.Images != nil {
			m, v = measureBytes(p.Images, c, channels)
		} else {
			m, v = measureValues(p.Values, c, channels)
		}
		mean[c] = float32(m * float64(scale))
		std[c] = float32(math.Sqrt(v) * float64(scale))
		if std[c] == 0 {
			std[c] = 1
		}
	}
	return mean, std
}

func measureBytes(x []uint8, c, channels int) (mean, variance float64) {
	var histogram [256]uint64
	for i := c; i < len(x); i += channels {
		histogram[x[i]]++
	}
	var n, sum, squares uint64
	for p, k := range histogram {
		n += k
		sum += k * uint64(p)
		squares += k * uint64(p*p)
	}
	mean = float64(sum) / float64(n)
	return mean, max(float64(squares)/float64(n)-float64(mean*mean), 0)
}

func measureValues(x []float32, c, channels int) (mean, variance float64) {
	n := float64(len(x) / channels)
	for i := c; i < len(x); i += channels {
		mean += float64(x[i])
	}
	mean /= n
	for i := c; i < len(x); i += channels {
		d := float64(x[i]) - mean
		variance += float64(d * d)
	}
	return mean, variance / n
}

// Checksum returns the SHA-256, in hexadecimal, of everything that training
// depends on: shape, scale, classes, labels and pixels of both splits. A
// checkpoint that stores it can refuse to go on with other data.
func (s *Set) Checksum() string {
	h := sha256.New()
	fmt.Fprintf(h, "%v %v %v %v %q", s.Shape, s.PixelScale, s.Mean, s.Std, s.Classes)
	var buf []byte
	for _, p := range []*Split{s.Train, s.Test} {
		fmt.Fprintf(h, " %d ", p.Len())
		h.Write(p.Images)
		for i, v := range p.Values {
			buf = binary.LittleEndian.AppendUint32(buf, math.Float32bits(v))
			if len(buf) >= 1<<15 || i == len(p.Values)-1 {
				h.Write(buf)
				buf = buf[:0]
			}
		}
		for i, label := range p.Labels {
			buf = binary.LittleEndian.AppendUint32(buf, uint32(label))
			if len(buf) >= 1<<15 || i == len(p.Labels)-1 {
				h.Write(buf)
				buf = buf[:0]
			}
		}
	}
	return hex.EncodeToString(h.Sum(nil))
}
