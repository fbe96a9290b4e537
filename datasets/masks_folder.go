package datasets

import (
	"bytes"
	"errors"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"path/filepath"
	"slices"
	"strings"
)

// picturesAndMasks are two folders whose files have the same names.
type picturesAndMasks struct{ pictures, masks string }

// pairIn is the two folders in a folder.
func pairIn(dir string) (p picturesAndMasks, ok bool) {
	for _, name := range []string{"images", "pictures"} {
		if path := filepath.Join(dir, name); isDir(path) {
			p.pictures = path
		}
	}
	p.masks = filepath.Join(dir, "masks")
	return p, p.pictures != "" && isDir(p.masks)
}

// pairsIn finds the two folders of each split: in the folders of the splits, or with these
// in them; else all are one pair, to be divided.
func pairsIn(dir string) (pairs [3]picturesAndMasks, ok bool) {
	whole, ok := pairIn(dir)
	top := dir
	if ok {
		top = whole.pictures
	}
	names, _, err := contents(top)
	if err != nil {
		return pairs, false
	}
	splits := false
	for _, name := range names {
		n, is := splitOf(name)
		if !is {
			continue
		}
		if ok {
			pairs[n], splits = picturesAndMasks{filepath.Join(top, name), filepath.Join(whole.masks, name)}, true
		} else if pair, is := pairIn(filepath.Join(top, name)); is {
			pairs[n], splits = pair, true
		}
	}
	if !splits && ok {
		pairs[toTrain] = whole
	}
	return pairs, pairs[toTrain] != picturesAndMasks{}
}

// holdsMasks recognises a folder of pictures with masks.
func holdsMasks(dir string) bool {
	_, ok := pairsIn((&tree{passed: map[string]int{}}).unwrap(dir))
	return ok
}

// openMasks reads a folder of pictures and a folder of their masks, PNG files of the same
// names whose pixels, grey or of a palette, are classes. Masks stay in memory.
func (l *loading) openMasks(dir string, opts Options) (*Set, error) {
	if opts.Target == ClassTarget {
		return nil, fmt.Errorf("datasets: %s has a folder of masks, and no classes of pictures", dir)
	}
	g := gallery{loading: l, size: opts.Size, account: &PictureAccount{},
		tree: tree{kind: "pictures", forms: pictureForms(), passed: map[string]int{}}}
	if l.like != nil {
		if err := l.like.takesPictures(); err != nil {
			return nil, fmt.Errorf("datasets: %s: %w", dir, err)
		}
	}
	pairs, _ := pairsIn(g.unwrap(dir))
	if opts.Test != "" {
		if test := pairs[toTest].pictures; test != "" {
			return nil, fmt.Errorf("datasets: %s has a folder %s: the option Test has no effect", dir, test)
		}
		pair, ok := pairIn(g.unwrap(opts.Test))
		if !ok {
			return nil, fmt.Errorf("datasets: %s: want the folders images and masks", opts.Test)
		}
		pairs[toTest] = pair
	}
	division, err := separate(dir, &pairs, opts)
	if err != nil {
		return nil, err
	}
	masks, err := g.listPairs(pairs)
	if err != nil {
		return nil, err
	}
	l.folder = &tally{name: dir, total: g.bytes}
	if err := g.load(); err != nil {
		return nil, err
	}
	return g.withMasks(dir, masks, division, opts)
}

// withMasks makes a set of the pictures and the masks at paths.
func (g *gallery) withMasks(dir string, paths []string, division string, opts Options) (*Set, error) {
	masks, err := g.masks(paths)
	if err != nil {
		return nil, err
	}
	s := Set{Name: filepath.Base(dir), Source: dir, Shape: [3]int{g.channels, g.size[0], g.size[1]}}
	for i, to := range []**Split{&s.Train, &s.Validation, &s.Test} {
		if *to = g.split(i); *to != nil {
			begin, end, _ := g.part(i)
			(*to).Masks = masks[begin*g.area() : end*g.area() : end*g.area()]
		}
	}
	if err := s.classifyPixels(opts.Masks, g.targets()); err != nil {
		return nil, fmt.Errorf("datasets: %s: %w", dir, err)
	}
	if s.Test == nil {
		s.Train, s.Test = g.divide(s.Train, opts)
	}
	g.describe(&s, division)
	whole, err := newSet(s, dir)
	g.folder.done = 0
	return g.from(whole, err, append(slices.Clone(g.paths), paths...)...)
}

// listPairs lists the pictures of all splits, and the path of the mask of each.
func (g *gallery) listPairs(pairs [3]picturesAndMasks) (masks []string, err error) {
	for i, pair := range pairs {
		if pair.pictures == "" {
			continue
		}
		before := len(g.paths)
		if err := g.listClass(pair.pictures, 0); err != nil {
			return nil, err
		}
		_, files, err := contents(pair.masks)
		if err != nil {
			return nil, err
		}
		of, used := map[string]string{}, map[string]bool{}
		for _, name := range files {
			of[stem(name)] = name
		}
		for _, path := range g.paths[before:] {
			name, ok := of[stem(path)]
			if !ok {
				return nil, fmt.Errorf("datasets: %s has no mask: want %s.png in %s", path, stem(path), pair.masks)
			}
			masks, used[name] = append(masks, filepath.Join(pair.masks, name)), true
		}
		for _, name := range files {
			if !used[name] {
				g.passed["masks without a picture"]++
			}
		}
		g.ends[i] = len(g.paths)
	}
	return masks, nil
}

