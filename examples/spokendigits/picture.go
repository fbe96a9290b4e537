package main

import (
	"fmt"
	"image"
	"image/draw"
	"image/png"
	"os"

	"petrify/datasets"
)

// What a picture shows: five words in a row, each three times as large as its spectrogram.
const (
	across = 5
	scale  = 3
	margin = 6
)

// picture writes the spectrogram of a test sound of each word, as a PNG.
func picture(folder, file string) error {
	s, err := datasets.Open(folder, datasets.Options{Sounds: datasets.Sounds{Features: "log_mel", Words: words,
		Silence: -1}})
	if err != nil {
		return err
	}
	var sheet *image.Gray
	for label, word := range s.Classes {
		for i, l := range s.Test.Labels {
			if int(l) != label {
				continue
			}
			m, ok := s.Picture(s.Test, i)
			if !ok {
				return fmt.Errorf("no picture of %s", word)
			}
			w, h := scale*m.Bounds().Dx(), scale*m.Bounds().Dy()
			if sheet == nil {
				rows := (len(s.Classes) + across - 1) / across
				sheet = image.NewGray(image.Rect(0, 0, across*(w+margin)-margin, rows*(h+margin)-margin))
				draw.Draw(sheet, sheet.Bounds(), image.White, image.Point{}, draw.Src)
			}
			x, y := label%across*(w+margin), label/across*(h+margin)
			for k := range w * h {
				sheet.Set(x+k%w, y+k/w, m.At(k%w/scale, k/w/scale))
			}
			break
		}
	}
	out, err := os.Create(file)
	if err != nil {
		return err
	}
	defer out.Close()
	return png.Encode(out, sheet)
}
