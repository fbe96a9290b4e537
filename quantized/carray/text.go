package carray

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"petrify/quantized"
	"petrify/quantized/integer"
)

// whole is an integer in C.
func whole[T int8 | uint8 | uint16 | int32 | int64](v T) string {
	if int64(v) == math.MinInt32 {
		return "INT32_MIN"
	}
	return strconv.FormatInt(int64(v), 10)
}

// decimal is a float in C, with the fewest digits that identify it.
func decimal(r float32) string {
	text := strconv.FormatFloat(float64(r), 'g', -1, 32)
	if !strings.ContainsAny(text, ".e") {
		text += ".0"
	}
	return text + "f"
}

// fixed is the initializer of a multiplier in fixed point.
func (l *lowering) fixed(m float64) string {
	f := integer.NewFixed(m)
	l.left = l.left || f.Shift > 0
	return fmt.Sprintf("{.q = %d, .shift = %d}", f.Q, f.Shift)
}

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

// layer writes the constants of a layer that takes the given number of 32-bit
// words.
func (l *lowering) layer(kind, id string, words int, fields ...string) {
	l.count.layers += 4 * words
	fmt.Fprintf(&l.constants, "static const %s %s_layer = {\n", kind, id)
	for _, f := range fields {
		fmt.Fprintf(&l.constants, "\t%s,\n", f)
	}
	l.constants.WriteString("};\n")
}
