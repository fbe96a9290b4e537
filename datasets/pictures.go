package datasets

import (
	"bytes"
	"fmt"
	"path/filepath"
)

// openPictures reads a folder with one folder of pictures for each class, or
// such folders under train, validation and test. If all pictures are grey there is one
// channel, else three. Files of other kinds are counted; hidden ones are not.
func (l *loading) openPictures(dir string, opts Options) (*Set, error) {
	g := gallery{loading: l, size: opts.Size, account: &PictureAccount{Passed: map[string]int{}, Depth: 8}}
	folders, err := g.splits(dir)
	if err != nil {
		return nil, err
	}
	if opts.Test != "" {
		if test := folders[toTest]; test != "" {
			return nil, fmt.Errorf("datasets: %s has a folder %s: the option Test has no effect", dir,
				filepath.Base(test))
		}
		folders[toTest] = g.unwrap(opts.Test)
	}
	division, err := separate(dir, &folders, opts)
	if err != nil {
		return nil, err
	}
	if err := g.list(folders); err != nil {
		return nil, err
	}
	l.folder = &tally{name: dir, total: g.bytes}
	if err := g.load(); err != nil {
		return nil, err
	}
	s := Set{Name: filepath.Base(dir), Source: dir, Classes: g.classes, Shape: [3]int{g.channels, g.size[0], g.size[1]}}
	s.Train, s.Validation, s.Test = g.split(toTrain), g.split(toValidate), g.split(toTest)
	if s.Test == nil {
		s.Train, s.Test = divide(s.Train, opts)
	}
	s.Account.Pictures, s.Account.Division = g.account, division
	whole, err := newSet(s, dir)
	l.folder.done = 0
	return l.from(whole, err, g.paths...)
}

// gallery collects pictures of one size, H W C.
type gallery struct {
	*loading
	classes  []string
	paths    []string
	labels   []int32
	ends     [3]int // where the pictures of a split end; 0 if there is none
	account  *PictureAccount
	bytes    int64  // of all files
	size     [2]int // H W; of the first picture if not given
	first    string // the picture that gave the size
	channels int    // 1 as long as all are grey, else 3
	pixels   []uint8
}

// split is the part of the pictures that follows the splits before it.
func (g *gallery) split(n int) *Split {
	end, begin := g.ends[n], 0
	if end == 0 {
		return nil
	}
	for _, e := range g.ends[:n] {
		begin = max(begin, e)
	}
	size := g.area() * g.channels
	return &Split{Images: g.pixels[begin*size : end*size : end*size], Labels: g.labels[begin:end:end]}
}

// load reads the pictures.
func (g *gallery) load() error {
	g.channels = 1
	for i, path := range g.paths {
		r, err := g.picture(path)
		if err != nil {
			return err
		}
		if err := g.fit(i, r.coloured()); err != nil {
			return fmt.Errorf("datasets: %s: %w; give a smaller size", path, err)
		}
		dst := g.pixels[i*g.area()*g.channels:]
		for k := range g.area() {
			copy(dst[k*g.channels:][:g.channels], r.pix[3*k:])
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

// picture reads the picture at path, scaled to the common size.
func (g *gallery) picture(path string) (raster, error) {
	var data bytes.Buffer
	if _, err := g.pour(&data, path); err != nil {
		return raster{}, err
	}
	r, err := decodePicture(data.Bytes())
	if err != nil {
		return raster{}, fmt.Errorf("datasets: %s: %w", path, err)
	}
	size := [2]int{r.h, r.w}
	g.account.add(r)
	if g.size == [2]int{} {
		g.size, g.first = size, path
	}
	if size == g.size {
		return r, nil
	}
	if g.first != "" {
		return raster{}, fmt.Errorf("datasets: %s is %d×%d, %s %d×%d; give a size to scale all pictures to",
			path, size[0], size[1], g.first, g.size[0], g.size[1])
	}
	return r.scale(g.size), nil
}

// add counts a picture that was read.
func (a *PictureAccount) add(r raster) {
	size := [2]int{r.h, r.w}
	if a.Files == 0 || r.h*r.w < a.Least[0]*a.Least[1] {
		a.Least = size
	}
	if r.h*r.w > a.Greatest[0]*a.Greatest[1] {
		a.Greatest = size
	}
	a.Files++
	if r.turned {
		a.Turned++
	}
}
