package main

import (
	"archive/zip"
	"errors"
	"image"
	"io"
	"math/rand/v2"

	"petrify/datasets"
	"petrify/internal/atomicfile"
)

// seen is how many pixels of a shape must be whole for it to count.
const seen = 12

// writeLabels writes n pictures, and for each class but the ground whether it is to be seen.
func writeLabels(path string, n int, r *rand.Rand) error {
	var x, y []uint8
	for range n {
		picture, mask := paint(r)
		for i, v := range picture.Pix {
			if i%4 < 3 {
				x = append(x, v)
			}
		}
		y = append(y, labels(mask)...)
	}
	return atomicfile.Write(path, func(w io.Writer) error {
		z := zip.NewWriter(w)
		return errors.Join(array(z, "x.npy", []int{n, side, side, 3}, x),
			array(z, "y.npy", []int{n, len(palette) - 1}, y), z.Close())
	})
}

// labels is 1 for each class of which a mask has enough.
func labels(mask *image.Paletted) []uint8 {
	y, count := make([]uint8, len(palette)-1), map[uint8]int{}
	for _, class := range mask.Pix {
		count[class]++
	}
	for i := range y {
		if count[uint8(i+1)] >= seen {
			y[i] = 1
		}
	}
	return y
}

func array(z *zip.Writer, name string, shape []int, values []uint8) error {
	w, err := z.Create(name)
	if err != nil {
		return err
	}
	return datasets.WriteNPY(w, shape, values)
}
