package carray

import (
	"fmt"
	"slices"
	"strings"
)

// source is the text of NAME.c.
func (f *file) source() (string, error) {
	functions, err := f.functions()
	if err != nil {
		return "", err
	}
	var b strings.Builder
	fmt.Fprintf(&b, "/*\n * %[1]s.c: %[2]s\n * %[1]s.h says what it is for and what it was made from.\n */\n"+
		"#include \"%[1]s.h\"\n", f.name, mark)
	if f.usesFloats() {
		b.WriteString("\n#include <float.h>\n")
	}
	if f.needsMath() || f.front() != nil {
		b.WriteString("#include <math.h>\n")
	}
	fmt.Fprintf(&b, "\n#if %[1]s_EXPORT != 0x%[2]s\n#error \"%[3]s.h and %[3]s.c are of different exports\"\n"+
		"#endif\n", f.macro, f.export, f.name)
	if f.usesFloats() {
		text, err := expand("float", map[string]any{"Double": f.needs["real_convolve"] || f.needsMath()})
		if err != nil {
			return "", err
		}
		b.WriteString("\n" + text)
	}
	b.WriteString(functions)
	b.WriteString(strings.ReplaceAll(f.constants.String(), "\t", "    "))
	f.run(&b)
	f.ends(&b)
	if err := f.listen(&b); err != nil {
		return "", err
	}
	return b.String(), nil
}

// usesFloats reports whether outputs depend on the processor's floats.
func (f *file) usesFloats() bool {
	return f.float32() || len(f.lowering.floats) > 0 || f.front() != nil
}

// needsMath reports whether a function of the C library is called, such as exp.
func (f *file) needsMath() bool {
	return slices.ContainsFunc([]string{"real_sigmoid", "real_tanh", "real_softmax", "real_silu", "real_gelu",
		"real_elu", "real_softplus", "layer_norm"}, func(name string) bool { return f.needs[name] })
}

// run writes the calls.
func (f *file) run(b *strings.Builder) {
	fmt.Fprintf(b, "\nvoid %s\n{\n", f.prototype())
	uses := false
	for _, s := range f.steps {
		var places []any
		for _, t := range s.tensors {
			places = append(places, t.String())
			uses = uses || t.place == arena
		}
		fmt.Fprintf(b, "    "+s.call+";\n", places...)
	}
	if !uses {
		b.WriteString("    (void)arena;\n")
	}
	b.WriteString("}\n")
}

// prototype is the declaration of the function that computes.
func (f *file) prototype() string {
	return fmt.Sprintf("%[1]s_run(%[3]s out[%[2]s_OUTPUT_SIZE], const %[4]s in[%[2]s_INPUT_SIZE], %[5]s "+
		"arena[%[2]s_ARENA_SIZE])", f.name, f.macro, kind(f.out.real), kind(f.in.real), kind(f.reals))
}

// kind is the type of real numbers, or of integers.
func kind(real bool) string {
	if real {
		return "float"
	}
	return "uint8_t"
}

// String is where the tensor is, in C.
func (t *tensor) String() string {
	place, offset := "arena", t.offset
	switch {
	case t.place == input:
		return "in"
	case t.place == output:
		return "out"
	case t.real:
		offset /= 4
	case t.aligned:
		place = "(uint8_t *)arena"
	}
	if offset == 0 {
		return place
	}
	return fmt.Sprintf("%s + %d", place, offset)
}

