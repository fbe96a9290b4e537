package main

import (
	"fmt"
	"image"
	"image/color"
	"image/draw"
	"image/png"
	"os"
	"path/filepath"

	"petrify/datasets"
)

// What a sheet shows: pictures side by side, each pixel as a square.
const (
	shown  = 8
	scale  = 3
	margin = 6
)

// sheet draws test pictures of a folder, their masks, and those in other folders.
func sheet(dir, file string, folders []string) error {
	s, err := datasets.Open(dir, datasets.Options{})
	if err != nil {
		return err
	}
	w, rows := scale*side+margin, 2+len(folders)
	all := image.NewRGBA(image.Rect(0, 0, shown*w-margin, rows*w-margin))
	draw.Draw(all, all.Bounds(), image.White, image.Point{}, draw.Src)
	for i := range min(shown, s.Test.Len()) {
		name := filepath.Base(s.Sample(s.Test, i))
		paths := []string{filepath.Join(dir, "images", name), filepath.Join(dir, "masks", name)}
		for _, folder := range folders {
			paths = append(paths, filepath.Join(folder, name))
		}
		for row, path := range paths {
			if err := enlarge(all, i*w, row*w, path); err != nil {
				return err
			}
		}
	}
	return save(file, all)
}

// enlarge draws the picture at path; masks in the colours of their classes.
func enlarge(on *image.RGBA, left, top int, path string) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	m, err := png.Decode(f)
	if err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	for k := range scale * side * scale * side {
		x, y := k%(scale*side), k/(scale*side)
		var c color.Color = m.At(x/scale, y/scale)
		if mask, ok := m.(*image.Paletted); ok {
			c = color.Gray{Y: 0xd0}
			if class := mask.ColorIndexAt(x/scale, y/scale); int(class) < len(palette) {
				c = palette[class]
			}
		}
		on.Set(left+x, top+y, c)
	}
	return nil
}
