package datasets

import (
	"image"
	"image/color"
)

// Picture is image i as one sees it, grey or in colour; false if it has neither one
// nor three channels, or is a row of a table. Bytes are brightness by PixelScale;
// values are spread between black, the least of the image, and white, the greatest.
func (s *Set) Picture(p *Split, i int) (image.Image, bool) {
	c, h, w := s.Shape[0], s.Shape[1], s.Shape[2]
	if c != 1 && c != 3 || h < 2 || w < 2 {
		return nil, false
	}
	bright := s.brightness(p, i)
	m := image.NewRGBA(image.Rect(0, 0, w, h))
	for y := range h {
		for x := range w {
			at := (y*w + x) * c
			m.SetRGBA(x, y, color.RGBA{bright(at), bright(at + c/2), bright(at + c - 1), 255})
		}
	}
	return m, true
}

// brightness returns what makes an element of image i a byte.
func (s *Set) brightness(p *Split, i int) func(at int) uint8 {
	if p.Images != nil {
		pixels := p.pixels(i, s.size())
		return func(at int) uint8 { return uint8(min(255, 255*float32(pixels[at])*s.PixelScale+0.5)) }
	}
	values := p.values(i, s.size())
	least, greatest := values[0], values[0]
	for _, v := range values {
		least, greatest = min(least, v), max(greatest, v)
	}
	span := max(greatest-least, 1e-30)
	return func(at int) uint8 { return uint8(255*((values[at]-least)/span) + 0.5) }
}