// ends writes the functions from and to real numbers.
func (f *file) ends(b *strings.Builder) {
	if !f.in.real {
		fmt.Fprintf(b, `
void %[1]s_quantize(uint8_t q[%[2]s_INPUT_SIZE], const float r[%[2]s_INPUT_SIZE])
{
    const grid g = {%[2]s_INPUT_ZERO, %[2]s_INPUT_MIN - %[2]s_INPUT_ZERO,
                    %[2]s_INPUT_MAX - %[2]s_INPUT_ZERO};

    for (int32_t i = 0; i < %[2]s_INPUT_SIZE; i++) {
        q[i] = quantize(r[i] / %[2]s_INPUT_SCALE, &g);
    }
}
`, f.name, f.macro)
	}
	if !f.out.real {
		fmt.Fprintf(b, `
void %[1]s_dequantize(float r[%[2]s_OUTPUT_SIZE], const uint8_t q[%[2]s_OUTPUT_SIZE])
{
    for (int32_t i = 0; i < %[2]s_OUTPUT_SIZE; i++) {
        r[i] = %[2]s_OUTPUT_SCALE * (float)(q[i] - %[2]s_OUTPUT_ZERO);
    }
}
`, f.name, f.macro)
	}
	if f.hasPixels() {
		f.pixels(b)
	}
	if f.hasClasses() {
		fmt.Fprintf(b, "\nconst char *const %s_classes[%s_OUTPUT_SIZE] = {\n", f.name, f.macro)
		for _, c := range f.model.Classes {
			fmt.Fprintf(b, "    %s,\n", quote(c))
		}
		b.WriteString("};\n")
	}
}

// pixels writes the function from bytes to the input.
func (f *file) pixels(b *strings.Builder) {
	id := f.names.add("pixels")
	if f.in.real {
		f.realPixels(b, id)
		return
	}
	tables := pixelTables(&f.model.Input, f.in.grid)
	name, index := id+"_table", "image[i]"
	if len(tables) > 1 {
		index = fmt.Sprintf("256 * (%s) + image[i]", f.channelOf(len(tables)))
	}
	var numbers []string
	for _, t := range tables {
		numbers = append(numbers, each(t, whole)...)
	}
	b.WriteByte('\n')
	writeArray(b, fmt.Sprintf("static const uint8_t %s[%d]", name, len(numbers)), numbers)
	fmt.Fprintf(b, `
void %[1]s_pixels(uint8_t q[%[2]s_INPUT_SIZE], const uint8_t image[%[2]s_INPUT_SIZE])
{
    for (int32_t i = 0; i < %[2]s_INPUT_SIZE; i++) {
        q[i] = %[3]s[%[4]s];
    }
}
`, f.name, f.macro, name, index)
}

// realPixels writes it where the input is real numbers: they are normalised in
// three steps, as in training.
func (f *file) realPixels(b *strings.Builder, id string) {
	mean, std := f.normals()
	b.WriteByte('\n')
	writeArray(b, fmt.Sprintf("static const float %s_mean[%d]", id, len(mean)), each(mean, decimal))
	writeArray(b, fmt.Sprintf("static const float %s_deviation[%d]", id, len(std)), each(std, decimal))
	fmt.Fprintf(b, `
void %[1]s_pixels(float r[%[2]s_INPUT_SIZE], const uint8_t image[%[2]s_INPUT_SIZE])
{
    for (int32_t i = 0; i < %[2]s_INPUT_SIZE; i++) {
        const volatile float scaled = (float)image[i] * %[4]s; /* volatile: rounds before the mean is taken off */

        r[i] = (scaled - %[3]s_mean[%[5]s]) / %[3]s_deviation[%[5]s];
    }
}
`, f.name, f.macro, id, decimal(f.model.Input.PixelScale), f.channelOf(len(mean)))
}

// channelOf is the channel of the input's number i, among n that are normalised differently.
func (f *file) channelOf(n int) string {
	if f.options.Planes && n > 1 {
		return fmt.Sprintf("i / %d", f.in.pixels())
	}
	return fmt.Sprintf("i %% %d", n)
}

// normals are the means and deviations of the input's channels, of one where all
// are alike.
func (f *file) normals() (mean, std []float32) {
	if in := f.model.Input; len(in.Mean) > 0 {
		return in.Mean, in.Std
	}
	return []float32{0}, []float32{1}
}
