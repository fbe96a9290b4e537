package main

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"text/tabwriter"

	"petrify/graph"
	"petrify/internal/atomicfile"
	"petrify/internal/config"
)

// inspectGraph prints the quantizers of the network that a run folder or a
// configuration describes, and draws its graph if a file is named.
func (c *command) inspectGraph(ctx context.Context, path, drawing string) error {
	m, err := c.describedModel(ctx, path)
	if err != nil {
		return err
	}
	t := tabwriter.NewWriter(c.stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, "tensor\tformat\tscheme\tgranularity\trange from\tmethod\trule of\tshared with")
	for _, p := range m.Placements() {
		q := p.Config
		fmt.Fprintf(t, "%s\t%v\t%v\t%v\t%v\t%v\t%s\t%s\n", p.Tensor, q.Format, q.Scheme, q.Granularity,
			q.Observer.Kind, q.Method, p.Layer, strings.Join(p.Shared, ", "))
	}
	if err := t.Flush(); err != nil {
		return err
	}
	fmt.Fprintf(c.stdout, "\n%d parameters, %d multiply-accumulates\n", m.Parameters(), m.MACs())
	if drawing == "" {
		return nil
	}
	text, err := m.DOT(1, true)
	if err != nil {
		return err
	}
	return draw(ctx, drawing, text)
}

// describedModel is the untrained model of a configuration file, for the shape
// of its data, or of a run folder, for the input of its frozen model.
func (c *command) describedModel(ctx context.Context, path string) (*graph.Model, error) {
	if saved := savedConfig(path); saved != "" {
		settings, err := config.Load(saved)
		if err != nil {
			return nil, err
		}
		m, err := loadModel(path)
		if err != nil {
			return nil, err
		}
		in := graph.Shape{C: m.Input.Shape[0], H: 1, W: 1}
		if len(m.Input.Shape) == 3 {
			in.H, in.W = m.Input.Shape[1], m.Input.Shape[2]
		}
		return settings.Model(in, outputSize(m), pixelClasses(m))
	}
	settings, err := config.Load(path)
	if err != nil {
		return nil, err
	}
	data, err := c.open(ctx, settings.Dataset, settings.Data)
	if err != nil {
		return nil, err
	}
	return settings.Model(graph.Shape{C: data.Shape[0], H: data.Shape[1], W: data.Shape[2]}, data.Outputs(),
		settings.PixelClasses(data))
}

// draw writes a graph in Graphviz's language, or the picture that Graphviz
// makes of it.
func draw(ctx context.Context, file, text string) error {
	switch filepath.Ext(file) {
	case ".dot":
		return atomicfile.WriteFile(file, []byte(text))
	case ".svg":
		dot := exec.CommandContext(ctx, "dot", "-Tsvg")
		dot.Stdin, dot.Stderr = strings.NewReader(text), os.Stderr
		var picture bytes.Buffer
		dot.Stdout = &picture
		if err := dot.Run(); err != nil {
			return fmt.Errorf("an .svg needs Graphviz's dot; a .dot file does not: %w", err)
		}
		return atomicfile.WriteFile(file, picture.Bytes())
	}
	return usage(fmt.Errorf("--draw %s: want a name that ends in .dot or .svg", file))
}
