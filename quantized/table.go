package quantized

import (
	"fmt"
	"io"
	"strings"
	"unicode/utf8"
)

// WriteTable prints a valid model for a terminal: a line for each layer with
// its output, number format, scales, operations and bytes, the sum, the size of
// the file, and the accumulators.
func (m *Model) WriteTable(w io.Writer) error {
	if err := m.writeLayers(w); err != nil {
		return err
	}
	return m.writeAccumulators(w)
}

func (m *Model) writeLayers(w io.Writer) error {
	size := m.Size()
	rows := [][]string{{"layer", "op", "output", "output is", "weights are", "parameters", "MACs",
		"weights", "scales", "zeros", "biases", "float", "total", "float16", "float32"}}
	for i, l := range size.Layers {
		row := []string{l.Name, "input", dimensions(m.Input.Shape), quantCell(m.Input.Quant), ""}
		if i > 0 {
			n := &m.Nodes[i-1]
			row = []string{l.Name, opCell(n), dimensions(n.Output.Shape), quantCell(n.Output.Quant),
				weightCell(n.Weights)}
		}
		rows = append(rows, append(row, byteCells(l.Bytes)...))
	}
	rows = append(rows, append([]string{"sum", "", "", "", ""}, byteCells(size.Bytes)...))
	if err := writeGrid(w, rows, 5); err != nil {
		return err
	}
	_, err := fmt.Fprintf(w, "\n%s\n%s: %s bytes = %s of tensors + %s of header (names, types, shapes).\n", size,
		TensorsFile, digits(size.Header+size.Total()), digits(size.Total()), digits(size.Header))
	return err
}

func byteCells(b Bytes) []string {
	var cells []string
	for _, n := range []int64{b.Parameters, b.MACs, b.Weights, b.Scales, b.Zeros, b.Biases, b.Float, b.Total(),
		b.Float16(), b.Float32()} {
		cells = append(cells, digits(n))
	}
	return cells
}

func (m *Model) writeAccumulators(w io.Writer) error {
	all, err := m.Accumulators()
	if err != nil {
		return err
	}
	if len(all) == 0 {
		_, err := fmt.Fprintln(w, "\nNo layer sums integers.")
		return err
	}
	if _, err := fmt.Fprintln(w,
		"\nSums of integers, from the weights, over all inputs: none exceeds int32."); err != nil {
		return err
	}
	rows := [][]string{{"layer", "least", "greatest", "bits", "int16", "24 bits", "exact in float32"}}
	for _, a := range all {
		rows = append(rows, []string{a.Layer, signed(a.Min), signed(a.Max), fmt.Sprint(a.Bits),
			yes(a.Fits(16)), yes(a.Fits(24)), yes(a.ExactInFloat32())})
	}
	return writeGrid(w, rows, 1)
}

// writeGrid prints rows in columns, the first ones flush left and the others,
// which are numbers, flush right.
func writeGrid(w io.Writer, rows [][]string, left int) error {
	widths := make([]int, len(rows[0]))
	for _, row := range rows {
		for i, cell := range row {
			widths[i] = max(widths[i], utf8.RuneCountInString(cell))
		}
	}
	for _, row := range rows {
		var line strings.Builder
		for i, cell := range row {
			pad := strings.Repeat(" ", widths[i]-utf8.RuneCountInString(cell))
			if i < left {
				line.WriteString(cell + pad + "  ")
			} else {
				line.WriteString(pad + cell + "  ")
			}
		}
		if _, err := fmt.Fprintln(w, strings.TrimRight(line.String(), " ")); err != nil {
			return err
		}
	}
	return nil
}

func opCell(n *Node) string {
	switch {
	case n.Op == Activate:
		return n.Func.String()
	case n.Func != Identity:
		return n.Op.String() + "+" + n.Func.String()
	case n.Groups > 1:
		return fmt.Sprintf("%v/%d", n.Op, n.Groups)
	}
	return n.Op.String()
}

func quantCell(q Quant) string {
	if q.IsFloat() {
		return q.Format.String()
	}
	return fmt.Sprintf("%v s=%.4g z=%d", q.Format, q.Scale, q.Zero)
}

func weightCell(w *Weights) string {
	switch {
	case w == nil:
		return ""
	case w.Q == nil || w.Axis < 0:
		return w.Format.String()
	case w.Block > 0:
		return fmt.Sprintf("%v by %d", w.Format, w.Block)
	default:
		return w.Format.String() + " by channel"
	}
}

func dimensions(shape []int) string {
	return strings.ReplaceAll(strings.Trim(fmt.Sprint(shape), "[]"), " ", "×")
}

func yes(b bool) string {
	if b {
		return "yes"
	}
	return "no"
}

func signed(n int64) string {
	if n < 0 {
		return "−" + digits(-n)
	}
	return digits(n)
}
