package main

import (
	"archive/zip"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"io"
	"os"
	"path/filepath"
	"strings"

	"petrify/datasets"
	"petrify/internal/atomicfile"
)

// classShare is how many of an input's pixels have a class, 0 to 1.
type classShare struct {
	Class string  `json:"class"`
	Share float64 `json:"share"`
}

// maskOf is the class of each pixel, the one with the greatest of the outputs C × H·W.
func maskOf(y []float32, classes int) []uint8 {
	pixels := len(y) / classes
	mask := make([]uint8, pixels)
	for at := range mask {
		for k := 1; k < classes; k++ {
			if y[k*pixels+at] > y[int(mask[at])*pixels+at] {
				mask[at] = uint8(k)
			}
		}
	}
	return mask
}

// sharesOf are the shares of all classes.
func sharesOf(mask []uint8, classes []string) []classShare {
	all := make([]classShare, len(classes))
	for k, name := range classes {
		all[k].Class = name
	}
	for _, class := range mask {
		all[class].Share += 1 / float64(len(mask))
	}
	return all
}

// listShares names the classes that occur.
func listShares(shares []classShare) string {
	var all []string
	for _, s := range shares {
		if s.Share > 0 {
			all = append(all, fmt.Sprintf("%s %.1f %%", s.Class, 100*s.Share))
		}
	}
	return strings.Join(all, ", ")
}

// maskColours has a colour for each class of a pixel: black, and then others that differ in
// some of the highest bits, as the masks of PASCAL VOC 2012 have them. Pixels without a class
// are white.
func maskColours() color.Palette {
	var all color.Palette
	for class := range datasets.Ignored {
		var rgb [3]uint8
		for bit := range 8 {
			rgb[bit%3] |= uint8(class>>bit&1) << (7 - bit/3)
		}
		all = append(all, color.RGBA{rgb[0], rgb[1], rgb[2], 255})
	}
	return append(all, color.RGBA{255, 255, 255, 255})
}

// maskPicture is a mask as a picture with a palette.
func maskPicture(mask []uint8, width int) *image.Paletted {
	m := image.NewPaletted(image.Rect(0, 0, width, len(mask)/width), maskColours())
	copy(m.Pix, mask)
	return m
}

// maskFiles writes predicted masks to a folder, or to an npz file.
type maskFiles struct {
	path  string // "": nowhere
	size  [2]int // H W
	taken map[string]bool
	all   []uint8 // for an npz file
}

func newMaskFiles(p *predictor, path string) *maskFiles {
	return &maskFiles{path: path, size: [2]int(p.input.Shape[1:]), taken: map[string]bool{}}
}

func (f *maskFiles) archive() bool { return filepath.Ext(f.path) == ".npz" }

func (f *maskFiles) add(p prediction) error {
	if f.path == "" {
		return nil
	}
	if f.archive() {
		f.all = append(f.all, p.mask...)
		return nil
	}
	name := filepath.Base(p.Input)
	name = strings.TrimSuffix(name, filepath.Ext(name)) + ".png"
	if f.taken[name] {
		return fmt.Errorf("two inputs would have the mask %s: want one folder of them at a time, or an .npz file",
			filepath.Join(f.path, name))
	}
	f.taken[name] = true
	if err := os.MkdirAll(f.path, 0o777); err != nil {
		return err
	}
	return atomicfile.Write(filepath.Join(f.path, name), func(w io.Writer) error {
		return png.Encode(w, maskPicture(p.mask, f.size[1]))
	})
}

// end writes the npz file.
func (f *maskFiles) end() error {
	if !f.archive() {
		return nil
	}
	return atomicfile.Write(f.path, func(w io.Writer) error {
		z := zip.NewWriter(w)
		y, err := z.Create("y.npy")
		if err == nil {
			err = datasets.WriteNPY(y, []int{len(f.all) / (f.size[0] * f.size[1]), f.size[0], f.size[1]}, f.all)
		}
		if err != nil {
			return err
		}
		return z.Close()
	})
}
