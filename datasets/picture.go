package datasets

import (
	"image"
	"image/color"
	"slices"
)

// Picture is image i as one sees it, grey or in colour, or the spectrogram of sound i; false
// if it has neither one nor three channels, or is a row of a table. Bytes are brightness by PixelScale;
// values are spread between black, the least of the image, and white, the greatest.
func (s *Set) Picture(p *Split, i int) (image.Image, bool) {
	if s.Sound != nil {
		bands := s.Sound.Bands(p.values(i, s.size()))
		return s.spectrogram(bands, bands), true
	}
	values, shade := s.real(p, i), s.shade(p, i)
	c := s.Shape[0]
	return s.picture(func(y, x, channel int) uint8 { return shade(values((y*s.Shape[2]+x)*c + channel)) })
}

// PictureOf is what a network made of image i: its output, C H W and normalised, with the
// brightness that Picture gives that image.
func (s *Set) PictureOf(p *Split, i int, output []float32) (image.Image, bool) {
	if len(output) != s.size() {
		return nil, false
	}
	if s.Sound != nil {
		real := make([]float32, len(output))
		for at, v := range output {
			real[at] = v*s.Std[0] + s.Mean[0]
		}
		return s.spectrogram(s.Sound.Bands(real), s.Sound.Bands(p.values(i, s.size()))), true
	}
	shade := s.shade(p, i)
	return s.picture(func(y, x, channel int) uint8 {
		v := output[(channel*s.Shape[1]+y)*s.Shape[2]+x]
		if len(s.Mean) > 0 {
			v = float32(v*s.Std[channel]) + s.Mean[channel]
		}
		return shade(v)
	})
}

// picture has a brightness at each place, from that of the first channel for red to that
// of the last for blue.
func (s *Set) picture(bright func(y, x, channel int) uint8) (image.Image, bool) {
	c, h, w := s.Shape[0], s.Shape[1], s.Shape[2]
	if c != 1 && c != 3 || h < 2 || w < 2 {
		return nil, false
	}
	m := image.NewRGBA(image.Rect(0, 0, w, h))
	for y := range h {
		for x := range w {
			m.SetRGBA(x, y, color.RGBA{bright(y, x, 0), bright(y, x, c/2), bright(y, x, c-1), 255})
		}
	}
	return m, true
}

// spectrogram is a picture of a sound's bands, time from left to right, low frequencies at
// the bottom, as bright as another sound's would be.
func (s *Set) spectrogram(bands, bright []float32) image.Image {
	mels := s.Sound.Mels
	m, shade := image.NewGray(image.Rect(0, 0, s.Sound.Frames(), mels)), shades(bright)
	for i, v := range bands {
		m.SetGray(i/mels, mels-1-i%mels, color.Gray{Y: shade(v)})
	}
	return m
}

// real returns the elements of image i before they are normalised.
func (s *Set) real(p *Split, i int) func(at int) float32 {
	if p.Images != nil {
		pixels := p.pixels(i, s.size())
		return func(at int) float32 { return float32(pixels[at]) * s.PixelScale }
	}
	values := p.values(i, s.size())
	return func(at int) float32 { return values[at] }
}

// shade returns what makes an element of image i a byte.
func (s *Set) shade(p *Split, i int) func(v float32) uint8 {
	if p.Images == nil {
		return shades(p.values(i, s.size()))
	}
	return shades([]float32{0, 1})
}

// shades makes bytes of numbers, from the least, black, to the greatest, white.
func shades(values []float32) func(v float32) uint8 {
	least, greatest := slices.Min(values), slices.Max(values)
	span := max(greatest-least, 1e-30)
	return func(v float32) uint8 { return uint8(min(255, max(0, 255*((v-least)/span))) + 0.5) }
}
