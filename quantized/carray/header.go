package carray

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"petrify/quantized"
)

// file is what the three files have in common.
type file struct {
	*lowering
	name   string // of files and functions
	macro  string // of macros: the name in capitals
	export string // eight digits that a header and its source share
	facts  map[string]string
	in     *value
	out    *value
}

// header is the text of NAME.h.
func (f *file) header() string {
	var b strings.Builder
	fmt.Fprintf(&b, "/*\n * %s.h: %s\n *\n", f.name, mark)
	for _, row := range f.describe() {
		for i, line := range row[1:] {
			title := row[0]
			if i > 0 {
				title = ""
			}
			fmt.Fprintf(&b, " * %-7s %s\n", title, line)
		}
	}
	b.WriteString(" *\n * Facts:\n")
	for _, key := range slices.Sorted(maps.Keys(f.facts)) {
		fmt.Fprintf(&b, " *   %s: %s\n", fact(key), fact(f.facts[key]))
	}
	b.WriteString(" */\n")
	f.macros(&b)
	f.declarations(&b)
	return b.String()
}

// describe says what to feed, what comes out, and how much memory it takes.
func (f *file) describe() [][]string {
	c := f.flash()
	rounds := "by one float32 product, half to even: the arithmetic of training"
	if !f.float32() {
		rounds = fmt.Sprintf("in fixed point, as %v", f.options.Requantization)
	}
	o := f.model.Origin
	rows := [][]string{
		{"Model", comment(fmt.Sprintf("%s on %s, %s, seed %d", f.model.Name, o.Dataset, o.Method, o.Seed))},
		append([]string{"Input"}, append(f.numbersOf(f.in), f.values()...)...),
		append([]string{"Output"}, f.numbersOf(f.out)...),
		{"Flash", fmt.Sprintf("%d bytes of constants: weights %d, biases %d, multipliers %d, tables %d, layers %d",
			c.total(), c.weights, c.biases, c.multipliers, c.tables, c.layers)},
		f.ram(),
	}
	if front := f.front(); front != nil {
		rows = append(rows, []string{"Sound", fmt.Sprintf("int16_t[%d], %d in a second; %d bytes of scratch; sqrtf and "+
			"frexpf of C's math.h", front.Length, front.Rate, 4*(front.FFT+front.Mels))})
	}
	if f.integers {
		rows = append(rows, []string{"Sums", "int32, of which none overflows, rescaled " + rounds})
	}
	if names := comment(strings.Join(f.lowering.floats, ", ")); names != "" && (f.inReals() || !f.float32()) {
		rows = append(rows, []string{"Floats", "in " + names})
	}
	if f.needs["real_convolve"] {
		rows = append(rows, []string{"Doubles", "for the sums of products of floats"})
	}
	if f.needsMath() {
		rows = append(rows, []string{"Library", "functions of C's math.h, such as exp and sqrt, in double"})
	}
	return rows
}

// ram says how long the arena is.
func (f *file) ram() []string {
	row := []string{"RAM", fmt.Sprintf("%d bytes of arena, besides input, output and stack", f.arena)}
	if f.fourArena > f.arena {
		row = append(row, fmt.Sprintf("%d on Cortex-M4, M7 and others that compute four places at once", f.fourArena))
	}
	return row
}

// arenaSize writes how many elements the arena has.
func (f *file) arenaSize(b *strings.Builder, size func(name string, n int)) {
	unit := 1
	if f.reals {
		unit = 4
	}
	if f.fourArena == f.arena {
		size("ARENA_SIZE", max(1, f.arena/unit))
		return
	}
	vectors := 1 // of integers, or of floats, too
	if f.float32() {
		vectors = 2
	}
	fmt.Fprintf(b, "#if defined(__ARM_FEATURE_DSP) && (!defined(__ARM_FEATURE_MVE) || (__ARM_FEATURE_MVE & %d) == 0)\n", vectors)
	size("ARENA_SIZE", f.fourArena/unit)
	b.WriteString("#else\n")
	size("ARENA_SIZE", max(1, f.arena/unit))
	b.WriteString("#endif\n")
}

// flash counts the bytes of all that is in flash but code, once the source is made.
func (f *file) flash() count {
	c := f.count
	c.tables += f.listenBytes()
	if f.hasPixels() && !f.in.real {
		c.tables += 256 * len(pixelTables(&f.model.Input, f.in.grid))
	}
	return c
}

// numbersOf says what a tensor's numbers are.
func (f *file) numbersOf(v *value) []string {
	order, sizes := "", dimensions(v.shape)
	switch {
	case v == f.in && f.options.Planes:
		order, sizes = ", channel by channel, row by row", dimensions(append(v.shape[len(v.shape)-1:], v.shape...))
	case len(v.shape) > 1:
		order = ", row by row, channels last"
	}
	numbers := fmt.Sprintf("%s[%d]: %s%s", kind(v.real), v.elements(), sizes, order)
	if v.real {
		return []string{numbers}
	}
	return []string{numbers, realOf(v.grid)}
}

func realOf(g grid) string {
	return fmt.Sprintf("real = %v * (q - %d), %d <= q <= %d", g.scale, g.zero, g.min, g.max)
}

// values says what the input's numbers are made of.
func (f *file) values() []string {
	lines := []string{f.normalisation()}
	if raw := f.model.Input.Raw; raw != nil {
		lines = append(lines, "value: "+comment(raw.String()))
		lines = append(lines, f.columns()...)
	}
	return lines
}

// mostColumns is how many inputs a header describes one by one.
const mostColumns = 100

