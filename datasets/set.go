package datasets

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"iter"
	"math"
	"unicode/utf8"

	"petrify/datasets/sound"
)

// Set is a data set in memory, with everything needed to feed it to a network:
//
//	r = (p·PixelScale − Mean[c]) / Std[c]
//
// p the stored pixel or value, c its channel.
type Set struct {
	Name       string
	Shape      [3]int    // C H W of one image; F 1 1 for a table of F columns
	Target     Target    // what samples are matched with
	Classes    []string  // class names, index = label; empty where there are no classes
	Targets    []string  // names of the numbers or labels of a sample, or of a pixel's classes; empty where there are none
	Train      *Split    // what is trained on
	Validation *Split    // what training may stop by, if the data have such a split; else nil
	Test       *Split    // what accuracy is measured on
	PixelScale float32   // 1/255 for bytes, 1/16 for digits, 1 for values taken as they are
	Mean, Std  []float32 // per channel, measured on Train, after PixelScale
	Source     string    // where the data come from: a citation or a path
	Files      []File    // the user's own files that they were read from
	Account    Account   // what was read

	Sound *sound.Front // how values were computed from sounds; nil: they were not
	Noise [][]int16    // recordings of background noise
}

// Split is one part of a set. Exactly one of Images and Values holds images,
// H·W·C in that order (channels last), one after the other.
type Split struct {
	Images []uint8   // pixels
	Values []float32 // values that are not bytes
	Rows   []int32   // N places in Images or Values, in images; nil: their order
	Labels []int32   // N of them, 0 … classes−1; all 0 where there are no classes
	Names  []string  // of the images, by place: files; nil: they have none
	Waves  []int16   // the sounds that values were computed from, by place; nil: they are not kept
	Times  []string  // when the windows of recordings begin, by place; nil: they are none
	Groups []int32   // recordings, by place, which no division cuts; nil: images are on their own

	Targets []float32 // numbers or labels of each image, by place; nil where there are none
	Masks   []uint8   // H·W classes of the pixels of each image, by place, or [Ignored]; nil where there are none

	mapped bool // Images or Values are a file's
}

// Len returns the number of images, N.
func (s *Split) Len() int { return len(s.Labels) }

// pixels returns the pixels of image i, given their number; values does
// likewise.
func (s *Split) pixels(i, size int) []uint8 { return s.Images[s.row(i)*size:][:size] }

func (s *Split) values(i, size int) []float32 { return s.Values[s.row(i)*size:][:size] }

// ahead is how many images are read ahead where a split is gone through in order.
const ahead = 8

// prefetch has image i read ahead if it is in a file.
func (s *Split) prefetch(i, size int) {
	switch {
	case !s.mapped || i >= s.Len():
	case s.Images != nil:
		willNeed(s.pixels(i, size))
	default:
		willNeed(s.values(i, size))
	}
}

// row is the index of image i in Images or Values.
func (s *Split) row(i int) int {
	if s.Rows == nil {
		return i
	}
	return int(s.Rows[i])
}

// Sample names image i as its data do: by its file, a table's row from 1, or an
// array's index from 0.
func (s *Set) Sample(p *Split, i int) string {
	switch {
	case p.Times != nil:
		return fmt.Sprintf("%s at %s", p.Names[p.row(i)], p.Times[p.row(i)])
	case p.Names != nil:
		return p.Names[p.row(i)]
	case s.Account.Table != nil:
		return fmt.Sprintf("row %d", p.row(i)+1)
	}
	return fmt.Sprintf("[%d]", p.row(i))
}

// Cut divides a split into the images that are not chosen and those that are,
// keeping their order. It copies neither pixels nor values: both parts read
// those of s.
func (s *Split) Cut(chosen []bool) (rest, part *Split) {
	n := 0
	for _, yes := range chosen {
		if yes {
			n++
		}
	}
	view := func(n int) *Split {
		part := *s
		part.Rows, part.Labels = make([]int32, 0, n), make([]int32, 0, n)
		return &part
	}
	rest, part = view(len(chosen)-n), view(n)
	for i, label := range s.Labels {
		to := rest
		if chosen[i] {
			to = part
		}
		to.Rows, to.Labels = append(to.Rows, int32(s.row(i))), append(to.Labels, label)
	}
	return rest, part
}

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
	s.completeTarget()
	if err := s.validate(); err != nil {
		return nil, fmt.Errorf("datasets: %s: %w", name, err)
	}
	channels := measure(s.Train, s.Shape[0], s.size())
	given := s.Mean != nil || s.Std != nil
	if !given {
		s.Mean, s.Std = moments(channels, s.PixelScale)
	}
	if len(s.Mean) != s.Shape[0] || len(s.Std) != s.Shape[0] {
		return nil, fmt.Errorf("datasets: %s: %d means and %d standard deviations for %d channels",
			name, len(s.Mean), len(s.Std), s.Shape[0])
	}
	for c, std := range s.Std {
		if !(std > 0) {
			return nil, fmt.Errorf("datasets: %s: channel %d: standard deviation %v, want a positive number", name,
				c, std)
		}
	}
	s.Account.complete(&s, channels, given)
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
	if err := s.checkTargets(); err != nil {
		return err
	}
	if s.Train == nil || s.Train.Len() == 0 {
		return errors.New("no training images")
	}
	if s.Test == nil || s.Test.Len() == 0 {
		return errors.New("no test images")
	}
	if s.Validation != nil && s.Validation.Len() == 0 {
		return errors.New("no validation images")
	}
	for i, p := range s.splits() {
		if (p.Images == nil) != (s.Train.Images == nil) {
			return errors.New("one split holds bytes, the other values")
		}
		if err := s.validateSplit(p); err != nil {
			return fmt.Errorf("%s split: %w", splitName(i), err)
		}
	}
	return s.checkClasses()
}

