package datasets

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
)

// Masks say how pictures of the pixels' classes are read. The zero value reads the value of
// a pixel as its class.
type Masks struct {
	Classes []string // names of the classes 0, 1, …; nil: numbers, up to the greatest that occurs

	// Ignore is the value of pixels without a class, which neither losses nor metrics
	// count: 0 means 255, −1 that there are none.
	Ignore int
}

// Ignored is the class in [Split.Masks] of a pixel that has none.
const Ignored = 255

// maxPixelClasses is how many classes a byte can tell from Ignored.
const maxPixelClasses = Ignored

func (m Masks) isSet() bool { return len(m.Classes) > 0 || m.Ignore != 0 }

// ignored is the value of pixels without a class; −1: all have one.
func (m Masks) ignored() int {
	if m.Ignore == 0 {
		return Ignored
	}
	return m.Ignore
}

func (m Masks) validate() error {
	if m.Ignore < -1 || m.Ignore > 255 {
		return fmt.Errorf("datasets: ignored value %d of masks, want 1 to 255, or -1 for none", m.Ignore)
	}
	if n := len(m.Classes); n == 1 || n > maxPixelClasses {
		return fmt.Errorf("datasets: %d classes of pixels, want 2 to %d", n, maxPixelClasses)
	}
	for i, name := range m.Classes {
		if slices.Contains(m.Classes[:i], name) {
			return fmt.Errorf("datasets: two classes of pixels are called %q", name)
		}
	}
	return nil
}

// perSample is how many numbers [Batch.Targets] holds for a sample.
func (s *Set) perSample() int {
	if s.Target == PixelTargets {
		return s.area()
	}
	return len(s.Targets)
}

// area is the number of pixels of an image.
func (s *Set) area() int { return s.Shape[1] * s.Shape[2] }

// mask is the classes of the pixels of image i, given how many it has.
func (s *Split) mask(i, area int) []uint8 { return s.Masks[s.row(i)*area:][:area] }

// MaskOf is the classes of the pixels of sample i, row by row; [Ignored] is none.
func (s *Set) MaskOf(p *Split, i int) []uint8 { return p.mask(i, s.area()) }

// classifyPixels turns the values of masks into classes and names these: known are those of a
// trained network.
func (s *Set) classifyPixels(o Masks, known []string) error {
	ignored, greatest := o.ignored(), 0
	for _, p := range s.splits() {
		for _, v := range p.Masks {
			if int(v) != ignored {
				greatest = max(greatest, int(v))
			}
		}
	}
	s.Target = PixelTargets
	switch {
	case known != nil:
		s.Targets = known
	case o.Classes != nil:
		s.Targets = o.Classes
	case greatest == 0:
		return fmt.Errorf("no pixel of the masks has another class than 0, apart from the ignored value %d "+
			"(data.masks.ignore): want classes from 0 up", ignored)
	case greatest >= maxPixelClasses:
		return fmt.Errorf("the masks have a pixel of class %d, want at most %d classes, from 0 up", greatest,
			maxPixelClasses)
	default:
		s.Targets = numbered(greatest + 1)
	}
	for i, p := range s.splits() {
		for at, v := range p.Masks {
			if int(v) == ignored {
				p.Masks[at] = Ignored
			} else if int(v) >= len(s.Targets) {
				return fmt.Errorf("%s split: %s: pixel (%d, %d) of the mask is %d, want a class from 0 to %d, or %d "+
					"where there is none (data.masks.ignore)", splitName(i), s.maskName(p, at/s.area()),
					at%s.area()/s.Shape[2], at%s.Shape[2], v, len(s.Targets)-1, ignored)
			}
		}
	}
	return nil
}

// maskName names a mask by its place.
func (s *Set) maskName(p *Split, place int) string {
	if p.Names != nil {
		return p.Names[place]
	}
	return fmt.Sprintf("[%d]", place)
}

// checkMasksOf checks the masks of a split.
func (s *Set) checkMasksOf(p *Split) error {
	n := p.places(s.size())
	if want := n * s.area(); len(p.Masks) != want {
		return fmt.Errorf("%d pixels in the masks, want %d×%d for each of %d images", len(p.Masks), s.Shape[1],
			s.Shape[2], n)
	}
	for at, v := range p.Masks {
		if v != Ignored && int(v) >= len(s.Targets) {
			return fmt.Errorf("image %d of the data, from 0: a pixel has class %d, want 0 to %d, or %d for none",
				at/s.area(), v, len(s.Targets)-1, Ignored)
		}
	}
	if !slices.ContainsFunc(p.Masks, func(v uint8) bool { return v != Ignored }) {
		return errors.New("no pixel of the masks has a class")
	}
	return nil
}

// PixelAccount says which classes the pixels of the training split have.
type PixelAccount struct {
	Classes []PixelClass `json:"classes"`
	Ignored float64      `json:"ignored"` // share of all pixels, without a class
}

// PixelClass is a class of pixels and its share of those that have one.
type PixelClass struct {
	Name  string  `json:"name"`
	Share float64 `json:"share"`
}

// pixelAccount describes the masks of the training split; nil where there are none.
func (s *Set) pixelAccount() *PixelAccount {
	if s.Target != PixelTargets {
		return nil
	}
	var counts [256]int
	for i := range s.Train.Len() {
		for _, v := range s.MaskOf(s.Train, i) {
			counts[v]++
		}
	}
	all := s.Train.Len() * s.area()
	a := &PixelAccount{Ignored: float64(counts[Ignored]) / float64(all)}
	for class, name := range s.Targets {
		share := float64(counts[class]) / float64(max(all-counts[Ignored], 1))
		a.Classes = append(a.Classes, PixelClass{name, share})
	}
	return a
}

// warnOfPixels warns of classes that cannot be learned.
func (a *Account) warnOfPixels() {
	if a.Pixels == nil {
		return
	}
	var none []string
	for _, c := range a.Pixels.Classes {
		if c.Share == 0 {
			none = append(none, c.Name)
		}
	}
	if none != nil {
		a.warn("no training pixels of class %s", listed(none))
	}
}

// String returns text such as "3 of each pixel: ground (80.1 %), disc (12.4 %), 2 (7.5 %); 1.3 % ignored".
func (a *PixelAccount) String() string {
	var all []string
	for _, c := range a.Classes {
		all = append(all, fmt.Sprintf("%s (%s)", c.Name, percent(c.Share)))
	}
	text := fmt.Sprintf("%d of each pixel: %s", len(all), listed(all))
	if a.Ignored > 0 {
		text += fmt.Sprintf("; %s of the pixels ignored", percent(a.Ignored))
	}
	return text
}

func percent(share float64) string { return strconv.FormatFloat(100*share, 'g', 3, 64) + " %" }