// columns says what each input of a table is, such as "input[0]: city=Oslo; mean 0.25,
// deviation 0.433".
func (f *file) columns() (lines []string) {
	in := f.model.Input
	titles := in.Raw.Columns
	if len(titles) != f.in.elements() || len(titles) > mostColumns {
		return nil
	}
	for i, title := range titles {
		line := fmt.Sprintf("input[%d]: %s", i, comment(title))
		if len(in.Mean) == len(titles) {
			line += fmt.Sprintf("; mean %v, deviation %v", in.Mean[i], in.Std[i])
		}
		lines = append(lines, line)
	}
	return lines
}

func (f *file) normalisation() string {
	in := f.model.Input
	switch {
	case len(in.Mean) == 0:
		return fmt.Sprintf("real = value * %v", in.PixelScale)
	case len(in.Mean) > 4:
		return "real = (value - mean) / standard deviation, as in training"
	}
	return fmt.Sprintf("real = (value * %v - mean) / deviation; mean %v; deviation %v", in.PixelScale,
		list(in.Mean), list(in.Std))
}

func list(values []float32) string { return strings.Trim(fmt.Sprint(values), "[]") }

// macros writes sizes and scales.
func (f *file) macros(b *strings.Builder) {
	fmt.Fprintf(b, "#ifndef %[1]s_H\n#define %[1]s_H\n\n#include <stdint.h>\n\n", f.macro)
	define := func(name, value string) { fmt.Fprintf(b, "#define %s_%-15s %s\n", f.macro, name, value) }
	size := func(name string, n int) { define(name, fmt.Sprint(n)) }
	ends := func(name string, v *value) {
		size(name+"_SIZE", v.elements())
		if len(v.shape) == 3 {
			size(name+"_HEIGHT", v.shape[1])
			size(name+"_WIDTH", v.shape[2])
			size(name+"_CHANNELS", v.shape[0])
		}
		if v.real {
			return
		}
		define(name+"_SCALE", decimal(v.grid.scale))
		size(name+"_ZERO", int(v.grid.zero))
		size(name+"_MIN", int(v.grid.min))
		size(name+"_MAX", int(v.grid.max))
	}
	ends("INPUT", f.in)
	ends("OUTPUT", f.out)
	f.listenMacros(size)
	f.arenaSize(b, size)
	define("EXPORT", "0x"+f.export+" /* of the source that belongs to this header */")
}

// declarations writes the functions that a program calls.
func (f *file) declarations(b *strings.Builder) {
	input := fmt.Sprintf("Each number of the input is from %[1]s_INPUT_MIN\n * to %[1]s_INPUT_MAX; input", f.macro)
	if f.in.real {
		input = "Input"
	}
	fmt.Fprintf(b, `
#ifdef __cplusplus
extern "C" {
#endif

/*
 * Computes the output for one input. %s and output do not overlap. What the arena holds has no
 * meaning before and after: calls one after the other may share it.
 */
void %s;
`, input, f.prototype())
	if !f.in.real {
		fmt.Fprintf(b, `
/* The input for real numbers, normalised as above. */
void %[1]s_quantize(uint8_t q[%[2]s_INPUT_SIZE], const float r[%[2]s_INPUT_SIZE]);
`, f.name, f.macro)
	}
	if !f.out.real {
		fmt.Fprintf(b, `
/* The real numbers of an output. */
void %[1]s_dequantize(float r[%[2]s_OUTPUT_SIZE], const uint8_t q[%[2]s_OUTPUT_SIZE]);
`, f.name, f.macro)
	}
	if f.hasPixels() && f.in.real {
		fmt.Fprintf(b, `
/* The input for an image of bytes, normalised. */
void %[1]s_pixels(float r[%[2]s_INPUT_SIZE], const uint8_t image[%[2]s_INPUT_SIZE]);
`, f.name, f.macro)
	} else if f.hasPixels() {
		fmt.Fprintf(b, `
/* The input for an image of bytes, normalised and quantized by a table. q may be the image. */
void %[1]s_pixels(uint8_t q[%[2]s_INPUT_SIZE], const uint8_t image[%[2]s_INPUT_SIZE]);
`, f.name, f.macro)
	}
	f.listenPrototypes(b)
	if f.hasClasses() {
		fmt.Fprintf(b, "\n/* The class of each output. */\nextern const char *const "+
			"%s_classes[%s_OUTPUT_SIZE];\n", f.name, f.macro)
	}
	b.WriteString("\n#ifdef __cplusplus\n}\n#endif\n\n#endif\n")
}

// hasPixels reports whether inputs are small images of bytes.
func (f *file) hasPixels() bool {
	in := f.model.Input
	return len(in.Shape) == 3 && in.Shape[0] <= 4 && in.PixelScale != 1
}

func (f *file) hasClasses() bool { return len(f.model.Classes) == f.out.elements() }

// pixelTables maps each byte to its integer, with a table for each channel, or
// one for all if they are equal.
func pixelTables(in *quantized.Input, g grid) [][]uint8 {
	mean, std := in.Mean, in.Std
	if len(mean) == 0 {
		mean, std = []float32{0}, []float32{1}
	}
	var all [][]uint8
	alike := true
	for c := range in.Shape[0] {
		k := c % len(mean)
		t := make([]uint8, 256)
		for p := range t {
			t[p] = g.quantize((float32(float32(p)*in.PixelScale) - mean[k]) / std[k])
		}
		all = append(all, t)
		alike = alike && slices.Equal(t, all[0])
	}
	if alike {
		return all[:1]
	}
	return all
}
