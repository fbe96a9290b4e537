package carray

import (
	"fmt"
	"strings"
)

// source is the text of NAME.c.
func (f *file) source() (string, error) {
	functions, err := f.functions()
	if err != nil {
		return "", err
	}
	var b strings.Builder
	fmt.Fprintf(&b, "/*\n * %[1]s.c: %[2]s\n * What it is for, and what it was made of, stands in %[1]s.h.\n */\n"+
		"#include \"%[1]s.h\"\n", f.name, mark)
	if f.usesFloats() {
		b.WriteString("\n#include <float.h>\n")
	}
	fmt.Fprintf(&b, "\n#if %[1]s_EXPORT != 0x%[2]s\n#error \"%[3]s.h and %[3]s.c are of different exports\"\n"+
		"#endif\n", f.macro, f.export, f.name)
	if f.usesFloats() {
		text, err := kernels.ReadFile("kernels/float.c")
		if err != nil {
			return "", fmt.Errorf("carray: %w", err)
		}
		b.WriteString("\n" + string(text))
	}
	b.WriteString(functions)
	b.WriteString(strings.ReplaceAll(f.constants.String(), "\t", "    "))
	f.run(&b)
	f.ends(&b)
	return b.String(), nil
}

// usesFloats reports whether outputs depend on the processor's floats.
func (f *file) usesFloats() bool { return f.float32() || len(f.lowering.floats) > 0 }

// run writes the calls.
func (f *file) run(b *strings.Builder) {
	fmt.Fprintf(b, "\nvoid %[1]s_run(uint8_t out[%[2]s_OUTPUT_SIZE], const uint8_t in[%[2]s_INPUT_SIZE], uint8_t "+
		"arena[%[2]s_ARENA_SIZE])\n{\n", f.name, f.macro)
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

// String is where the tensor is, in C.
func (t *tensor) String() string {
	switch {
	case t.place == input:
		return "in"
	case t.place == output:
		return "out"
	case t.offset == 0:
		return "arena"
	}
	return fmt.Sprintf("arena + %d", t.offset)
}

// ends writes the functions from and to real numbers.
func (f *file) ends(b *strings.Builder) {
	fmt.Fprintf(b, `
void %[1]s_quantize(uint8_t q[%[2]s_INPUT_SIZE], const float r[%[2]s_INPUT_SIZE])
{
    const grid g = {%[2]s_INPUT_ZERO, %[2]s_INPUT_MIN, %[2]s_INPUT_MAX};

    for (int32_t i = 0; i < %[2]s_INPUT_SIZE; i++) {
        q[i] = quantize(r[i] / %[2]s_INPUT_SCALE, &g);
    }
}

void %[1]s_dequantize(float r[%[2]s_OUTPUT_SIZE], const uint8_t q[%[2]s_OUTPUT_SIZE])
{
    for (int32_t i = 0; i < %[2]s_OUTPUT_SIZE; i++) {
        r[i] = %[2]s_OUTPUT_SCALE * (float)(q[i] - %[2]s_OUTPUT_ZERO);
    }
}
`, f.name, f.macro)
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

// pixels writes the function from bytes to integers.
func (f *file) pixels(b *strings.Builder) {
	tables := pixelTables(&f.model.Input, f.in.grid)
	name, index := f.names.add("pixels")+"_table", "image[i]"
	if len(tables) > 1 {
		index = fmt.Sprintf("256 * (i %% %d) + image[i]", len(tables))
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
