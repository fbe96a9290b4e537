package datasets

import (
	"bytes"
	"errors"
	"fmt"
	"image"
	"image/color"
	"image/draw"
	"image/jpeg"
	"image/png"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// maxPixels bounds one picture.
const maxPixels = 1 << 26

// openPictures reads a folder with one folder of pictures for each class, or
// such folders under train and test. If all pictures are grey there is one
// channel, else three. Transparent pixels lie on black. Files of other kinds
// and names that begin with a dot are passed over.
func openPictures(dir string, opts Options) (*Set, error) {
	err := opts.allow("a folder of pictures", []string{"Test", "TestFraction", "Seed", "Size"})
	if err != nil {
		return nil, err
	}
	trainDir, testDir := dir, opts.Test
	if isDir(filepath.Join(dir, "train")) && isDir(filepath.Join(dir, "test")) {
		if opts.Test != "" {
			return nil, fmt.Errorf("datasets: %s has a folder test: the option Test has no effect", dir)
		}
		trainDir, testDir = filepath.Join(dir, "train"), filepath.Join(dir, "test")
	}
	if testDir != "" && (opts.TestFraction != 0 || opts.Seed != 0) {
		return nil, fmt.Errorf("datasets: %s has a test split: TestFraction and Seed have no effect", dir)
	}
	g := gallery{size: opts.Size}
	if g.classes, err = subfolders(trainDir); err != nil {
		return nil, err
	}
	train, err := g.read(trainDir)
	if err != nil {
		return nil, err
	}
	var test *Split
	if testDir == "" {
		train, test = divide(train, opts)
	} else if test, err = g.readTest(testDir); err != nil {
		return nil, err
	}
	channels := 3
	if !g.colour {
		channels = 1
		train.Images, test.Images = everyThird(train.Images), everyThird(test.Images)
	}
	s, err := newSet(Set{
		Name: filepath.Base(dir), Source: dir, Classes: g.classes, Train: train, Test: test,
		Shape: [3]int{channels, g.size[0], g.size[1]},
	}, dir)
	return s.from(err, g.paths...)
}

func isDir(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.IsDir()
}

// subfolders lists the classes, sorted.
func subfolders(dir string) ([]string, error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, fmt.Errorf("datasets: %w", err)
	}
	var names []string
	for _, e := range entries {
		if !strings.HasPrefix(e.Name(), ".") && isDir(filepath.Join(dir, e.Name())) {
			names = append(names, e.Name())
		}
	}
	if names == nil {
		return nil, fmt.Errorf("datasets: %s: no folders of pictures, one for each class", dir)
	}
	return names, nil
}

// gallery collects pictures of one size as RGB.
type gallery struct {
	classes []string
	size    [2]int // H W; of the first picture if not given
	first   string // the picture that gave the size
	colour  bool   // some pixel is not grey
	total   int64  // bytes so far
	paths   []string
}

func (g *gallery) readTest(dir string) (*Split, error) {
	classes, err := subfolders(dir)
	if err != nil {
		return nil, err
	}
	for _, name := range classes {
		if !slices.Contains(g.classes, name) {
			return nil, fmt.Errorf("datasets: %s: class %s does not occur in training (%s)", dir, name, clip(strings.Join(g.classes, ", ")))
		}
	}
	return g.read(dir)
}

// read reads the folder of each class, in the order of file names.
func (g *gallery) read(dir string) (*Split, error) {
	split := &Split{}
	for label, class := range g.classes {
		folder := filepath.Join(dir, class)
		entries, err := os.ReadDir(folder)
		if errors.Is(err, os.ErrNotExist) {
			continue
		}
		if err != nil {
			return nil, fmt.Errorf("datasets: %w", err)
		}
		for _, e := range entries {
			if strings.HasPrefix(e.Name(), ".") {
				continue
			}
			switch strings.ToLower(filepath.Ext(e.Name())) {
			case ".png", ".jpg", ".jpeg":
			default:
				continue
			}
			if split.Images, err = g.add(split.Images, filepath.Join(folder, e.Name())); err != nil {
				return nil, err
			}
			split.Labels = append(split.Labels, int32(label))
		}
	}
	if split.Len() == 0 {
		return nil, fmt.Errorf("datasets: %s: no .png, .jpg or .jpeg files in the folders of the classes", dir)
	}
	return split, nil
}

// add appends the picture at path.
func (g *gallery) add(dst []uint8, path string) ([]uint8, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("datasets: %w", err)
	}
	rgba, err := decodePicture(data)
	if err != nil {
		return nil, fmt.Errorf("datasets: %s: %w", path, err)
	}
	size := [2]int{rgba.Rect.Dy(), rgba.Rect.Dx()}
	if g.size == [2]int{} {
		g.size, g.first = size, path
	}
	g.paths = append(g.paths, path)
	if size != g.size {
		if g.first != "" {
			return nil, fmt.Errorf("datasets: %s is %d×%d, %s %d×%d; give a size to scale all pictures to",
				path, size[0], size[1], g.first, g.size[0], g.size[1])
		}
		rgba = scale(rgba, g.size)
	}
	if g.total += int64(3 * g.size[0] * g.size[1]); g.total > maxBytes {
		return nil, fmt.Errorf("datasets: %s: more than %d bytes of pixels; give a smaller size", path, int64(maxBytes))
	}
	for i := 0; i < len(rgba.Pix); i += 4 {
		r, gr, b := rgba.Pix[i], rgba.Pix[i+1], rgba.Pix[i+2]
		g.colour = g.colour || r != gr || gr != b
		dst = append(dst, r, gr, b)
	}
	return dst, nil
}

// decodePicture decodes a PNG or JPEG file, told apart by their first bytes.
func decodePicture(data []byte) (*image.RGBA, error) {
	config, decode := png.DecodeConfig, png.Decode
	switch {
	case bytes.HasPrefix(data, []byte("\x89PNG")):
	case bytes.HasPrefix(data, []byte("\xff\xd8")):
		config, decode = jpeg.DecodeConfig, jpeg.Decode
	default:
		return nil, errors.New("neither PNG nor JPEG")
	}
	c, err := config(bytes.NewReader(data))
	if err != nil {
		return nil, err
	}
	if c.Width < 1 || c.Height < 1 || c.Width > maxPixels/c.Height {
		return nil, fmt.Errorf("%d×%d pixels, want at most %d in all", c.Height, c.Width, maxPixels)
	}
	img, err := decode(bytes.NewReader(data))
	if err != nil {
		return nil, err
	}
	rgba := image.NewRGBA(image.Rect(0, 0, c.Width, c.Height))
	draw.Draw(rgba, rgba.Rect, image.NewUniform(color.Black), image.Point{}, draw.Src)
	draw.Draw(rgba, rgba.Rect, img, img.Bounds().Min, draw.Over)
	return rgba, nil
}

// everyThird keeps one of three equal channels.
func everyThird(x []uint8) []uint8 {
	y := make([]uint8, len(x)/3)
	for i := range y {
		y[i] = x[3*i]
	}
	return y
}
