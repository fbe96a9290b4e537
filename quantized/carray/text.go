package carray

import (
	"embed"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"text/template"

	"petrify/quantized"
)

// kernels holds the functions of C that files are made of.
//
//go:embed kernels/*.c
var kernels embed.FS

// order is the kernels' in a file, those of each line for one kind of layer.
var order = []string{
	"nearest", "grid", "quantize", "clip",
	"requantize_float32", "multiply_gemmlowp", "multiply_single", "requantize_fixed",
	"wrapped", "dot", "centred_dot", "total", "linear",
	"window", "convolution", "convolve", "depthwise",
	"max_pool", "average_pool", "integer_mean", "factor", "global_average",
	"add_float32", "add_fixed", "look_up", "join", "reorder", "softmax", "copy",
}

// whole is an integer of C.
func whole[T int8 | uint8 | int32 | int64](v T) string {
	if int64(v) == math.MinInt32 {
		return "INT32_MIN"
	}
	return strconv.FormatInt(int64(v), 10)
}

// decimal is a float of C: the fewest digits that name it.
func decimal(r float32) string {
	text := strconv.FormatFloat(float64(r), 'g', -1, 32)
	if !strings.ContainsAny(text, ".e") {
		text += ".0"
	}
	return text + "f"
}

// factor is the initializer of a float as two.
func factor(r float32) string {
	high, low := split(r)
	return fmt.Sprintf("{.high = %s, .low = %s}", decimal(high), decimal(low))
}

// String is the initializer of a multiplier.
func (f fixed) String() string { return fmt.Sprintf("{.q = %d, .shift = %d}", f.Q, f.Shift) }

// comment writes what a layer does.
func (l *lowering) comment(n *quantized.Node, x, y *value) {
	what := n.Op.String()
	switch {
	case n.Op == quantized.Activate:
		what = n.Func.String()
	case n.Func != quantized.Identity:
		what += ", " + n.Func.String()
	}
	fmt.Fprintf(&l.constants, "\n/* %s: %s, %s to %s */\n", comment(n.Name), what, dimensions(x.shape),
		dimensions(y.shape))
}

// dimensions is a shape C H W in the order of memory.
func dimensions(shape []int) string {
	text := make([]string, 0, len(shape))
	for i := range shape {
		text = append(text, strconv.Itoa(shape[(i+1)%len(shape)]))
	}
	return strings.Join(text, " x ")
}

// array writes an array of numbers, size bytes each, in lines of up to 100
// characters, and counts them.
func (l *lowering) array(kind, name string, size int, count *int, numbers []string) {
	*count += size * len(numbers)
	writeArray(&l.constants, fmt.Sprintf("static const %s %s[%d]", kind, name, len(numbers)), numbers)
}

func writeArray(b *strings.Builder, declaration string, numbers []string) {
	width := 0
	for _, n := range numbers {
		width = max(width, len(n))
	}
	columns := max(1, 96/(width+2))
	if columns > 16 {
		columns = 16
	}
	fmt.Fprintf(b, "%s = {\n", declaration)
	for line := range slices.Chunk(numbers, columns) {
		b.WriteString("   ")
		for _, n := range line {
			fmt.Fprintf(b, " %*s,", width, n)
		}
		b.WriteByte('\n')
	}
	b.WriteString("};\n")
}

// table writes a function of bytes.
func (l *lowering) table(name string, t []uint8) {
	l.array("uint8_t", name, 1, &l.count.tables, each(t, whole))
}

// layer writes the constants of a layer that takes that many words of 32 bits.
func (l *lowering) layer(kind, id string, words int, fields ...string) {
	l.count.layers += 4 * words
	fmt.Fprintf(&l.constants, "static const %s %s_layer = {\n", kind, id)
	for _, f := range fields {
		fmt.Fprintf(&l.constants, "\t%s,\n", f)
	}
	l.constants.WriteString("};\n")
}

// functions is the text of the kernels that the model needs.
func (l *lowering) functions() (string, error) {
	l.require()
	var b strings.Builder
	for _, name := range order {
		if !l.needs[name] {
			continue
		}
		text, err := expand(name, map[string]any{"WeightZeros": l.weightZeros, "Padding": l.padding, "Fixed": !l.float32()})
		if err != nil {
			return "", err
		}
		b.WriteString("\n" + text)
	}
	return b.String(), nil
}

// expand is the text of a file in kernels, in which the values stand for their
// names.
func expand(name string, values map[string]any) (string, error) {
	t, err := template.ParseFS(kernels, "kernels/"+name+".c")
	if err != nil {
		return "", fmt.Errorf("carray: %w", err)
	}
	var b strings.Builder
	if err := t.Execute(&b, values); err != nil {
		return "", fmt.Errorf("carray: %w", err)
	}
	return b.String(), nil
}

// require adds the kernels that others call.
func (l *lowering) require() {
	for _, r := range []struct {
		by, needs string
	}{
		{"convolve", "convolution"}, {"depthwise", "convolution"}, {"convolution", "window"},
		{"convolution", "requantize"}, {"convolution", "wrapped"},
		{"convolve", "dot"}, {"linear", "dot"}, {"linear", "requantize"}, {"linear", "wrapped"},
		{"max_pool", "window"}, {"average_pool", "window"}, {"integer_mean", "window"},
		{"integer_mean", "clip"}, {"factor", "clip"},
	} {
		if l.needs[r.by] {
			l.needs[r.needs] = true
		}
	}
	if l.weightZeros {
		l.needs["total"] = l.needs["convolve"] || l.needs["linear"]
	}
	if l.padding {
		l.needs["centred_dot"] = l.needs["convolve"]
	}
	l.needs["nearest"], l.needs["grid"], l.needs["quantize"] = true, true, true // of the functions at the ends
	switch {
	case !l.needs["requantize"] && !l.needs["global_average"]:
	case l.float32():
		l.needs["requantize_float32"] = true
	case l.needs["requantize"]:
		l.needs["clip"], l.needs["requantize_fixed"] = true, true
		l.needs["multiply_"+l.options.Requantization.String()] = true
	}
}
