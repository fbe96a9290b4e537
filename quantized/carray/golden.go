package carray

import (
	"fmt"
	"strings"

	"petrify/quantized"
	"petrify/quantized/integer"
)

// tries is how many inputs NAME_test.c feeds: all least, all zero, all greatest,
// and random ones.
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

// inputs are those of the test, in unsigned bytes.
func inputs(n int, g grid) []uint8 {
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

// outputs are what the integer engine computes of them, channels last.
func (f *file) outputs() ([]uint8, error) {
	e, err := integer.New(f.model, integer.Options{Requantization: f.options.Requantization})
	if err != nil {
		return nil, fmt.Errorf("carray: %w", err)
	}
	x := inputs(f.in.elements(), f.in.grid)
	for i := range x {
		x[i] -= shiftOf(f.model.Input.Quant)
	}
	y := make([]uint8, tries*f.out.elements())
	if err := e.RunBytes(y, x, tries); err != nil {
		return nil, fmt.Errorf("carray: %w", err)
	}
	return fromEngine(y, f.model), nil
}

// shiftOf is what is added to the integers of a model to make them unsigned.
func shiftOf(q quantized.Quant) uint8 {
	if q.Format.Unsigned {
		return 0
	}
	return 128
}

// fromEngine turns outputs as integer's RunBytes gives them, C H W in the
// model's number format, into those of C: H W C, unsigned.
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
	want, err := f.outputs()
	if err != nil {
		return "", err
	}
	var array strings.Builder
	writeArray(&array, fmt.Sprintf("static const uint8_t want[TRIES * %s_OUTPUT_SIZE]", f.macro), each(want, whole))
	return expand("test", map[string]any{"Name": f.name, "Macro": f.macro, "Mark": mark, "Tries": tries,
		"Want": array.String()})
}
