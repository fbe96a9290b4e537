package figure

import (
	"bytes"
	"cmp"
	"encoding/xml"
	"fmt"
	"io"
	"math"
	"slices"
	"unicode/utf8"
)

// Chart is a chart of lines.
type Chart struct {
	Title, XLabel, YLabel string
	Lines                 []Line
	Bottom                float64  // what lies below is cut off; −∞: nothing
	Top                   float64  // what lies above is cut off; 0: nothing
	XNames                []string // of x = 0, 1 …, instead of numbers
}

// Line is one line of a [Chart].
type Line struct {
	Name   string // label at the line's end, in its colour; "": none
	X, Y   []float64
	Color  Color
	Dashed bool // for levels; the others have a dot at each point

	// half the height of each point's interval; nil: none. The name of a single point with
	// one is next to it
	Bars []float64
}

// SVG writes the chart.
func (c Chart) SVG(w io.Writer) error {
	x, y, err := c.axes()
	if err != nil {
		return err
	}
	p := &picture{x: x, y: y}
	p.frame(c)
	p.add(`<g clip-path="url(#inside)" fill="none" stroke-width="2" stroke-linejoin="round">`)
	for _, l := range c.Lines {
		p.line(l)
	}
	p.add("</g>")
	p.names(c.Lines)
	p.add("</svg>")
	if _, err := w.Write(p.svg.Bytes()); err != nil {
		return fmt.Errorf("figure: %w", err)
	}
	return nil
}

// picture is SVG being written: pixels to the right and down.
type picture struct {
	svg  bytes.Buffer
	x, y axis
}

// add writes one element.
func (p *picture) add(format string, values ...any) {
	fmt.Fprintf(&p.svg, format, values...) // as it is, so that go vet checks the values
	p.svg.WriteByte('\n')
}

// text writes words at a place; the attributes say how.
func (p *picture) text(x, y float64, attributes, words string) {
	fmt.Fprintf(&p.svg, `<text x="%.1f" y="%.1f" %s>`, x, y, attributes)
	_ = xml.EscapeText(&p.svg, []byte(words)) // a buffer takes everything
	p.svg.WriteString("</text>\n")
}

// begin begins the picture, with a white ground; more is how many pixels there are left of 0.
func (p *picture) begin(more, width, height int) {
	p.add(`<svg xmlns="http://www.w3.org/2000/svg" width="%d" height="%d" viewBox="%d 0 %[1]d %[2]d"`+
		` font-family="%[4]s" font-size="%d" fill="%s">`, more+width, height, -more, font, size, ink)
	p.add(`<rect x="%d" width="%d" height="%d" fill="#fff"/>`, -more, more+width, height)
}

// frame draws everything but the lines and their names.
func (p *picture) frame(c Chart) {
	more, wide, high := 0, width, height
	for i, name := range c.XNames { // which stand at an angle
		long := letter * utf8.RuneCountInString(shortened(name)) * 7 / 10
		more, high = max(more, long-int(p.x.at(float64(i)))), max(high, height+long)
	}
	for _, l := range c.Lines {
		wide = max(wide, right+margin+letter*utf8.RuneCountInString(l.Name)) // which stand at the right
	}
	p.begin(more, wide, high)
	p.add(`<clipPath id="inside"><rect x="%d" y="%d" width="%d" height="%d"/></clipPath>`,
		left-dot, top-dot, right-left+2*dot, bottom-top+2*dot)
	p.text(margin, 28, `font-size="16"`, c.Title)
	p.text(margin, 48, `fill-opacity="0.75"`, c.YLabel)
	p.text((left+right)/2, height-margin, `text-anchor="middle" fill-opacity="0.75"`, c.XLabel)
	for _, t := range p.y.ticks() {
		p.add(`<path d="M%d %.1fH%d" stroke="%s"/>`, left, p.y.at(t.value), right, pale)
		p.text(left-8, p.y.at(t.value)+middle, `text-anchor="end"`, t.label)
	}
	p.xNames(c.XNames)
	for _, t := range p.x.ticks() {
		if c.XNames != nil {
			break
		}
		p.text(p.x.at(t.value), bottom+20, `text-anchor="middle"`, t.label)
	}
}

// xNames writes names below their points: at an angle, and not more than have room.
func (p *picture) xNames(names []string) {
	every := len(names)/25 + 1
	for i := 0; i < len(names); i += every {
		x, y := p.x.at(float64(i))+middle, float64(bottom+size)
		p.text(x, y, fmt.Sprintf(`text-anchor="end" font-size="12" transform="rotate(-45 %.1f %.1f)"`, x, y), shortened(names[i]))
	}
}

// shortened is a name without its middle, if it is long.
func shortened(name string) string {
	const begin, end = 22, 10
	all := []rune(name)
	if len(all) <= begin+1+end {
		return name
	}
	return string(all[:begin]) + "…" + string(all[len(all)-end:])
}

// line draws a line with its dots.
func (p *picture) line(l Line) {
	var path bytes.Buffer
	for i := range l.X {
		fmt.Fprintf(&path, "%c%.1f %.1f", "ML"[min(i, 1)], p.x.at(l.X[i]), p.y.at(l.Y[i]))
	}
	if l.Dashed {
		p.add(`<path d="%s" stroke="%s" stroke-dasharray="6 5"/>`, path.Bytes(), l.Color)
		return
	}
	p.add(`<path d="%s" stroke="%s"/>`, path.Bytes(), l.Color)
	if l.labelled() {
		x, anchor := p.x.at(l.X[0])+7, "start"
		if x > (left+right)/2 {
			x, anchor = x-14, "end"
		}
		p.text(x, p.y.at(l.Y[0])-7, fmt.Sprintf(`text-anchor="%s" fill="%s" stroke="none"`, anchor, l.Color), l.Name)
	}
	for i, half := range l.Bars {
		p.add(`<path d="M%.1f %.1fV%.1f" stroke="%s"/>`, p.x.at(l.X[i]), p.y.at(l.Y[i]-half), p.y.at(l.Y[i]+half),
			l.Color)
	}
	for i := range l.X {
		p.add(`<circle cx="%.1f" cy="%.1f" r="%d" fill="%s"/>`, p.x.at(l.X[i]), p.y.at(l.Y[i]), dot, l.Color)
	}
}

// labelled reports whether the name is next to the line's only point.
func (l Line) labelled() bool { return l.Bars != nil && len(l.X) == 1 }

// names writes each line's name to the right of its end, moved up or down
// where names would overlap.
func (p *picture) names(lines []Line) {
	place := func(l Line) float64 { return p.y.at(l.Y[len(l.Y)-1]) }
	lines = slices.DeleteFunc(slices.Clone(lines), func(l Line) bool { return l.Name == "" || l.labelled() })
	slices.SortStableFunc(lines, func(a, b Line) int { return cmp.Compare(place(a), place(b)) })
	places := make([]float64, len(lines))
	for i, l := range lines {
		places[i] = place(l)
	}
	spread(places, size+4, top, bottom)
	for i, l := range lines {
		p.text(right+12, places[i]+middle, fmt.Sprintf(`fill="%s"`, l.Color), l.Name)
	}
}

// spread moves ascending places apart to the given distance: towards the end
// first, and then back where the last went past it.
func spread(places []float64, distance, begin, end float64) {
	low := begin
	for i := range places {
		places[i] = max(places[i], low)
		low = places[i] + distance
	}
	high := end
	for i := len(places) - 1; i >= 0; i-- {
		places[i] = min(places[i], high)
		high = places[i] - distance
	}
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
