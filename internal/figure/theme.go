package figure

// Color is one of the palette's. The palette is M. Okabe's and K. Ito's,
// "Color Universal Design", 2008.
type Color uint8

// The colours.
const (
	Blue Color = iota
	Vermilion
	Green
	Purple
	Orange
	Sky
)

// Palette is all colours.
func Palette() []Color { return []Color{Blue, Vermilion, Green, Purple, Orange, Sky} }

// String is the colour in SVG's form.
func (c Color) String() string {
	return [...]string{Blue: "#0072b2", Vermilion: "#d55e00", Green: "#009e73", Purple: "#cc79a7", Orange: "#e69f00",
		Sky: "#56b4e9"}[c]
}

const (
	ink  = "#333"
	pale = "#ddd"
	font = "Helvetica, Arial, 'Liberation Sans', sans-serif"
)

// Lengths in pixels.
const (
	width, height = 640, 360
	left, right   = 56, 508 // of the lines; their names stand to the right
	top, bottom   = 68, 300
	margin        = 14
	size          = 14 // of the letters
	middle        = 5  // from the middle of a digit down to its foot
	dot           = 3  // a dot's radius
)
