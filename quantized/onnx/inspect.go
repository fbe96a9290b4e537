package onnx

import (
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"text/tabwriter"
	"unicode"

	"petrify/internal/onnxpb"
)

// Inspect prints a file's metadata, its inputs and outputs, its operators with
// their counts, and the bytes of its tensors.
func Inspect(w io.Writer, data []byte) error {
	file, err := onnxpb.Unmarshal(data)
	if err != nil {
		return fmt.Errorf("onnx: inspect: %w", err)
	}
	if len(file.Opsets) == 0 {
		return errors.New("onnx: inspect: is no model: it names no set of operators")
	}
	var opsets []string
	for _, o := range file.Opsets {
		opsets = append(opsets, strings.TrimSpace(fmt.Sprintf("%s %d", o.Domain, o.Version)))
	}
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintf(t, "graph\t%s\nproducer\t%s %s\nopset\t%s\n", plain(file.Graph.Name), plain(file.Producer),
		plain(file.ProducerVersion), plain(strings.Join(opsets, ", ")))
	for _, v := range file.Graph.Inputs {
		fmt.Fprintf(t, "input\t%s\n", describe(v))
	}
	for _, v := range file.Graph.Outputs {
		fmt.Fprintf(t, "output\t%s\n", describe(v))
	}
	fmt.Fprintln(t)
	for _, e := range file.Metadata {
		fmt.Fprintf(t, "%s\t%s\n", plain(e.Key), plain(e.Value))
	}
	fmt.Fprintln(t)
	for _, c := range operators(&file.Graph) {
		fmt.Fprintf(t, "%s\t%d\n", plain(c.name), c.number)
	}
	bytes := 0
	for _, tensor := range file.Graph.Initializers {
		bytes += len(tensor.Raw)
	}
	fmt.Fprintf(t, "\ntensors\t%d\ntheir bytes\t%d\nthe file's bytes\t%d\n", len(file.Graph.Initializers), bytes,
		len(data))
	return t.Flush()
}

// plain is text from a file, quoted if a terminal would not print it as it is.
func plain(text string) string {
	if strings.ContainsFunc(text, func(r rune) bool { return !unicode.IsPrint(r) }) {
		return strconv.Quote(text)
	}
	return text
}

// describe returns a text such as "input FLOAT batch × 1 × 28 × 28".
func describe(v onnxpb.Value) string {
	var dims []string
	for _, d := range v.Shape {
		if d.Name != "" {
			dims = append(dims, plain(d.Name))
		} else {
			dims = append(dims, fmt.Sprint(d.Value))
		}
	}
	return fmt.Sprintf("%s %v %s", plain(v.Name), v.Type, strings.Join(dims, " × "))
}

type operatorCount struct {
	name   string
	number int
}

// operators counts them, in the order in which they first appear.
func operators(g *onnxpb.Graph) (counts []operatorCount) {
	at := map[string]int{}
	for i := range g.Nodes {
		op := g.Nodes[i].Op
		if _, ok := at[op]; !ok {
			at[op] = len(counts)
			counts = append(counts, operatorCount{name: op})
		}
		counts[at[op]].number++
	}
	return counts
}
