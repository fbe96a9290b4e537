package onnxeval

import (
	"fmt"
	"math"
)

// share is an element of the input and its weight in an element of the output.
type share struct {
	at     int
	weight float64
}

// resize is Resize, and Upsample before it: axis after axis, the nearest element
// or a line through two of them.
func resize(c *call) ([]*Tensor, error) {
	x := c.in[0]
	plan, err := c.enlarged(x.Shape)
	if err != nil {
		return nil, err
	}
	if x.S != nil {
		return nil, wantReal(x)
	}
	for axis, shares := range plan {
		if shares == nil {
			continue
		}
		if x, err = x.resized(axis, shares, c.shapes); err != nil {
			return nil, err
		}
	}
	return one(x, nil)
}

// resized replaces an axis.
func (t *Tensor) resized(axis int, shares [][]share, shapes bool) (*Tensor, error) {
	shape := append([]int{}, t.Shape...)
	shape[axis] = len(shares)
	y, err := t.like(shape)
	if err != nil || shapes {
		return y, err
	}
	inner, numbers := product(t.Shape[axis+1:]), t.Numbers()
	for i := range y.Size() {
		sum, outer := 0.0, i/inner/len(shares)
		for _, s := range shares[i/inner%len(shares)] {
			sum += s.weight * numbers[(outer*t.Shape[axis]+s.at)*inner+i%inner]
		}
		if y.F != nil {
			y.F[i] = sum
		} else {
			y.I[i] = int64(sum)
		}
	}
	return y, nil
}

// Repeats is how often a Resize or Upsample of a tensor of the given shape
// repeats each element along each axis; an error if it does anything else.
func Repeats(n *Node, in []*Tensor, shape []int) ([]int, error) {
	plan, err := (&call{Node: n, in: in}).enlarged(shape)
	if err != nil {
		return nil, err
	}
	times := make([]int, len(shape))
	for axis, shares := range plan {
		times[axis] = 1
		if shares == nil {
			continue
		}
		times[axis] = len(shares) / shape[axis]
		for i, s := range shares {
			if len(shares)%shape[axis] != 0 || len(s) != 1 || s[0].at != i/times[axis] {
				return nil, fmt.Errorf("mode %q makes %d elements of %d along axis %d, and does not repeat each "+
					"as often "+
					"as every other", Printable(n.Text("mode", "nearest")), len(shares), shape[axis], axis)
			}
		}
	}
	return times, nil
}

// enlarged is what each element is made of along each axis; nil where the axis
// keeps its elements.
func (c *call) enlarged(shape []int) ([][][]share, error) {
	scales, err := c.scales(shape)
	if err != nil {
		return nil, err
	}
	if c.Int("antialias", 0) != 0 || c.Int("exclude_outside", 0) != 0 ||
		c.Text("keep_aspect_ratio_policy", "stretch") != "stretch" {
		return nil, fmt.Errorf("antialias, exclude_outside and keep_aspect_ratio_policy are not supported")
	}
	out := make([]int, len(shape))
	for axis, s := range scales {
		out[axis] = s.size
	}
	if err := checkShape(out); err != nil {
		return nil, err
	}
	plan := make([][][]share, len(shape))
	for axis, s := range scales {
		if s.size == shape[axis] && s.factor == 1 {
			continue
		}
		for i := range s.size {
			place, err := c.place(float64(i), float64(shape[axis]), float64(s.size), s.factor)
			if err != nil {
				return nil, err
			}
			shares, err := c.shares(place, shape[axis])
			if err != nil {
				return nil, err
			}
			plan[axis] = append(plan[axis], shares)
		}
	}
	return plan, nil
}

// scale is how an axis grows.
type scale struct {
	factor float64
	size   int
}

// scales are those of all axes.
func (c *call) scales(shape []int) ([]scale, error) {
	factors, sizes := c.input(1), c.input(3)
	if c.Op == "Resize" && c.Version >= 11 {
		factors = c.input(2)
	}
	var given []float64
	switch {
	case factors != nil && factors.Size() > 0:
		given = factors.F
	case sizes != nil:
	case c.Op == "Upsample" && c.Version < 9:
		a, _ := c.Attribute("scales")
		for _, v := range a.Floats {
			given = append(given, float64(v))
		}
	}
	axes, err := axes(c.Ints("axes"), len(shape))
	if err != nil {
		return nil, err
	}
	if len(axes) == 0 {
		for i := range shape {
			axes = append(axes, i)
		}
	}
	all := make([]scale, len(shape))
	for i, n := range shape {
		all[i] = scale{1, n}
	}
	for i, axis := range axes {
		s := &all[axis]
		switch {
		case len(given) == len(axes):
			s.factor = given[i]
			s.size = int(math.Floor(min(float64(shape[axis])*s.factor, 2*most)))
		case given == nil && sizes != nil && len(sizes.I) == len(axes) && shape[axis] > 0:
			s.size = int(min(max(sizes.I[i], -1), 2*most))
			s.factor = float64(s.size) / float64(shape[axis])
		default:
			return nil, fmt.Errorf("%d scales for %d axes", len(given), len(axes))
		}
		if !(s.factor > 0) || s.size < 1 || s.size > most || shape[axis] < 1 {
			return nil, fmt.Errorf("axis %d of %d elements times %v", axis, shape[axis], s.factor)
		}
	}
	return all, nil
}

// place is where element i of the output is in the input's coordinates.
func (c *call) place(i, in, out, factor float64) (float64, error) {
	mode := "asymmetric"
	if c.Op == "Resize" && c.Version >= 11 {
		mode = c.Text("coordinate_transformation_mode", "half_pixel")
	}
	switch mode {
	case "asymmetric":
		return i / factor, nil
	case "half_pixel":
		return (i+0.5)/factor - 0.5, nil
	case "half_pixel_symmetric":
		return in/2*(1-out/(in*factor)) + (i+0.5)/factor - 0.5, nil
	case "pytorch_half_pixel":
		if out <= 1 {
			return 0, nil
		}
		return (i+0.5)/factor - 0.5, nil
	case "tf_half_pixel_for_nn":
		return (i + 0.5) / factor, nil
	case "align_corners":
		if out = in * factor; out == 1 { // not rounded down, unlike the size
			return 0, nil
		}
		return i * (in - 1) / (out - 1), nil
	}
	return 0, fmt.Errorf("coordinate_transformation_mode %q is not supported", Printable(mode))
}

// shares are the elements that make the one at a place.
func (c *call) shares(place float64, in int) ([]share, error) {
	within := func(v float64) int { return int(min(max(v, 0), float64(in-1))) }
	switch mode := c.Text("mode", "nearest"); mode {
	case "nearest":
		at, err := c.nearest(place)
		return []share{{within(at), 1}}, err
	case "linear":
		low := math.Floor(place)
		return []share{{within(low), 1 - (place - low)}, {within(low + 1), place - low}}, nil
	default:
		return nil, fmt.Errorf("mode %q is not supported", Printable(mode))
	}
}

// nearest rounds a place.
func (c *call) nearest(place float64) (float64, error) {
	mode := "floor"
	if c.Op == "Resize" && c.Version >= 11 {
		mode = c.Text("nearest_mode", "round_prefer_floor")
	}
	switch mode {
	case "round_prefer_floor":
		return math.Ceil(place - 0.5), nil
	case "round_prefer_ceil":
		return math.Floor(place + 0.5), nil
	case "floor":
		return math.Floor(place), nil
	case "ceil":
		return math.Ceil(place), nil
	}
	return 0, fmt.Errorf("nearest_mode %q is not supported", Printable(mode))
}
