package datasets

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"slices"
)

// inflation is how many bytes one deflated byte can expand to: two bits can
// encode a length of 258 bytes and the distance from which to copy them. RFC
// 1951, sections 3.2.5 and 3.2.7.
const inflation = 1032

// input is a stream that knows its name and position, for errors that name
// file and offset. Offsets count unzipped bytes.
type input struct {
	*loading
	name   string
	r      io.Reader
	off    int64
	left   int64     // at most this many bytes follow; −1: unknown
	zipped bool      // the offset is one of the unzipped content
	sum    hash.Hash // of what was read; nil: not wanted
}

// newInput reads r, unzipping it if it starts like a gzip file. size is the
// length of r if it is known, else −1.
func newInput(name string, r io.Reader, size int64) (*input, error) {
	in := &input{loading: newLoading(context.Background(), Options{}), name: name, left: size}
	br := bufio.NewReaderSize(r, 1<<16)
	in.r = br
	if magic, _ := br.Peek(2); bytes.Equal(magic, []byte{0x1f, 0x8b}) {
		in.zipped = true
		if size >= 0 {
			in.left = inflation * size
		}
		zr, err := gzip.NewReader(br)
		if err != nil {
			return nil, in.errorf("%w", err)
		}
		in.r = zr
	}
	return in, nil
}

// piece bounds one read, so that progress is reported in between.
const piece = 1 << 20

// Read makes input an io.Reader.
func (in *input) Read(p []byte) (int, error) {
	n, err := in.r.Read(p[:min(len(p), piece)])
	in.off += int64(n)
	if in.left >= 0 {
		in.left -= int64(n)
	}
	if in.sum != nil {
		in.sum.Write(p[:n])
	}
	return n, err
}

// errorf returns an error that names the file and the position in it.
func (in *input) errorf(format string, args ...any) error {
	return in.errorAt(in.off, format, args...)
}

func (in *input) errorAt(off int64, format string, args ...any) error {
	where := "byte"
	if in.zipped {
		where = "unzipped byte"
	}
	return fmt.Errorf("datasets: %s: %s %d: %w", in.name, where, off, fmt.Errorf(format, args...))
}

// bytes reads exactly n bytes.
func (in *input) bytes(n int64) ([]byte, error) {
	room, err := in.announce(n)
	buf := make([]byte, 0, room)
	for err == nil && int64(len(buf)) < n {
		if len(buf) == cap(buf) {
			buf = slices.Grow(buf, 1)
		}
		var k int
		k, err = io.ReadFull(in, buf[len(buf):min(int64(cap(buf)), n)])
		buf = buf[:len(buf)+k]
		err = in.truncated(err, int64(len(buf)), n)
	}
	return buf, err
}

// decode reads n elements of the given width.
func decode[T any](in *input, n, width int, get func([]byte) T) ([]T, error) {
	total := int64(n) * int64(width)
	room, err := in.announce(total)
	x := make([]T, 0, int(room)/width)
	block := make([]byte, width*min(n, 1<<13))
	for err == nil && len(x) < n {
		block = block[:min(len(block), width*(n-len(x)))]
		var k int
		k, err = io.ReadFull(in, block)
		err = in.truncated(err, int64(len(x)*width+k), total)
		for i := 0; i < k; i += width {
			x = append(x, get(block[i:]))
		}
	}
	return x, err
}

// announce checks whether n bytes can follow, and says for how many to make
// room. If that is unknown, the room grows as data arrive.
func (in *input) announce(n int64) (room int64, err error) {
	switch {
	case in.left < 0:
		return min(n, piece), nil
	case n <= in.left:
		return n, nil
	case in.zipped:
		return 0, in.errorf("%d bytes announced, at most %d can follow", n, in.left)
	}
	return 0, in.errorf("%d bytes announced, %d follow", n, in.left)
}

// truncated explains why a read failed.
func (in *input) truncated(err error, found, announced int64) error {
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return in.errorf("truncated: %d bytes announced, %d found", announced, found)
	}
	if err != nil {
		return in.errorf("%w", err)
	}
	return nil
}

// all reads to the end.
func (in *input) all() ([]byte, error) {
	buf, err := io.ReadAll(in)
	if err != nil {
		return nil, in.errorf("%w", err)
	}
	return buf, nil
}

// end checks that nothing follows. On a zipped stream this also checks the
// gzip checksum.
func (in *input) end() error {
	off := in.off
	var one [1]byte
	n, err := io.ReadFull(in, one[:])
	if n > 0 {
		return in.errorAt(off, "more data than the header announced")
	}
	if !errors.Is(err, io.EOF) {
		return in.errorAt(off, "%w", err)
	}
	return nil
}

// pinned is a published file: name, and size and SHA-256 of its unzipped
// content. Compressed sizes differ from copy to copy, contents do not.
type pinned struct {
	name string
	size int64
	sum  string
}

// pinned opens the file at path, passes it to f, and then checks that what f
// read matches p. f must read to the end.
func (l *loading) pinned(path string, p pinned, f func(*input) error) error {
	return l.file(path, func(in *input) error {
		in.sum = sha256.New()
		if in.zipped {
			in.left = p.size
		}
		if !in.zipped && in.left >= 0 && in.left != p.size {
			return fmt.Errorf("datasets: %s: %d bytes, want %d", path, in.left, p.size)
		}
		if err := f(in); err != nil {
			return err
		}
		if in.off != p.size {
			return fmt.Errorf("datasets: %s: %d bytes of content, want %d", path, in.off, p.size)
		}
		if sum := hex.EncodeToString(in.sum.Sum(nil)); sum != p.sum {
			return fmt.Errorf("datasets: %s: SHA-256 of the content is %s, want %s", path, sum, p.sum)
		}
		return nil
	})
}
