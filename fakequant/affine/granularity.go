package affine

import (
	"fmt"
	"strconv"
	"strings"
)

// Granularity says which elements of a tensor share a scale. The zero value
// is one scale for the tensor.
type Granularity struct {
	Kind Sharing
	Axis int // PerChannel, PerGroup
	Size int // PerGroup: elements of the axis in a block
}

// Sharing is the kind of a [Granularity].
type Sharing uint8

// The kinds.
const (
	PerTensor  Sharing = iota // one scale
	PerChannel                // one scale for each index of the axis
	PerGroup                  // one scale for each Size indices of the axis and each index of the axes before it
)

// Layout is a granularity applied to a shape: the tensor is a row-major array
// of ?×N×Inner elements, and the index along N selects the scale. Inner 0 means
// all remaining elements, as in a tensor whose batch size varies.
type Layout struct{ N, Inner int }

// On returns the layout of g on tensors of the given shape, which may omit axes
// after the last one that g needs.
func (g Granularity) On(shape ...int) (Layout, error) {
	if g.Kind == PerTensor {
		return Layout{N: 1}, nil
	}
	if g.Axis < 0 || g.Axis >= len(shape) {
		return Layout{}, fmt.Errorf("affine: axis %d out of range for shape %v", g.Axis, shape)
	}
	for _, n := range shape {
		if n <= 0 {
			return Layout{}, fmt.Errorf("affine: shape %v: want positive lengths", shape)
		}
	}
	axis := shape[g.Axis]
	if g.Kind == PerGroup {
		if g.Size <= 0 || axis%g.Size != 0 {
			return Layout{}, fmt.Errorf("affine: blocks of %d do not divide axis %d of shape %v", g.Size, g.Axis, shape)
		}
		return Layout{N: product(shape[:g.Axis]) * (axis / g.Size)}, nil
	}
	if g.Axis == 0 {
		return Layout{N: axis}, nil
	}
	return Layout{N: axis, Inner: product(shape[g.Axis+1:])}, nil
}

// Blocks returns the length of ? and the number of consecutive elements that
// share a scale, in a tensor of n elements: element ((o·N + i)·inner + j) has
// scale i.
func (l Layout) Blocks(n int) (outer, inner int, err error) {
	inner = l.Inner
	if inner == 0 {
		inner = n / l.N
	}
	if n == 0 || inner == 0 || n%(l.N*inner) != 0 {
		return 0, 0, fmt.Errorf("affine: %d elements do not divide among %d scales", n, l.N)
	}
	return n / (l.N * inner), inner, nil
}

func product(shape []int) int {
	p := 1
	for _, n := range shape {
		p *= n
	}
	return p
}

// String is "per_tensor", "per_channel" (axis 0), "per_channel:1" or
// "per_group:1:32" (axis 1, size 32).
func (g Granularity) String() string {
	switch {
	case g.Kind == PerGroup:
		return fmt.Sprintf("per_group:%d:%d", g.Axis, g.Size)
	case g.Kind == PerChannel && g.Axis != 0:
		return fmt.Sprintf("per_channel:%d", g.Axis)
	case g.Kind == PerChannel:
		return "per_channel"
	case g.Kind == PerTensor:
		return "per_tensor"
	}
	return fmt.Sprintf("sharing(%d)", g.Kind)
}

// ParseGranularity is the inverse of [Granularity.String].
func ParseGranularity(text string) (Granularity, error) {
	fields := strings.Split(text, ":")
	var numbers []int
	for _, field := range fields[1:] {
		n, err := strconv.Atoi(field)
		if err != nil || n < 0 {
			return Granularity{}, badGranularity(text)
		}
		numbers = append(numbers, n)
	}
	switch {
	case fields[0] == "per_tensor" && len(numbers) == 0:
		return Granularity{}, nil
	case fields[0] == "per_channel" && len(numbers) == 0:
		return Granularity{Kind: PerChannel}, nil
	case fields[0] == "per_channel" && len(numbers) == 1:
		return Granularity{Kind: PerChannel, Axis: numbers[0]}, nil
	case fields[0] == "per_group" && len(numbers) == 2 && numbers[1] > 0:
		return Granularity{Kind: PerGroup, Axis: numbers[0], Size: numbers[1]}, nil
	}
	return Granularity{}, badGranularity(text)
}

func badGranularity(text string) error {
	return fmt.Errorf("affine: granularity %q: want per_tensor, per_channel, per_channel:AXIS or "+
		"per_group:AXIS:SIZE", text)
}

// MarshalText writes [Granularity.String].
func (g Granularity) MarshalText() ([]byte, error) { return []byte(g.String()), nil }

// UnmarshalText reads [Granularity.String].
func (g *Granularity) UnmarshalText(text []byte) (err error) {
	*g, err = ParseGranularity(string(text))
	return err
}
