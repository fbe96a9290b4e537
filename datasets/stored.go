package datasets

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"unsafe"

	"petrify/internal/atomicfile"
)

// storedFile describes a file of elements that do not fit into memory: the elements, then this
// as JSON, its length in 8 bytes, and storedMagic. Elements of 4 bytes are in the order of
// the machine. What is not known of arrays is zero.
type storedFile struct {
	Channels int
	Size     [2]int
	Account  PictureAccount
	Bytes    int64 // of elements
}

const storedMagic = "petrify1"

// loadStored maps the file of the decoded pictures into memory. If there is none
// for these pictures, it decodes them into one.
func (g *gallery) loadStored() (err error) {
	g.folder.done = 0
	if g.files, err = g.inspect(g.paths); err != nil {
		return err
	}
	if g.file, err = g.storedName(); err != nil {
		return err
	}
	s, elements, err := openStored(g.file)
	if errors.Is(err, os.ErrNotExist) || errors.Is(err, errNotStored) {
		if err = g.store(); err != nil {
			return err
		}
		s, elements, err = openStored(g.file)
	}
	if err != nil {
		return fmt.Errorf("datasets: %w", err)
	}
	g.channels, g.size, *g.account = s.Channels, s.Size, s.Account
	if g.width() == 1 {
		g.pixels = elements
	} else {
		g.values = asValues(elements)
	}
	return nil
}

// asValues and asBytes see the same memory as elements of 4 bytes, and of one.
func asValues(b []byte) []float32 {
	return unsafe.Slice((*float32)(unsafe.Pointer(unsafe.SliceData(b))), len(b)/4)
}

func asBytes(x []float32) []byte {
	return unsafe.Slice((*byte)(unsafe.Pointer(unsafe.SliceData(x))), 4*len(x))
}

// storedName is a path that depends on all that the elements depend on.
func (g *gallery) storedName() (string, error) {
	return g.storedPath(g.files, g.size, g.channels, g.like != nil, len(g.paths))
}

// storedPath is that of elements that depend on the contents of files, and on how these are
// read.
func (l *loading) storedPath(files []File, how ...any) (string, error) {
	base := l.disk
	if base == "" {
		var err error
		if base, err = os.UserCacheDir(); err != nil {
			return "", fmt.Errorf("datasets: no folder for what does not fit into memory: %w; set data.cache", err)
		}
		base = filepath.Join(base, "petrify")
	}
	folder := filepath.Join(base, "decoded")
	if err := os.MkdirAll(folder, 0o777); err != nil {
		return "", fmt.Errorf("datasets: %w", err)
	}
	h := sha256.New()
	fmt.Fprintln(h, append([]any{storedMagic, binary.NativeEndian.Uint16([]byte{1, 0})}, how...)...)
	for _, f := range files {
		fmt.Fprintln(h, f.Bytes, f.SHA256)
	}
	return filepath.Join(folder, fmt.Sprintf("%x.pixels", h.Sum(nil)[:16])), nil
}

// errColoured says that a picture has colours, where those before it had none.
var errColoured = errors.New("a picture in colour after grey ones")

// store decodes the pictures into the file. They have one channel until the first
// one in colour; then decoding begins again with three.
func (g *gallery) store() error {
	size := g.size
	decode := func(w io.Writer) error {
		*g.account, g.size, g.first, g.folder.done = PictureAccount{}, size, "", 0
		return g.encode(w)
	}
	err := atomicfile.Write(g.file, decode)
	if errors.Is(err, errColoured) {
		g.channels = 3
		err = atomicfile.Write(g.file, decode)
	}
	return notStored(err, "pictures", g.width()*int64(len(g.paths)*g.channels)*int64(g.area()))
}

// notStored says what was to be written, and why.
func notStored(err error, what string, bytes int64) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("datasets: %s that need %d bytes, more than their share of the memory (data.memory), go to "+
		"a file (its folder is data.cache): %w", what, bytes, err)
}

// encode writes the file.
func (g *gallery) encode(w io.Writer) error {
	var picture []uint8
	s := storedFile{}
	for _, path := range g.paths {
		r, err := g.picture(path)
		if err != nil {
			return err
		}
		if g.channels == 1 && r.coloured() {
			return errColoured
		}
		n := g.area() * g.channels
		picture = append(picture[:0], make([]uint8, int(g.width())*n)...)
		if g.width() == 1 {
			put(picture, r, g.channels)
		} else {
			values := make([]float32, n)
			put(values, r, g.channels)
			copy(picture, asBytes(values))
		}
		if _, err := w.Write(picture); err != nil {
			return err
		}
		s.Bytes += int64(len(picture))
	}
	s.Channels, s.Size, s.Account = g.channels, g.size, *g.account
	return s.end(w)
}

// end writes what follows the elements.
func (s storedFile) end(w io.Writer) error {
	about, err := json.Marshal(s)
	if err != nil {
		return err
	}
	about = binary.LittleEndian.AppendUint64(about, uint64(len(about)))
	_, err = w.Write(append(about, storedMagic...))
	return err
}

// errNotStored says that a file does not hold elements.
var errNotStored = errors.New("not a file of elements")

// openStored maps the elements in a file.
func openStored(path string) (s storedFile, elements []byte, err error) {
	f, err := os.Open(path)
	if err != nil {
		return s, nil, err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return s, nil, err
	}
	const foot = 8 + len(storedMagic)
	end, before := make([]byte, foot), info.Size()-int64(foot)
	if before < 0 {
		return s, nil, errNotStored
	}
	if _, err := f.ReadAt(end, before); err != nil {
		return s, nil, err
	}
	n := int64(binary.LittleEndian.Uint64(end))
	if !bytes.HasSuffix(end, []byte(storedMagic)) || n < 0 || n > min(before, 1<<20) {
		return s, nil, errNotStored
	}
	about := make([]byte, n)
	if _, err := f.ReadAt(about, before-n); err != nil {
		return s, nil, err
	}
	if json.Unmarshal(about, &s) != nil || s.Bytes < 1 || s.Bytes != before-n {
		return s, nil, errNotStored
	}
	elements, err = mapFile(f, s.Bytes)
	if err != nil {
		return s, nil, fmt.Errorf("%s: mapping %d bytes into memory: %w", path, s.Bytes, err)
	}
	return s, elements, nil
}
