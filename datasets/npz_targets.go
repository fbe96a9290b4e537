package datasets

import (
	"fmt"
	"slices"
)

// target says what the labels of an npz file are, by the options or by their look.
func (p *npzPart) target(opts Options) (Target, error) {
	switch {
	case opts.Label == "none" || p == nil || p.y == nil:
		return AnyTarget, nil
	case opts.Target != AnyTarget:
		return opts.Target, nil
	case len(p.y.shape) == 3:
		return PixelTargets, nil
	case p.y.floats != nil:
		if !slices.ContainsFunc(p.y.floats, func(v float32) bool { return v != float32(int64(v)) }) {
			return 0, fmt.Errorf("labels of type %s without a fraction can be classes or quantities: task: regression "+
				"predicts numbers, integers are classes", p.y.descr)
		}
		return NumberTargets, nil
	case len(p.y.shape) == 2 && p.y.shape[1] > 1:
		switch y := p.y.numbers(); {
		case !marked(y):
			return NumberTargets, nil
		case oneHot(y, p.y.shape[1]):
			return 0, fmt.Errorf("labels of shape %v with no more than one 1 in a row, like classes: want their numbers, "+
				"or task: labels", p.y.shape)
		}
		return LabelTargets, nil
	}
	return ClassTarget, nil
}

// oneHot reports whether no row of 0 and 1 has several 1.
func oneHot(y []float32, width int) bool {
	for row := range slices.Chunk(y, width) {
		sum := float32(0)
		for _, v := range row {
			sum += v
		}
		if sum > 1 {
			return false
		}
	}
	return true
}

// numbers are the elements of an array of any type.
func (a *array) numbers() []float32 {
	if a.floats != nil {
		return a.floats
	}
	var all []float32
	for _, v := range a.bytes {
		all = append(all, float32(v))
	}
	for _, v := range a.ints {
		all = append(all, float32(v))
	}
	return all
}

// targets are the numbers or labels of n samples.
func (p *npzPart) targets(n int) ([]float32, error) {
	s := p.y.shape
	if len(s) == 0 || len(s) > 2 || s[0] != n || len(s) == 2 && s[1] == 0 {
		return nil, fmt.Errorf("targets of shape %v for %d images, want [%d] or [%d T]", s, n, n, n)
	}
	return p.y.numbers(), nil
}

// masks are the values of the pixels of images of a shape, which are to be bytes.
func (p *npzPart) masks(shape [3]int) ([]uint8, error) {
	n := p.x.shape[0]
	if want := []int{n, shape[1], shape[2]}; !slices.Equal(p.y.shape, want) {
		return nil, fmt.Errorf("masks of shape %v for images of %d×%d, want %v", p.y.shape, shape[1], shape[2], want)
	}
	if p.y.floats != nil {
		return nil, fmt.Errorf("masks of type %s, want integers, a class for each pixel", p.y.descr)
	}
	if p.y.bytes != nil {
		return p.y.bytes, nil
	}
	masks := make([]uint8, len(p.y.ints))
	for at, v := range p.y.ints {
		if v < 0 || v > 255 {
			return nil, fmt.Errorf("mask %d has a pixel of class %d, want 0 to 255", at/(shape[1]*shape[2]), v)
		}
		masks[at] = uint8(v)
	}
	return masks, nil
}

// nameTargets names the targets as a network does, as the options say, or after their places.
func (s *Set) nameTargets(each int, names, known []string) error {
	switch s.Targets = known; {
	case known != nil:
	case names != nil && len(names) != each:
		return fmt.Errorf("%d names of targets, %q, want one for each of the %d in a row of y", len(names), names, each)
	case names != nil:
		s.Targets = slices.Clone(names)
	default:
		for k := range each {
			s.Targets = append(s.Targets, fmt.Sprintf("y[%d]", k))
		}
	}
	return nil
}
