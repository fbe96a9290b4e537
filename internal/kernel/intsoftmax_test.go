package kernel

import (
	"fmt"
	"maps"
	"math"
	"slices"
	"testing"
)

// softmaxCase is a geometry of [SoftmaxBytes].
type softmaxCase struct {
	features       int
	sx, sy         float32
	zero, min, max int32
}

var softmaxCases = map[string]softmaxCase{
	"256 steps":                  {40, 0.05, 1.0 / 256, 0, 0, 255},
	"no power of two":            {10, 0.07, 1.0 / 255, 0, 0, 255},
	"signed, moved by 128":       {17, 0.1, 1.0 / 128, 128, 1, 255},
	"4 bits":                     {5, 0.6, 1.0 / 16, 0, 0, 15},
	"a zero point":               {12, 0.11, 1.0 / 200, 30, 0, 255},
	"one feature":                {1, 0.05, 1.0 / 256, 0, 0, 255},
	"two features":               {2, 3, 1.0 / 256, 0, 0, 255},
	"a thousand features":        {1000, 0.02, 1.0 / 256, 0, 0, 255},
	"steps that hide all others": {10, 1e20, 1.0 / 256, 0, 0, 255},
	"steps of nothing":           {10, 1e-30, 1.0 / 256, 0, 0, 255},
	"far too fine an output":     {3, 0.05, 1e-38, 0, 0, 255},
	"far too coarse an output":   {3, 0.05, 40, 0, 0, 255},
}

// TestSoftmaxBytesIsNearest compares with the quotient in float64: the integer
// is the nearest one, or next to a tie the other one.
func TestSoftmaxBytesIsNearest(t *testing.T) {
	cases := maps.Clone(softmaxCases)
	for _, features := range widths {
		cases[label(features, " features")] = softmaxCase{features, 0.05, 1.0 / 256, 0, 0, 255}
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			x := randomBytes[uint8](200*c.features, random())
			y := newFenced[uint8](200*c.features, 99, nil)
			SoftmaxBytes(y.slice(), x.slice(), NewSoftmax(c.features, c.sx, c.sy, c.zero, c.min, c.max))
			y.check(t, name)
			for i := 0; i < len(x.slice()); i += c.features {
				x, y := x.slice()[i:i+c.features], y.slice()[i:i+c.features]
				if err := c.nearest(y, x); err != nil {
					t.Fatalf("row %v: %v", x, err)
				}
			}
		})
	}
}

// nearest checks a row.
func (c softmaxCase) nearest(y, x []uint8) error {
	greatest, sum := slices.Max(x), 0.0
	for _, q := range x {
		sum += math.Exp(-float64(greatest-q) * float64(c.sx))
	}
	for i, q := range x {
		exact := math.Exp(-float64(greatest-q)*float64(c.sx))/sum/float64(c.sy) + float64(c.zero)
		exact = min(max(exact, float64(c.min)), float64(c.max))
		if math.Abs(float64(y[i])-exact) > 0.5+2e-5*exact {
			return fmt.Errorf("element %d is %d, exactly %v", i, y[i], exact)
		}
	}
	return nil
}

// TestSoftmaxBytesByHand: quotients that float32 holds, and ties, which go to
// the even neighbour.
func TestSoftmaxBytesByHand(t *testing.T) {
	for _, c := range []struct {
		name       string
		sy         float32
		x, want    []uint8
		zero, most int32
	}{
		{"halves of 256", 1.0 / 256, []uint8{7, 7}, []uint8{128, 128}, 0, 255},
		{"all of 256 is clipped", 1.0 / 256, []uint8{0, 255}, []uint8{0, 255}, 0, 255},
		{"half of 5 is 2", 1.0 / 5, []uint8{9, 9}, []uint8{2, 2}, 0, 255},
		{"half of 7 is 4", 1.0 / 7, []uint8{9, 9}, []uint8{4, 4}, 0, 255},
		{"the zero point comes after", 1.0 / 5, []uint8{9, 9}, []uint8{3, 3}, 1, 255},
		{"thirds of 255", 1.0 / 255, []uint8{1, 1, 1}, []uint8{85, 85, 85}, 0, 255},
		{"clipped to 4 bits", 1.0 / 16, []uint8{200, 0, 0}, []uint8{15, 0, 0}, 0, 15},
	} {
		y := slices.Clone(c.x)
		SoftmaxBytes(y, y, NewSoftmax(len(y), 1, c.sy, c.zero, 0, c.most))
		if !slices.Equal(y, c.want) {
			t.Errorf("%s: %v, want %v", c.name, y, c.want)
		}
	}
}

// TestSoftmaxBytesAddsInOrder: an element's rounding depends on the order of
// the sum, which must not depend on how rows are split among threads.
func TestSoftmaxBytesAddsInOrder(t *testing.T) {
	const features, rows = 100, 3 * block / 100
	k := NewSoftmax(features, 0.01, 1.0/256, 0, 0, 255)
	x := randomBytes[uint8](features*rows, random()).slice()
	y, alone := make([]uint8, len(x)), make([]uint8, features)
	SoftmaxBytes(y, x, k)
	for i := 0; i < len(x); i += features {
		k.row(alone, x[i:i+features])
		if !slices.Equal(alone, y[i:i+features]) {
			t.Fatalf("row %d: %v, alone %v", i/features, y[i:i+features], alone)
		}
	}
}
