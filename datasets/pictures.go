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
// channel, else three. Transparent pixels are put on black. Files of other
// kinds and names that begin with a dot are skipped.
func (l *loading) openPictures(dir string, opts Options) (*Set, error) {
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
	g := gallery{loading: l, size: opts.Size}
	if err := g.list(trainDir, testDir); err != nil {
		return nil, err
	}
	l.folder = &tally{name: dir, total: g.bytes}
	if err := g.load(); err != nil {
		return nil, err
	}
	s := Set{Name: filepath.Base(dir), Source: dir, Classes: g.classes, Shape: [3]int{g.channels, g.size[0], g.size[1]}}
	all := &Split{Images: g.pixels, Labels: g.labels}
	if testDir == "" {
		s.Train, s.Test = divide(all, opts)
	} else {
		n := g.trained * s.size()
		s.Train = &Split{Images: all.Images[:n:n], Labels: all.Labels[:g.trained]}
		s.Test = &Split{Images: all.Images[n:], Labels: all.Labels[g.trained:]}
	}
	whole, err := newSet(s, dir)
	l.folder.done = 0
	return l.from(whole, err, g.paths...)
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

// gallery collects pictures of one size, H W C.
type gallery struct {
	*loading
	classes  []string
	paths    []string
	labels   []int32
	trained  int    // pictures to train on; the others follow
	bytes    int64  // of all files
	size     [2]int // H W; of the first picture if not given
	first    string // the picture that gave the size
	channels int    // 1 as long as all are grey, else 3
	pixels   []uint8
}

// list finds the pictures of both splits.
func (g *gallery) list(trainDir, testDir string) (err error) {
	if g.classes, err = subfolders(trainDir); err != nil {
		return err
	}
	if err := g.listSplit(trainDir); err != nil {
		return err
	}
	g.trained = len(g.paths)
	if testDir == "" {
		return nil
	}
	classes, err := subfolders(testDir)
	if err != nil {
		return err
	}
	for _, name := range classes {
		if !slices.Contains(g.classes, name) {
			return fmt.Errorf("datasets: %s: class %s does not occur in training (%s)",
				testDir, name, clip(strings.Join(g.classes, ", ")))
		}
	}
	return g.listSplit(testDir)
}

// listSplit lists the folder of each class, in the order of file names.
func (g *gallery) listSplit(dir string) error {
	before := len(g.paths)
	for label, class := range g.classes {
		folder := filepath.Join(dir, class)
		entries, err := os.ReadDir(folder)
		if errors.Is(err, os.ErrNotExist) {
			continue
		}
		if err != nil {
			return fmt.Errorf("datasets: %w", err)
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
			info, err := e.Info()
			if err != nil {
				return fmt.Errorf("datasets: %w", err)
			}
			g.bytes += info.Size()
			g.paths, g.labels = append(g.paths, filepath.Join(folder, e.Name())), append(g.labels, int32(label))
		}
	}
	if len(g.paths) == before {
		return fmt.Errorf("datasets: %s: no .png, .jpg or .jpeg files in the folders of the classes", dir)
	}
	return nil
}

// load reads the pictures.
func (g *gallery) load() error {
	g.channels = 1
	for i, path := range g.paths {
		rgba, err := g.picture(path)
		if err != nil {
			return err
		}
		if err := g.fit(i, coloured(rgba)); err != nil {
			return fmt.Errorf("datasets: %s: %w; give a smaller size", path, err)
		}
		dst := g.pixels[i*g.area()*g.channels:]
		for k := range g.area() {
			copy(dst[k*g.channels:][:g.channels], rgba.Pix[4*k:])
		}
	}
	return nil
}

func (g *gallery) area() int { return g.size[0] * g.size[1] }

// fit makes room for picture i, and for all of them once an eighth has been
// read: the first ones may be larger than the others.
func (g *gallery) fit(i int, coloured bool) error {
	n, channels := len(g.paths), g.channels
	for n > 8*(i+1) {
		n = (n + 7) / 8
	}
	if coloured {
		channels = 3
	}
	size := int64(n*channels) * int64(g.area())
	if size == int64(len(g.pixels)) {
		return nil
	}
	if err := g.hold(size - int64(len(g.pixels))); err != nil {
		return err
	}
	pixels := make([]uint8, size)
	if channels == g.channels {
		copy(pixels, g.pixels)
	} else {
		for k, grey := range g.pixels {
			pixels[3*k], pixels[3*k+1], pixels[3*k+2] = grey, grey, grey
		}
	}
	g.pixels, g.channels = pixels, channels
	return nil
}

// coloured reports whether some pixel is not grey.
func coloured(p *image.RGBA) bool {
	for i := 0; i < len(p.Pix); i += 4 {
		if p.Pix[i] != p.Pix[i+1] || p.Pix[i] != p.Pix[i+2] {
			return true
		}
	}
	return false
}

// picture reads the picture at path, scaled to the common size.
func (g *gallery) picture(path string) (*image.RGBA, error) {
	var data bytes.Buffer
	if _, err := g.pour(&data, path); err != nil {
		return nil, err
	}
	rgba, err := decodePicture(data.Bytes())
	if err != nil {
		return nil, fmt.Errorf("datasets: %s: %w", path, err)
	}
	size := [2]int{rgba.Rect.Dy(), rgba.Rect.Dx()}
	if g.size == [2]int{} {
		g.size, g.first = size, path
	}
	if size == g.size {
		return rgba, nil
	}
	if g.first != "" {
		return nil, fmt.Errorf("datasets: %s is %d×%d, %s %d×%d; give a size to scale all pictures to",
			path, size[0], size[1], g.first, g.size[0], g.size[1])
	}
	return scale(rgba, g.size), nil
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
