package figure

import (
	"bytes"
	"cmp"
	"fmt"
	"io"
	"math"
	"slices"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
	"gonum.org/v1/plot/vg/vgsvg"
)

// Chart is a chart of lines.
type Chart struct {
	Title, XLabel, YLabel string
	Lines                 []Line
	Bottom                float64 // what lies below is cut off; NaN: nothing
}

// Line is one line of a [Chart].
type Line struct {
	Name   string // stands at the line's end, in its colour; "": nothing does
	X, Y   []float64
	Color  Color
	Dashed bool // for levels; the others have a dot at each point
}

// SVG writes the chart.
func (c Chart) SVG(w io.Writer) error {
	p := newPlot(c)
	p.Add(grid{})
	for _, l := range c.Lines {
		if err := add(p, l); err != nil {
			return fmt.Errorf("figure: line %s: %w", l.Name, err)
		}
	}
	if c.Bottom > p.Y.Min {
		p.Y.Min = c.Bottom
	}
	if space := (p.Y.Max - p.Y.Min) / 20; space > 0 {
		p.Y.Max += space
	} else {
		p.Y.Min, p.Y.Max = p.Y.Min-1, p.Y.Max+1
	}
	p.Add(names(c.Lines))
	canvas := vgsvg.New(width, height)
	p.Draw(draw.Crop(draw.New(canvas), margin, -room, margin, -margin))
	return write(w, canvas)
}

// add adds a line with its dots.
func add(p *plot.Plot, l Line) error {
	points := make(plotter.XYs, len(l.X))
	for i := range points {
		points[i].X, points[i].Y = l.X[i], l.Y[i]
	}
	line, err := plotter.NewLine(points)
	if err != nil {
		return err
	}
	line.Color, line.Width = l.Color.rgb(), 1.6
	p.Add(line)
	if l.Dashed {
		line.Dashes = []vg.Length{5, 4}
		return nil
	}
	dots, err := plotter.NewScatter(points)
	if err != nil {
		return err
	}
	dots.GlyphStyle = draw.GlyphStyle{Color: l.Color.rgb(), Radius: 2, Shape: draw.CircleGlyph{}}
	p.Add(dots)
	return nil
}

// names writes each line's name to the right of its end, moved up or down
// where names would overlap.
type names []Line

func (n names) Plot(c draw.Canvas, p *plot.Plot) {
	_, y := p.Transforms(&c)
	style := p.X.Tick.Label
	style.XAlign, style.YAlign = draw.XLeft, draw.YCenter
	lines := slices.DeleteFunc(slices.Clone(n), func(l Line) bool { return l.Name == "" })
	slices.SortStableFunc(lines, func(a, b Line) int { return cmp.Compare(end(a), end(b)) })
	places := make([]vg.Length, len(lines))
	for i, l := range lines {
		places[i] = y(end(l))
	}
	spread(places, fontSize+2, c.Min.Y, c.Max.Y)
	for i, l := range lines {
		style.Color = l.Color.rgb()
		c.FillText(style, vg.Point{X: c.Max.X + 10, Y: places[i]}, l.Name)
	}
}

func end(l Line) float64 { return l.Y[len(l.Y)-1] }

// spread moves ascending places apart to the given distance: upwards first,
// and then down again where the highest went over the top.
func spread(places []vg.Length, distance, bottom, top vg.Length) {
	low := bottom
	for i := range places {
		places[i] = max(places[i], low)
		low = places[i] + distance
	}
	high := top
	for i := len(places) - 1; i >= 0; i-- {
		places[i] = min(places[i], high)
		high = places[i] - distance
	}
}

// write writes the canvas with fonts that a browser has.
func write(w io.Writer, canvas *vgsvg.Canvas) error {
	var svg bytes.Buffer
	if _, err := canvas.WriteTo(&svg); err != nil {
		return fmt.Errorf("figure: %w", err)
	}
	text := svg.Bytes()
	for _, r := range [][2]string{
		{"font-family:Liberation Sans;", "font-family:Helvetica,Arial,'Liberation Sans',sans-serif;"},
		{"font-variant:normal;font-weight:normal;font-style:normal;", ""},
	} {
		text = bytes.ReplaceAll(text, []byte(r[0]), []byte(r[1]))
	}
	if _, err := w.Write(text); err != nil {
		return fmt.Errorf("figure: %w", err)
	}
	return nil
}

// level is a horizontal line.
func level(name string, y, from, to float64, color Color) Line {
	return Line{Name: name, X: []float64{from, to}, Y: []float64{y, y}, Color: color, Dashed: true}
}

// spanOf is the least and the greatest of the values.
func spanOf(values []float64) (low, high float64) {
	low, high = math.Inf(1), math.Inf(-1)
	for _, v := range values {
		low, high = min(low, v), max(high, v)
	}
	return low, high
}
