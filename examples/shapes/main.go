// Command shapes writes synthetic pictures of discs, squares and triangles, and masks that
// say which pixels are which: folders images and masks, with PNG files of the same names. The
// colours say nothing, the forms do. Pixels that an edge cuts through have no class.
//
//	go run petrify/examples/shapes shapes
//	go run petrify/examples/shapes shapes.npz
//	go run petrify/examples/shapes shapes sheet.png FOLDER…
//
// An npz file takes the pictures x and, instead of masks, labels y: whether a disc, a square and
// a triangle are to be seen. With a file and folders that petrify predict --masks wrote, it draws some of the pictures
// that are for testing, their masks, and those in each folder, one below the other.
package main

import (
	"errors"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"io"
	"log"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"

	"petrify/internal/atomicfile"
)

func main() {
	var err error
	switch {
	case len(os.Args) == 2 && filepath.Ext(os.Args[1]) == ".npz":
		err = writeLabels(os.Args[1], pictures, rand.New(rand.NewPCG(1, 2)))
	case len(os.Args) == 2:
		err = write(os.Args[1], pictures, rand.New(rand.NewPCG(1, 2)))
	case len(os.Args) > 3:
		err = sheet(os.Args[1], os.Args[2], os.Args[3:])
	default:
		err = errors.New("want the folder or the npz file to write; or that folder, a file, and folders of masks")
	}
	if err != nil {
		log.Fatal(err)
	}
}

const (
	pictures = 1000
	side     = 32 // pixels
	fine     = 4  // points on each side of a pixel that say how much of it a shape covers
	edge     = 255
)

// shape is a form at a place: inside says of a point, relative to it and upright, in units
// of its size, whether it is in the shape.
type shape struct {
	class      uint8
	x, y, size float64
	turn       float64
	colour     [3]float64
}

// palette is the colours of the classes ground, disc, square and triangle.
var palette = color.Palette{color.RGBA{0, 0, 0, 255}, color.RGBA{230, 159, 0, 255}, color.RGBA{86, 180, 233, 255},
	color.RGBA{0, 158, 115, 255}}

func (s shape) covers(x, y float64) bool {
	x, y = x-s.x, y-s.y
	sin, cos := math.Sincos(s.turn)
	x, y = (x*cos+y*sin)/s.size, (y*cos-x*sin)/s.size
	switch s.class {
	case 1:
		return x*x+y*y < 1
	case 2:
		return math.Abs(x) < 0.9 && math.Abs(y) < 0.9
	}
	return y > -0.6 && y < 1.2-math.Sqrt(3)*math.Abs(x)
}

// drawn is a shape of a random form, place, size and colour.
func drawn(r *rand.Rand) shape {
	between := func(low, high float64) float64 { return low + (high-low)*r.Float64() }
	s := shape{class: uint8(1 + r.IntN(3)), x: between(6, side-6), y: between(6, side-6), size: between(4, 8),
		turn: between(0, 2*math.Pi)}
	for c := range s.colour {
		s.colour[c] = between(120, 255)
	}
	return s
}

// paint makes a picture of one to three shapes, the later ones in front, on a ground of one
// colour with noise, and its mask.
func paint(r *rand.Rand) (*image.RGBA, *image.Paletted) {
	var ground shape
	for c := range ground.colour {
		ground.colour[c] = 100 * r.Float64()
	}
	var all []shape
	for range 1 + r.IntN(3) {
		all = append(all, drawn(r))
	}
	box := image.Rect(0, 0, side, side)
	picture, mask := image.NewRGBA(box), image.NewPaletted(box, palette)
	for at := range side * side {
		x, y := at%side, at/side
		var counts [4]int
		var sum [3]float64
		for k := range fine * fine {
			top := ground
			for _, s := range all {
				if s.covers(float64(x)+(float64(k%fine)+0.5)/fine, float64(y)+(float64(k/fine)+0.5)/fine) {
					top = s
				}
			}
			counts[top.class]++
			for c, v := range top.colour {
				sum[c] += v / (fine * fine)
			}
		}
		mask.Pix[at] = edge
		for class, n := range counts {
			if n == fine*fine {
				mask.Pix[at] = uint8(class)
			}
		}
		for c, v := range sum {
			picture.Pix[4*at+c] = uint8(min(max(v+12*r.NormFloat64(), 0), 255))
		}
		picture.Pix[4*at+3] = 255
	}
	return picture, mask
}

// write writes n pictures with their masks.
func write(dir string, n int, r *rand.Rand) error {
	for _, folder := range []string{"images", "masks"} {
		if err := os.MkdirAll(filepath.Join(dir, folder), 0o777); err != nil {
			return err
		}
	}
	for i := range n {
		picture, mask := paint(r)
		name := fmt.Sprintf("%04d.png", i)
		if err := save(filepath.Join(dir, "images", name), picture); err != nil {
			return err
		}
		if err := save(filepath.Join(dir, "masks", name), whole(mask)); err != nil {
			return err
		}
	}
	return nil
}

// whole gives a mask a palette of 256 colours, so that the edge has one as well.
func whole(m *image.Paletted) *image.Paletted {
	m.Palette = append(color.Palette{}, palette...)
	for len(m.Palette) < 256 {
		m.Palette = append(m.Palette, color.White)
	}
	return m
}

func save(path string, m image.Image) error {
	return atomicfile.Write(path, func(w io.Writer) error { return png.Encode(w, m) })
}
