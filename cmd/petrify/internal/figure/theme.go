package figure

import (
	"image/color"
	"math"
	"strconv"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/font"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// Color is one of the palette's. The palette is M. Okabe's and K. Ito's,
// "Color Universal Design", 2008.
type Color uint8

// The colours.
const (
	Blue Color = iota
	Vermilion
	Green
	Orange
)

func (c Color) rgb() color.Color {
	return [...]color.RGBA{
		Blue:      {0x00, 0x72, 0xb2, 0xff},
		Vermilion: {0xd5, 0x5e, 0x00, 0xff},
		Green:     {0x00, 0x9e, 0x73, 0xff},
		Orange:    {0xe6, 0x9f, 0x00, 0xff},
	}[c]
}

var (
	ink  = color.RGBA{0x33, 0x33, 0x33, 0xff}
	pale = color.RGBA{0xdd, 0xdd, 0xdd, 0xff}
)

const (
	width    = 16 * vg.Centimeter
	height   = 9 * vg.Centimeter
	margin   = 8    // points around the figure
	room     = 96   // points at the right, for the lines' names
	fontSize = 10.5 // points
)

// sans is the font; the file asks for Helvetica or Arial, which are of its
// widths.
func sans(size font.Length) font.Font {
	return font.From(font.Font{Typeface: "Liberation", Variant: "Sans"}, size)
}

// newPlot is an empty plot in petrify's looks.
func newPlot(c Chart) *plot.Plot {
	p := plot.New()
	p.Title.Text = c.Title
	p.Title.TextStyle.Font = sans(fontSize + 1)
	p.Title.TextStyle.Color = ink
	p.Title.Padding = 8
	p.X.Label.Text, p.Y.Label.Text = c.XLabel, c.YLabel
	for _, a := range []*plot.Axis{&p.X, &p.Y} {
		a.Label.TextStyle.Font = sans(fontSize)
		a.Label.TextStyle.Color = ink
		a.Label.Padding = 4
		a.Tick.Label.Font = sans(fontSize - 1)
		a.Tick.Label.Color = ink
		a.Tick.Length = 0
		a.Tick.Marker = ticks{}
		a.Padding = 6
	}
	p.X.LineStyle.Color = pale
	p.Y.LineStyle.Width = 0
	return p
}

// ticks are at most 7 multiples of 1, 2 or 5 times a power of ten.
type ticks struct{}

func (ticks) Ticks(min, max float64) (list []plot.Tick) {
	step := math.Pow(10, math.Floor(math.Log10((max-min)/6)))
	for _, factor := range []float64{1, 2, 5, 10} {
		if (max-min)/(step*factor) <= 6 {
			step *= factor
			break
		}
	}
	digits := int(math.Max(0, -math.Floor(math.Log10(step)+1e-9)))
	for i := math.Ceil(min/step - 1e-9); i*step <= max+1e-9*step; i++ {
		value := i*step + 0 // + 0: no negative zero
		list = append(list, plot.Tick{Value: value, Label: strconv.FormatFloat(value, 'f', digits, 64)})
	}
	return list
}

// grid is a thin horizontal line at each tick.
type grid struct{}

func (grid) Plot(c draw.Canvas, p *plot.Plot) {
	_, y := p.Transforms(&c)
	style := draw.LineStyle{Color: pale, Width: 0.5}
	for _, t := range p.Y.Tick.Marker.Ticks(p.Y.Min, p.Y.Max) {
		c.StrokeLine2(style, c.Min.X, y(t.Value), c.Max.X, y(t.Value))
	}
}
