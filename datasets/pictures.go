package datasets

import (
	"errors"
	"fmt"
	"path/filepath"
)

// openPictures reads a folder with one folder of pictures for each class, or
// such folders under train, validation and test. If all pictures are grey there is one
// channel, else three. Pictures of 16 bits become values, 0 to 65535, since bytes
// would keep little of a camera's 12. Files of other kinds are counted; hidden ones are not.
func (l *loading) openPictures(dir string, opts Options) (*Set, error) {
	g := gallery{loading: l, size: opts.Size, account: &PictureAccount{},
		tree: tree{kind: "pictures", forms: pictureForms(), passed: map[string]int{}}}
	if l.like != nil {
		if err := l.like.takesPictures(); err != nil {
			return nil, fmt.Errorf("datasets: %s: %w", dir, err)
		}
	}
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
		s.Train, s.Test = l.divide(s.Train, opts)
	}
	g.describe(&s, division)
	whole, err := newSet(s, dir)
	if err == nil && g.files != nil {
		whole.Files = g.files
		return whole, nil
	}
	l.folder.done = 0
	return l.from(whole, err, g.paths...)
}

// describe adds what is known of the pictures to the account of a set.
func (g *gallery) describe(s *Set, division string) {
	s.Account.Values.Type = fmt.Sprintf("uint%d", g.account.Depth)
	s.Account.Pictures, s.Account.Passed, s.Account.Division = g.account, g.passed, division
	s.Account.Channels = map[int]string{1: "grey", 3: "RGB"}[g.channels]
	if g.file != "" {
		s.Account.Disk = fmt.Sprintf("%d bytes in %s", g.width()*int64(len(g.pixels)+len(g.values)), g.file)
	}
}

// gallery collects pictures of one size, H W C.
type gallery struct {
	*loading
	tree
	account  *PictureAccount
	size     [2]int // H W; of the first picture if not given
	first    string // the picture that gave the size
	channels int    // 1 as long as all are grey, else 3

	pixels []uint8   // of pictures of 8 bits
	values []float32 // of pictures of 16 bits

	file  string // where they are on disk; "": in memory
	files []File // that they were read from, if that was found out already
}

// split is the part of the pictures that follows the splits before it.
func (g *gallery) split(n int) *Split {
	begin, end, ok := g.part(n)
	if !ok {
		return nil
	}
	size := g.area() * g.channels
	s := &Split{Labels: g.labels[begin:end:end], Names: g.paths[begin:end:end], mapped: g.file != ""}
	if g.pixels != nil {
		s.Images = g.pixels[begin*size : end*size : end*size]
	} else {
		s.Values = g.values[begin*size : end*size : end*size]
	}
	return s
}

// load reads the pictures, to disk if they do not fit into memory.
func (g *gallery) load() error {
	g.channels = 1
	if g.like != nil {
		g.channels = g.like.Shape[0]
	}
	size, channels, held := g.size, g.channels, g.held
	err := g.decode()
	if errors.Is(err, errBeyondMemory) {
		g.size, g.channels, g.first, g.held = size, channels, "", held
		return g.loadStored()
	}
	return err
}

// errBeyondMemory says that pictures take more than their share of the memory.
var errBeyondMemory = errors.New("more than the share of the memory (data.memory)")

// decode reads the pictures into memory.
func (g *gallery) decode() error {
	for i, path := range g.paths {
		r, err := g.picture(path)
		if err != nil {
			return err
		}
		if err := g.fit(i, r.coloured()); err != nil {
			return fmt.Errorf("datasets: %s: %w; give a smaller size", path, err)
		}
		if at := i * g.area() * g.channels; r.bits == 8 {
			put(g.pixels[at:], r, g.channels)
		} else {
			put(g.values[at:], r, g.channels)
		}
	}
	return nil
}

// put copies a picture, or the first channel of a grey one.
func put[T uint8 | float32](dst []T, r raster, channels int) {
	for k := range r.h * r.w {
		for c := range channels {
			dst[channels*k+c] = T(r.pix[3*k+c])
		}
	}
}

func (g *gallery) area() int { return g.size[0] * g.size[1] }

// width is how many bytes an element takes.
func (g *gallery) width() int64 {
	if g.account.Depth == 16 {
		return 4
	}
	return 1
}

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
	size, have := int64(n*channels)*int64(g.area()), int64(len(g.pixels)+len(g.values))
	width := g.width()
	if whole := width * int64(len(g.paths)*channels) * int64(g.area()); canMap && whole > g.room-g.held+width*have {
		g.pixels, g.values = nil, nil
		return errBeyondMemory
	}
	if size == have {
		return nil
	}
	if err := g.hold(width * (size - have)); err != nil {
		return err
	}
	if width == 1 {
		g.pixels = grow(g.pixels, size, channels == g.channels)
	} else {
		g.values = grow(g.values, size, channels == g.channels)
	}
	g.channels = channels
	return nil
}

// grow copies pixels into a longer slice, grey ones as colours if the channels
// are not the same.
func grow[T uint8 | float32](old []T, size int64, same bool) []T {
	pixels := make([]T, size)
	if same {
		copy(pixels, old)
		return pixels
	}
	for k, grey := range old {
		pixels[3*k], pixels[3*k+1], pixels[3*k+2] = grey, grey, grey
	}
	return pixels
}

// picture reads the picture at path, scaled to the common size.
func (g *gallery) picture(path string) (raster, error) {
	r, err := g.loading.picture(path)
	if err != nil {
		return raster{}, err
	}
	if g.account.add(r); r.bits != g.account.Depth {
		return raster{}, fmt.Errorf("datasets: %s has %d bits per channel, %s %d; want one depth",
			path, r.bits, g.paths[0], g.account.Depth)
	}
	if g.like != nil {
		if r, err = g.like.fit(r); err != nil {
			return raster{}, fmt.Errorf("datasets: %s: %w", path, err)
		}
		g.size = [2]int{r.h, r.w}
		return r, nil
	}
	size := [2]int{r.h, r.w}
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
	g.account.Resized++
	return r.scale(g.size), nil
}

// add counts a picture that was read.
func (a *PictureAccount) add(r raster) {
	size := [2]int{r.h, r.w}
	if a.Files == 0 {
		a.Depth = r.bits
	}
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
