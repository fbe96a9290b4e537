package report

import "html/template"

// Masks are test pictures with the classes of their pixels.
type Masks struct {
	Classes []MaskClass
	Shown   []Masked
}

// MaskClass is a class with its colour, for CSS.
type MaskClass struct{ Name, Colour string }

// Masked is a picture with its mask and those of the networks, and the parts of the pixels that
// these have wrong.
type Masked struct {
	Sample                       string
	Input, Truth, Float, Shipped template.URL // Input "": it is no picture
	FloatWrong, ShippedWrong     float64
}

// Wrong is in percent.
func (m Masked) Wrong() [2]float64 { return [2]float64{100 * m.FloatWrong, 100 * m.ShippedWrong} }
