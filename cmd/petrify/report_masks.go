package main

import (
	"context"
	"errors"
	"fmt"
	"html/template"
	"image"
	"image/color"
	"path/filepath"

	"petrify/datasets"
	"petrify/internal/report"
)

// masks shows test pictures of a run's data with their masks, and those that the float
// network and the quantized one make of them.
func (c *command) masks(ctx context.Context, folder string) (_ *report.Masks, err error) {
	shipped, err := openPredictor(folder, false)
	if err != nil {
		return nil, err
	}
	set, err := c.openOwn(ctx, shipped)
	if err != nil {
		return nil, err
	}
	if set == nil {
		return nil, errors.New("its data have changed")
	}
	if !exists(filepath.Join(folder, floatFile)) {
		return nil, fmt.Errorf("%s holds no %s", folder, floatFile)
	}
	float, err := openPredictor(folder, true)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, float.close()) }()
	floats, floatWrong, err := float.marked(ctx, set, set.Test)
	if err != nil {
		return nil, err
	}
	integers, wrong, err := shipped.marked(ctx, set, set.Test)
	if err != nil {
		return nil, err
	}
	m := &report.Masks{}
	for k, name := range set.Targets {
		m.Classes = append(m.Classes, report.MaskClass{Name: name, Colour: hex(maskColours()[k])})
	}
	for _, i := range tellingly(floatWrong, wrong) {
		s := report.Masked{Sample: set.Sample(set.Test, i), FloatWrong: floatWrong[i], ShippedWrong: wrong[i]}
		if input, ok := set.Picture(set.Test, i); ok && set.Shape[1] > 1 { // no signal, and of one channel or three
			if s.Input, err = pictureURL(input); err != nil {
				return nil, err
			}
		}
		for to, picture := range map[*template.URL]image.Image{
			&s.Truth:   maskPicture(set.MaskOf(set.Test, i), set.Shape[2]),
			&s.Float:   maskPicture(floats[i], set.Shape[2]),
			&s.Shipped: maskPicture(integers[i], set.Shape[2])} {
			if *to, err = pictureURL(band(picture)); err != nil {
				return nil, err
			}
		}
		m.Shown = append(m.Shown, s)
	}
	return m, nil
}

// band makes a picture of a signal, which is one row, high enough to be seen.
func band(m image.Image) image.Image {
	box := m.Bounds()
	if box.Dy() > 1 {
		return m
	}
	high := image.NewRGBA(image.Rect(0, 0, box.Dx(), max(1, box.Dx()/4)))
	for y := range high.Bounds().Dy() {
		for x := range box.Dx() {
			high.Set(x, y, m.At(box.Min.X+x, box.Min.Y))
		}
	}
	return high
}

// hex is a colour for CSS.
func hex(c color.Color) string {
	r, g, b, _ := c.RGBA()
	return fmt.Sprintf("#%02x%02x%02x", r>>8, g>>8, b>>8)
}

// marked is the mask that the network makes of each input of a split, and the part of its
// pixels that are wrong, of those that have a class.
func (p *predictor) marked(ctx context.Context, set *datasets.Set, split *datasets.Split) (masks [][]uint8,
	wrong []float64, err error) {
	classes := len(set.Targets)
	err = p.each(set, split, func(first int, y []float32, b datasets.Batch) error {
		for i := range b.N {
			mask := maskOf(y[i*p.outputs:(i+1)*p.outputs], classes)
			differ, all := 0.0, 0.0
			for at, class := range set.MaskOf(split, first+i) {
				if class == datasets.Ignored {
					continue
				}
				if all++; class != mask[at] {
					differ++
				}
			}
			masks, wrong = append(masks, mask), append(wrong, differ/max(all, 1))
		}
		return context.Cause(ctx)
	})
	return masks, wrong, err
}
