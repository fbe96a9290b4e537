package figure

import (
	"fmt"
	"io"
	"math"
	"unicode/utf8"
)

// Heat is a table of numbers whose cells are the darker the greater these are.
type Heat struct {
	Title, Note string
	Columns     []string
	Rows        []HeatRow
}

// HeatRow is a row of a [Heat].
type HeatRow struct {
	Name   string
	Values []float64
}

// Lengths in pixels.
const (
	cellWidth, cellHeight = 74, 22
	letter                = 8 // of a name, on average
)

// SVG writes the table.
func (h Heat) SVG(w io.Writer) error {
	most, widest := 0.0, 0
	for _, r := range h.Rows {
		for _, v := range r.Values {
			if math.IsNaN(v) || math.IsInf(v, 0) {
				return fmt.Errorf("figure: value %v of %s: want a finite one", v, r.Name)
			}
			most = max(most, v)
		}
		widest = max(widest, utf8.RuneCountInString(r.Name))
	}
	from := margin + letter*widest + margin
	p := &picture{}
	p.begin(0, max(from+cellWidth*len(h.Columns)+margin, width), top+cellHeight*len(h.Rows)+margin)
	p.text(margin, 28, `font-size="16"`, h.Title)
	p.text(margin, 48, `fill-opacity="0.75"`, h.Note)
	for i, name := range h.Columns {
		p.text(float64(from+cellWidth*i+cellWidth/2), top, `text-anchor="middle"`, name)
	}
	for i, r := range h.Rows {
		y := top + 6 + cellHeight*i
		p.text(float64(from-8), float64(y+cellHeight/2+middle), `text-anchor="end"`, r.Name)
		for j, v := range r.Values {
			p.cell(from+cellWidth*j, y, v, most)
		}
	}
	p.add("</svg>")
	if _, err := w.Write(p.svg.Bytes()); err != nil {
		return fmt.Errorf("figure: %w", err)
	}
	return nil
}

// decades is over how many powers of ten cells grow dark.
const decades = 4

// cell draws a number, whose shade is its logarithm's place below the greatest's.
func (p *picture) cell(x, y int, v, most float64) {
	shade := 0.0
	if v > 0 {
		shade = max(0, 1+math.Log10(v/most)/decades)
	}
	p.add(`<rect x="%d" y="%d" width="%d" height="%d" fill="%s" fill-opacity="%.3f" stroke="%s"/>`, x, y, cellWidth,
		cellHeight, Blue, shade, pale)
	color := ink
	if shade > 0.65 {
		color = "#fff"
	}
	p.text(float64(x+cellWidth/2), float64(y+cellHeight/2+middle),
		fmt.Sprintf(`text-anchor="middle" font-size="12" fill="%s"`, color), fmt.Sprintf("%+.4f", v))
}
