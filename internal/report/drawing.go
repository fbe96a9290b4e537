package report

import (
	"fmt"
	"strings"

	"petrify/fakequant/affine"
	"petrify/quantized"
)

// The measures of the drawing, in pixels.
const (
	boxWidth, boxHeight = 208, 52
	gapX, gapY          = 28, 48
	margin              = 10
)

// Drawing is the network as a picture: boxes for the layers, one below the other,
// and the activations that flow between them.
type Drawing struct {
	Width, Height int
	Boxes         []Box
	Edges         []Edge
}

// Box is a layer, or the input.
type Box struct {
	X, Y     int
	ID       string // of its panel
	Name     string
	What     string // the operation, what is fused into it, the shape
	Bits     string // of the weights, such as "W8"; "": it has none
	Format   string // class of the style sheet, by the bits of the weights, or else of the output
	Rounds   string // the same of the output; "": it is not rounded
	Activity string // number format and scale of what it computes; "": those of its input
	Label    string // for those who do not see it
}

// Edge is a line between two boxes.
type Edge struct{ Path string }

// draw lays the model out.
func (r *Run) draw() Drawing {
	m := r.Model
	l := layOut(m)
	d := Drawing{Width: l.lanes*(boxWidth+gapX) - gapX + 2*margin, Height: l.rows*(boxHeight+gapY) + 2*margin}
	for _, e := range l.edges {
		d.Edges = append(d.Edges, Edge{path(e.way)})
	}
	in := Box{ID: panelID(0), Name: m.Input.Name, What: "input · " + shape(m.Input.Shape)}
	in.quant(m.Input.Quant, false)
	d.add(in, l.at[m.Input.Name])
	for i := range m.Nodes {
		n := &m.Nodes[i]
		b := Box{ID: panelID(i + 1), Name: n.Name, What: operation(n) + " · " + shape(n.Output.Shape)}
		b.quant(n.Output.Quant, n.Op.PassesThrough())
		if n.Weights != nil {
			b.Bits, b.Format = "W"+bitsOf(n.Weights.Format), class(n.Weights.Format)
		}
		d.add(b, l.at[n.Name])
	}
	return d
}

func (d *Drawing) add(b Box, p place) {
	b.X, b.Y = margin+p.lane*(boxWidth+gapX), margin+p.row*(boxHeight+gapY)
	b.Label = strings.Join([]string{b.Name, b.What, b.Bits, b.Activity}, ", ")
	d.Boxes = append(d.Boxes, b)
}

// quant says on what grid the output is.
func (b *Box) quant(q quantized.Quant, passes bool) {
	b.Format = class(q.Format)
	if q.IsFloat() {
		b.Activity = "float32"
	}
	if q.IsFloat() || passes {
		return
	}
	b.Rounds = b.Format
	b.Activity = fmt.Sprintf("%v · s %.3g", q.Format, q.Scale)
	if q.Zero != 0 {
		b.Activity += fmt.Sprintf(" · z %d", q.Zero)
	}
}

// path is an edge as a path of SVG, with curves where it changes lanes.
func path(way []place) string {
	x := func(p place) int { return margin + p.lane*(boxWidth+gapX) + boxWidth/2 }
	top := func(p place) int { return margin + p.row*(boxHeight+gapY) }
	var b strings.Builder
	fmt.Fprintf(&b, "M%d %d", x(way[0]), top(way[0])+boxHeight)
	for i, p := range way[1:] {
		fromX, fromY := x(way[i]), top(way[i])+boxHeight
		middle := (fromY + top(p)) / 2
		fmt.Fprintf(&b, "C%d %d %d %d %d %d", fromX, middle, x(p), middle, x(p), top(p))
		if i < len(way)-2 {
			fmt.Fprintf(&b, "V%d", top(p)+boxHeight)
		}
	}
	return b.String()
}

// operation is what a layer computes, with the function that is fused into it.
func operation(n *quantized.Node) string {
	name := n.Op.String()
	switch {
	case n.Op == quantized.Activate:
		return n.Func.String()
	case n.Func != quantized.Identity:
		return name + " + " + n.Func.String()
	}
	return name
}

// shape is "16 × 8 × 8".
func shape(dims []int) string {
	parts := make([]string, len(dims))
	for i, d := range dims {
		parts[i] = fmt.Sprint(d)
	}
	return strings.Join(parts, " × ")
}

// class is that of the style sheet for a number format.
func class(f affine.Format) string {
	if f.IsFloat() {
		return "float"
	}
	return fmt.Sprintf("bits%d", f.Bits)
}

func bitsOf(f affine.Format) string {
	if f.IsFloat() {
		return "32"
	}
	return fmt.Sprint(f.Bits)
}

func panelID(i int) string { return fmt.Sprintf("layer-%d", i) }