// splits goes through those that there are.
func (s *Set) splits() iter.Seq2[int, *Split] {
	return func(yield func(int, *Split) bool) {
		for i, p := range []*Split{s.Train, s.Validation, s.Test} {
			if p != nil && !yield(i, p) {
				return
			}
		}
	}
}

func (s *Set) validateSplit(p *Split) error {
	if (p.Images == nil) == (p.Values == nil) {
		return errors.New("want either Images or Values")
	}
	if err := errors.Join(s.checkPlaces(p), s.checkTargetsOf(p)); err != nil {
		return err
	}
	classes := max(len(s.Classes), 1)
	for i, label := range p.Labels {
		if label < 0 || int(label) >= classes {
			return fmt.Errorf("image %d: label %d out of range 0..%d", i, label, classes-1)
		}
	}
	if p.Values == nil {
		return nil
	}
	for i := range p.Len() {
		p.prefetch(i+ahead, s.size())
		for j, v := range p.values(i, s.size()) {
			if v-v != 0 {
				return fmt.Errorf("image %d of the data, from 0: value %d is %v, want a finite number", p.row(i), j, v)
			}
		}
	}
	return nil
}

// checkPlaces checks that every image has its elements.
func (s *Set) checkPlaces(p *Split) error {
	have, size := len(p.Images)+len(p.Values), s.size()
	if p.Rows == nil && have != p.Len()*size || have%size != 0 {
		return fmt.Errorf("%d elements for %d images of shape %v, want %d", have, p.Len(), s.Shape, p.Len()*size)
	}
	if n := have / size; p.Waves != nil && (s.Sound == nil || len(p.Waves) != n*s.Sound.Length) {
		return fmt.Errorf("%d samples of %d sounds, want a front-end, and its length for each", len(p.Waves), n)
	}
	if p.Rows != nil && len(p.Rows) != p.Len() {
		return fmt.Errorf("%d rows for %d images", len(p.Rows), p.Len())
	}
	for i, row := range p.Rows {
		if row < 0 || int(row) >= have/size {
			return fmt.Errorf("image %d: row %d out of range 0..%d", i, row, have/size-1)
		}
	}
	return nil
}

func hashNumbers(h hash.Hash, numbers []int32) {
	var buf []byte
	for i, v := range numbers {
		buf = binary.LittleEndian.AppendUint32(buf, uint32(v))
		if len(buf) >= 1<<15 || i == len(numbers)-1 {
			h.Write(buf)
			buf = buf[:0]
		}
	}
}

// Checksum returns the SHA-256, in hexadecimal, of everything that training
// depends on: shape, scale, classes, labels, targets and pixels of all splits. A
// checkpoint that stores it can refuse to continue with other data.
func (s *Set) Checksum() string {
	h := sha256.New()
	fmt.Fprintf(h, "%v %v %v %v %q", s.Shape, s.PixelScale, s.Mean, s.Std, s.Classes)
	var buf []byte
	for _, p := range s.splits() {
		fmt.Fprintf(h, " %d ", p.Len())
		for i := range p.Len() {
			p.prefetch(i+ahead, s.size())
			if p.Images != nil {
				h.Write(p.pixels(i, s.size()))
				continue
			}
			buf = buf[:0]
			for _, v := range p.values(i, s.size()) {
				buf = binary.LittleEndian.AppendUint32(buf, math.Float32bits(v))
			}
			h.Write(buf)
		}
		hashNumbers(h, p.Labels)
		if p.Groups != nil {
			fmt.Fprint(h, " recordings ")
			hashNumbers(h, p.groups())
		}
		s.hashTargets(h, p)
	}
	return hex.EncodeToString(h.Sum(nil))
}

// hashTargets adds the targets of a split, where samples have some.
func (s *Set) hashTargets(h hash.Hash, p *Split) {
	if len(s.Targets) == 0 {
		return
	}
	fmt.Fprintf(h, " %v %q ", s.Target, s.Targets)
	var buf []byte
	for i := range p.Len() {
		if s.Target == PixelTargets {
			h.Write(s.MaskOf(p, i))
			continue
		}
		buf = buf[:0]
		for _, v := range s.TargetsOf(p, i) {
			buf = binary.LittleEndian.AppendUint32(buf, math.Float32bits(v))
		}
		h.Write(buf)
	}
}
