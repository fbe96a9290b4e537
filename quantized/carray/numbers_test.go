package carray

import (
	"fmt"
	"math"
	"strings"
	"testing"

	"petrify/fakequant/affine"
	"petrify/quantized"
)

// TestMantissa: the integers are the float.
func TestMantissa(t *testing.T) {
	for _, m := range []float32{1, 0.5, 0.3, 1.0 / 64, 1e-6, 0x1.fffffep-20, 12345.678, 65535, 65536} {
		q, shift := mantissa(m)
		if got := math.Ldexp(float64(q), -int(shift)); got != float64(m) || q >= 1<<24 || shift < 0 || shift > 63 {
			t.Errorf("mantissa(%v) = %d, %d, which is %v", m, q, shift, got)
		}
	}
	if q, shift := mantissa(1e30); math.Ldexp(float64(q), -int(shift)) != 1<<16 {
		t.Errorf("mantissa(1e30) = %d, %d, want 2¹⁶", q, shift)
	}
	if q, shift := mantissa(0x1p-34); q != 0 || shift != 0 {
		t.Errorf("mantissa(2⁻³⁴) = %d, %d, want 0", q, shift)
	}
}

// TestPixelTables: a table a channel where normalisation differs, else one.
func TestPixelTables(t *testing.T) {
	in := quantized.Input{PixelScale: 1.0 / 255, Mean: []float32{0.5, 0.25}, Std: []float32{1, 1}}
	in.Shape, in.Quant = []int{2, 4, 4}, quantized.Quant{Format: affine.Int8, Scale: 1.0 / 64}
	g := gridOf(in.Quant, -128, 127)
	all := pixelTables(&in, g)
	if len(all) != 2 {
		t.Fatalf("%d tables, want one a channel", len(all))
	}
	for _, c := range []struct {
		channel, pixel int
		want           uint8
	}{{0, 0, 128 - 32}, {1, 0, 128 - 16}, {0, 255, 128 + 32}, {1, 255, 128 + 48}} {
		if got := all[c.channel][c.pixel]; got != c.want {
			t.Errorf("channel %d, pixel %d: %d, want %d", c.channel, c.pixel, got, c.want)
		}
	}
	in.Mean = []float32{0.5, 0.5}
	if n := len(pixelTables(&in, g)); n != 1 {
		t.Errorf("%d tables where channels are alike, want 1", n)
	}
}

// TestFolding: a layer has its input's zero point in the bias, and gives the sums of the
// definition, also where those on the way do not fit int32.
func TestFolding(t *testing.T) {
	w := &quantized.Weights{Shape: []int{2, 3}, Format: affine.Int8, Scale: []float32{1}, Axis: -1,
		Q: []int8{1, -2, 3, 127, 127, -127}}
	n := &quantized.Node{Op: quantized.Linear, Weights: w,
		Bias: &quantized.Bias{Q: []int32{math.MinInt32 + 300, math.MaxInt32 - 700}, Scale: []float32{1}}}
	p := newProduct(n, &value{shape: []int{3}, grid: grid{scale: 1, zero: 100, max: 255}, planes: 1}, true)
	q := []int32{7, 200, 255}
	for o, want := range []int32{math.MinInt32 + 300 + (7-100)*1 + (200-100)*-2 + (255-100)*3,
		math.MaxInt32 - 700 + (7-100)*127 + (200-100)*127 + (255-100)*-127} {
		got := p.bias[o]
		for i, v := range q {
			got += v * p.q[3*o+i]
		}
		if got != want {
			t.Errorf("output %d: %d, want %d", o, got, want)
		}
	}
}

// TestPaired: four inputs of one output, then of the other; the rest alternate; groups
// begin a pair, and the last output of an odd number has a neighbour of 0.
func TestPaired(t *testing.T) {
	for name, c := range map[string]struct {
		outputs, groups, inputs int
		want                    string
	}{
		"four":         {2, 1, 4, "0 1 2 3 10 11 12 13"},
		"five":         {2, 1, 5, "0 1 2 3 10 11 12 13 4 14"},
		"two":          {2, 1, 2, "0 10 1 11"},
		"odd":          {3, 1, 4, "0 1 2 3 10 11 12 13 20 21 22 23 -128 -128 -128 -128"},
		"groups":       {4, 2, 1, "0 10 20 30"},
		"odd groups":   {2, 2, 3, "0 -128 1 -128 2 -128 10 -128 11 -128 12 -128"},
		"eight inputs": {2, 1, 8, "0 1 2 3 10 11 12 13 4 5 6 7 14 15 16 17"},
	} {
		p := &product{outputs: c.outputs, groups: c.groups, bits: 8, q: make([]int32, c.outputs*c.inputs)}
		for i := range p.q {
			p.q[i] = int32(i/c.inputs*10 + i%c.inputs)
		}
		var got []string
		for _, w := range p.paired(p.q) {
			v := int32(w) - 128
			if v == 0 && (name == "odd" && len(got) > 11 || name == "odd groups" && len(got)%2 == 1) {
				v = -128 // of no output
			}
			got = append(got, fmt.Sprint(v))
		}
		if text := strings.Join(got, " "); text != c.want {
			t.Errorf("%s: %s, want %s", name, text, c.want)
		}
	}
}

// TestPack: a block of two outputs in 8, 4 and 2 bits, and an input that is left over.
func TestPack(t *testing.T) {
	w := []int32{-2, -1, 0, 1, -2, 1, 0, 0, -1, 1}
	for bits, want := range map[int]string{
		8: "7e 7f 80 81 81 80 80 7f 7e 81",
		4: "76 89 98 78 96", // 0 and 1 of each output, 2 and 3, 4 of both
		2: "b4 6e 30",
	} {
		p := &product{outputs: 2, groups: 1, bits: bits, q: w}
		if got := fmt.Sprintf("% x", p.paired(w)); got != want {
			t.Errorf("%d bits: %s, want %s", bits, got, want)
		}
	}
	taps := []int32{-2, -1, 0, 1, 1, -2} // of two outputs
	for bits, want := range map[int]string{8: "fe 01 ff 01 00 fe", 4: "96 97 68", 2: "dc 02"} {
		p := &product{outputs: 2, groups: 1, bits: bits, q: taps}
		if got := fmt.Sprintf("% x", p.byTaps(taps)); got != want {
			t.Errorf("taps of %d bits: %s, want %s", bits, got, want)
		}
	}
}
