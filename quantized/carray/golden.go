package carray

import (
	"fmt"
	"slices"
	"strings"

	"petrify/fakequant/affine"
	"petrify/quantized"
	"petrify/quantized/integer"
	"petrify/quantized/reference"
)

// tries is how many inputs NAME_test.c feeds: all minimal, all zero, all
// maximal, and random ones.
const tries = 8

// random is G. Marsaglia, "Xorshift RNGs", Journal of Statistical Software 8(14),
// 2003, section 4, with shifts 13, 17, 5. The test has the same in C.
type random uint32

func (r *random) below(n int32) int32 {
	*r ^= *r << 13
	*r ^= *r >> 17
	*r ^= *r << 5
	return int32((uint32(*r) >> 8) % uint32(n))
}

// inputs are those of the test: unsigned bytes, which as real numbers mean
// 64ths above or below 128.
func inputs(v *value) []uint8 {
	g, n := v.grid, v.elements()
	if v.real {
		g = grid{zero: 128, max: 255}
	}
	all, r := make([]uint8, 0, tries*n), random(1)
	for i := range tries * n {
		q := [3]int32{g.min, g.zero, g.max}[min(i/n, 2)]
		if i/n > 2 {
			q = g.min + r.below(g.max-g.min+1)
		}
		all = append(all, uint8(q))
	}
	return all
}

// outputs returns what the integer engine computes from them, channels last.
func (f *file) outputs() ([]uint8, error) {
	e, err := integer.New(f.model, integer.Options{Requantization: f.options.Requantization})
	if err != nil {
		return nil, fmt.Errorf("carray: %w", err)
	}
	x := inputs(f.in)
	for i := range x {
		x[i] -= shiftOf(f.model.Input.Quant)
	}
	if n := f.in.elements(); f.options.Planes {
		for one := range slices.Chunk(x, n) {
			for i, q := range slices.Clone(one) {
				one[i%f.in.pixels()*f.in.channels()+i/f.in.pixels()] = q
			}
		}
	}
	y := make([]uint8, tries*f.out.elements())
	if err := e.RunBytes(y, x, tries); err != nil {
		return nil, fmt.Errorf("carray: %w", err)
	}
	return fromEngine(y, f.model), nil
}

// definitions are the definition's modes of requantizations.
var definitions = map[integer.Requantization]reference.Mode{
	integer.Float32: reference.ONNXRuntime, integer.Gemmlowp: reference.Gemmlowp, integer.Single: reference.Single,
}

// defined are what the definition computes of them, channels last, where layers
// are of real numbers: their sums in the engine have no order. Each is a number
// of C.
func (f *file) defined() ([]string, error) {
	var all []string
	for x := range slices.Chunk(inputs(f.in), f.in.elements()) {
		values, err := reference.Run(f.model, definitions[f.options.Requantization], f.planar(x))
		if err != nil {
			return nil, fmt.Errorf("carray: %w", err)
		}
		y := values[f.model.Output]
		channels := f.out.channels()
		pixels := y.Len() / channels
		for i := range y.Len() {
			at := i%channels*pixels + i/channels // in C H W
			if f.out.real {
				all = append(all, decimal(y.R[at]))
			} else {
				all = append(all, whole(uint8(y.Q[at])+shiftOf(y.Quant)))
			}
		}
	}
	return all, nil
}

// planar is an input of the test as real numbers, C H W.
func (f *file) planar(x []uint8) []float32 {
	g, channels := f.in.grid, f.in.channels()
	if f.in.real {
		g = grid{scale: 1.0 / 64, zero: 128}
	}
	r := make([]float32, len(x))
	for i, q := range x {
		at := i%channels*(len(x)/channels) + i/channels
		if f.options.Planes {
			at = i
		}
		r[at] = affine.Dequantize(int32(q), g.scale, g.zero)
	}
	return r
}

// shiftOf is added to the integers of a model to make them unsigned.
func shiftOf(q quantized.Quant) uint8 {
	if q.Format.Unsigned {
		return 0
	}
	return 128
}

// fromEngine converts outputs of integer's RunBytes, C H W in the model's
// number format, to those of the C code: H W C, unsigned.
func fromEngine(y []uint8, m *quantized.Model) []uint8 {
	out, _ := m.Activation(m.Output)
	size, channels := elements(out.Shape), out.Shape[0]
	pixels := size / channels
	all := make([]uint8, len(y))
	for i, q := range y {
		at := i % size
		all[i-at+at%pixels*channels+at/pixels] = q + shiftOf(out.Quant)
	}
	return all
}

// test is the text of NAME_test.c.
func (f *file) test() (string, error) {
	var numbers []string
	if f.inReals() {
		var err error
		if numbers, err = f.defined(); err != nil {
			return "", err
		}
	} else {
		want, err := f.outputs()
		if err != nil {
			return "", err
		}
		numbers = each(want, whole)
	}
	var array strings.Builder
	writeArray(&array, fmt.Sprintf("static const %s want[TRIES * %s_OUTPUT_SIZE]", kind(f.out.real), f.macro), numbers)
	return expand("test", map[string]any{"Name": f.name, "Macro": f.macro, "Mark": mark, "Tries": tries,
		"Want": array.String(), "In": kind(f.in.real), "Out": kind(f.out.real), "Arena": kind(f.reals),
		"RealInput": f.in.real})
}
