package train

import (
	"math"
	"strings"

	"petrify/datasets"
	"petrify/quantized"
)

// raw says what the model was fed before normalisation, from the account of
// the data. Nothing is known of data whose account says no type.
func raw(s *datasets.Set) *quantized.Raw {
	a := s.Account
	kind, _, _ := strings.Cut(a.Values.Type, " ")
	if kind == "" {
		return nil
	}
	r := &quantized.Raw{Type: kind, Least: float32(a.Values.Least), Greatest: float32(a.Values.Greatest),
		Whole: a.Values.Whole, Channels: a.Channels, Sound: s.Sound}
	if kind == "uint8" {
		r.Least, r.Greatest = 0, bytesUpTo(s)
	}
	if p := a.Pictures; p != nil {
		r.Orientation = quantized.Upright
		if p.Resized > 0 {
			r.Resize = &quantized.Resize{Method: quantized.Area, Size: [2]int(s.Shape[1:]), Crop: quantized.NoCrop}
		}
	}
	if t := a.Table; t != nil && (a.Recordings != nil || s.Shape == [3]int{len(t.Columns), 1, 1}) {
		valid := func(title string) string { return strings.ToValidUTF8(title, "\ufffd") }
		for _, title := range t.Columns {
			r.Columns = append(r.Columns, valid(title))
		}
		for _, c := range t.Categories {
			r.Words = append(r.Words, quantized.Words{Column: valid(c.Column), First: c.At, Words: c.Words, Zero: c.Zero})
		}
		for _, f := range t.Fills {
			r.Fills = append(r.Fills, quantized.Fill{Column: valid(f.Column), Value: f.Value})
		}
	}
	return r
}

// bytesUpTo is the greatest byte that data may have: what is scaled to 1, or
// what occurs if that is more.
func bytesUpTo(s *datasets.Set) float32 {
	scaled := 0.0
	if s.PixelScale < 1 {
		scaled = math.Round(1 / float64(s.PixelScale))
	}
	return float32(min(255, max(scaled, s.Account.Values.Greatest)))
}
