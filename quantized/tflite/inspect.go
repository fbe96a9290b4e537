package tflite

import (
	"fmt"
	"io"
	"strconv"
	"strings"
	"text/tabwriter"
	"unicode"

	"petrify/quantized/tflite/schema"
)

// Inspect prints a file's metadata, and its operators in order: each with the
// type, shape and scale of its output and, where it has weights, their type and
// scales.
func Inspect(w io.Writer, data []byte) error {
	file, err := schema.Unmarshal(data)
	if err != nil {
		return fmt.Errorf("tflite: inspect: %w", err)
	}
	g := &file.Graph
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintf(t, "graph\t%s\nwritten by\t%s\n", plain(g.Name), plain(file.Description))
	for _, i := range g.Inputs {
		fmt.Fprintf(t, "input\t%s\n", describe(file, i))
	}
	for _, i := range g.Outputs {
		fmt.Fprintf(t, "output\t%s\n", describe(file, i))
	}
	fmt.Fprintln(t)
	for _, e := range file.Metadata {
		fmt.Fprintf(t, "%s\t%s\n", plain(e.Key), plain(e.Value))
	}
	fmt.Fprintln(t)
	fmt.Fprintln(t, "operator\tversion\toutput\tweights")
	for i := range g.Operators {
		o := &g.Operators[i]
		fmt.Fprintf(t, "%v\t%d\t%s\t%s\n", o.Code, o.Version, outputs(file, o), weights(file, o))
	}
	bytes := 0
	for _, b := range file.Buffers {
		bytes += len(b)
	}
	fmt.Fprintf(t, "\ntensors\t%d\nbytes of constants\t%d\nthe file's bytes\t%d\n", len(g.Tensors), bytes, len(data))
	return t.Flush()
}

// plain is text from a file, quoted if a terminal would not print it as it is.
func plain(text string) string {
	if strings.ContainsFunc(text, func(r rune) bool { return !unicode.IsPrint(r) }) {
		return strconv.Quote(text)
	}
	return text
}

// describe returns a text such as "input INT8 1 × 28 × 28 × 1, s=0.01 z=-128".
func describe(file *schema.Model, i int32) string {
	if i < 0 {
		return "–"
	}
	t := &file.Graph.Tensors[i]
	var dims []string
	for _, d := range t.Shape {
		dims = append(dims, fmt.Sprint(d))
	}
	text := fmt.Sprintf("%s %v %s", plain(t.Name), t.Type, strings.Join(dims, " × "))
	if s := scales(&t.Quant); s != "" {
		text += ", " + s
	}
	return text
}

// scales returns a text such as "s=0.01 z=-128" or "16 scales along axis 3".
func scales(q *schema.Quant) string {
	switch {
	case len(q.Scale) == 0:
		return ""
	case len(q.Scale) > 1:
		return fmt.Sprintf("%d scales along axis %d", len(q.Scale), q.Axis)
	case len(q.Zero) == 0:
		return fmt.Sprintf("s=%.4g", q.Scale[0])
	}
	return fmt.Sprintf("s=%.4g z=%d", q.Scale[0], q.Zero[0])
}

func outputs(file *schema.Model, o *schema.Operator) string {
	var all []string
	for _, i := range o.Outputs {
		all = append(all, describe(file, i))
	}
	return strings.Join(all, "; ")
}

// weights describes the operator's weights, its second input.
func weights(file *schema.Model, o *schema.Operator) string {
	weighted := o.Code == schema.Conv2D || o.Code == schema.DepthwiseConv2D || o.Code == schema.FullyConnected
	if !weighted || len(o.Inputs) < 2 || o.Inputs[1] < 0 {
		return ""
	}
	t := &file.Graph.Tensors[o.Inputs[1]]
	return strings.TrimSuffix(fmt.Sprintf("%v, %s", t.Type, scales(&t.Quant)), ", ")
}