// stem is a file's name without its extension.
func stem(path string) string {
	name := filepath.Base(path)
	return strings.TrimSuffix(name, filepath.Ext(name))
}

// masks reads the masks at paths.
func (g *gallery) masks(paths []string) ([]uint8, error) {
	if err := g.hold(int64(len(paths) * g.area())); err != nil {
		return nil, fmt.Errorf("datasets: masks, which stay in memory: %w", err)
	}
	all := make([]uint8, 0, len(paths)*g.area())
	for i, path := range paths {
		g.image.Reset()
		if _, err := g.pour(&g.image, path); err != nil {
			return nil, err
		}
		m, err := decodeMask(g.image.Bytes())
		if err != nil {
			return nil, fmt.Errorf("datasets: %s: %w", path, err)
		}
		size, err := g.sizeOf(g.paths[i])
		if err != nil {
			return nil, err
		}
		if size != [2]int{m.h, m.w} {
			return nil, fmt.Errorf("datasets: %s is %d×%d pixels, and its picture %s %d×%d: want one size", path, m.h,
				m.w, g.paths[i], size[0], size[1])
		}
		all = m.appendScaled(all, g.size)
	}
	return all, nil
}

// sizeOf is the H W of a picture, upright.
func (g *gallery) sizeOf(path string) ([2]int, error) {
	g.image.Reset()
	if _, err := g.pour(&g.image, path); err != nil {
		return [2]int{}, err
	}
	file := g.image.Bytes()
	for _, f := range pictureFormats() {
		if !f.is(file) {
			continue
		}
		c, err := f.config(bytes.NewReader(file))
		if err != nil {
			return [2]int{}, fmt.Errorf("datasets: %s: %w", path, err)
		}
		if f.tiff != nil && orientation(f.tiff(file)) > 4 {
			return [2]int{c.Width, c.Height}, nil
		}
		return [2]int{c.Height, c.Width}, nil
	}
	return [2]int{}, fmt.Errorf("datasets: %s: not a picture any more", path)
}

// maskPixels is a decoded mask, row by row.
type maskPixels struct {
	h, w int
	pix  []uint8
}

// Where a PNG file says its bits of a channel, after its first 8 bytes, and a chunk's length
// and name, and width and height: ISO/IEC 15948, 11.2.2.
const pngDepth = 8 + 8 + 8

// decodeMask decodes a grey PNG file, or one with a palette, into its numbers as they are.
func decodeMask(file []byte) (m maskPixels, err error) {
	if !bytes.HasPrefix(file, []byte("\x89PNG")) {
		return m, errors.New("not a PNG file: want a mask whose pixels are exactly their classes")
	}
	c, err := png.DecodeConfig(bytes.NewReader(file))
	if err != nil {
		return m, err
	}
	if c.Width < 1 || c.Height < 1 || c.Width > maxPixels/c.Height {
		return m, fmt.Errorf("%d×%d pixels, want at most %d in all", c.Height, c.Width, maxPixels)
	}
	img, err := png.Decode(bytes.NewReader(file))
	if err != nil {
		return m, err
	}
	m = maskPixels{h: c.Height, w: c.Width}
	add := func(pix []uint8, stride int) {
		for y := range m.h {
			m.pix = append(m.pix, pix[y*stride:][:m.w]...)
		}
	}
	switch img := img.(type) {
	case *image.Paletted:
		add(img.Pix, img.Stride)
	case *image.Gray:
		add(img.Pix, img.Stride)
		if bits := file[pngDepth]; bits < 8 { // which the decoder spreads over 0 to 255
			for at, v := range m.pix {
				m.pix[at] = uint8(int(v) * (1<<bits - 1) / 255)
			}
		}
	default:
		return m, fmt.Errorf("a mask of %s, want grey of at most 8 bits, or a palette: the value of a pixel is its "+
			"class", kindOf(c.ColorModel))
	}
	return m, nil
}

// kindOf says what pixels of a colour model are.
func kindOf(m color.Model) string {
	switch m {
	case color.Gray16Model:
		return "grey with 16 bits"
	case color.RGBAModel, color.RGBA64Model:
		return "colours"
	}
	return "colours or with transparency"
}

// appendScaled appends the mask in a size, each pixel the one nearest to its centre.
func (m maskPixels) appendScaled(to []uint8, size [2]int) []uint8 {
	for y := range size[0] {
		row := m.pix[(2*y+1)*m.h/(2*size[0])*m.w:][:m.w]
		for x := range size[1] {
			to = append(to, row[(2*x+1)*m.w/(2*size[1])])
		}
	}
	return to
}
