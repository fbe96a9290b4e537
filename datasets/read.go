package datasets

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"os"
)

// maxBytes bounds what one file may claim to hold, so that a lying header
// cannot ask for more memory than a machine has.
const maxBytes = 1<<31 - 1

// input is a stream that knows its name and position, for errors that name
// file and offset. Offsets count unzipped bytes.
type input struct {
	name   string
	r      io.Reader
	off    int64
	left   int64     // no more than so many bytes follow; −1: unknown
	zipped bool      // the offset is one of the unzipped content
	sum    hash.Hash // of what was read; nil: not wanted
}

// newInput reads r, unzipping it if it starts like a gzip file. size is the
// length of r if it is known, else −1.
func newInput(name string, r io.Reader, size int64) (*input, error) {
	in := &input{name: name, left: size}
	br := bufio.NewReaderSize(r, 1<<16)
	in.r = br
	if magic, _ := br.Peek(2); bytes.Equal(magic, []byte{0x1f, 0x8b}) {
		in.zipped, in.left = true, -1
		zr, err := gzip.NewReader(br)
		if err != nil {
			return nil, in.errorf("%w", err)
		}
		in.r = zr
	}
	return in, nil
}

// withFile opens the file at path and hands it to f.
func withFile(path string, f func(*input) error) error {
	file, err := os.Open(path)
	if err != nil {
		return fmt.Errorf("datasets: %w", err)
	}
	defer file.Close()
	size := int64(-1)
	if info, err := file.Stat(); err == nil && info.Mode().IsRegular() {
		size = info.Size()
	}
	in, err := newInput(path, file, size)
	if err != nil {
		return err
	}
	return f(in)
}

// Read makes input an io.Reader.
func (in *input) Read(p []byte) (int, error) {
	n, err := in.r.Read(p)
	in.off += int64(n)
	if in.left >= 0 {
		in.left -= int64(n)
	}
	if in.sum != nil {
		in.sum.Write(p[:n])
	}
	return n, err
}

// errorf returns an error that names the file and where in it we are.
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

// bytes reads exactly n bytes. Where the length of the stream is unknown the
// buffer grows as data arrive, so memory never exceeds twice what is there.
func (in *input) bytes(n int64) ([]byte, error) {
	if n > maxBytes {
		return nil, in.errorf("%d bytes announced, at most %d are read", n, int64(maxBytes))
	}
	if in.left >= 0 && n > in.left {
		return nil, in.errorf("%d bytes announced, %d follow", n, in.left)
	}
	room := n
	if in.left < 0 {
		room = min(n, 1<<20)
	}
	buf := make([]byte, 0, room)
	for int64(len(buf)) < n {
		if len(buf) == cap(buf) {
			grown := make([]byte, len(buf), min(n, 2*int64(cap(buf))))
			copy(grown, buf)
			buf = grown
		}
		k, err := io.ReadFull(in, buf[len(buf):cap(buf)])
		buf = buf[:len(buf)+k]
		if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
			return nil, in.errorf("truncated: %d bytes announced, %d found", n, len(buf))
		}
		if err != nil {
			return nil, in.errorf("%w", err)
		}
	}
	return buf, nil
}

// all reads to the end.
func (in *input) all() ([]byte, error) {
	buf, err := io.ReadAll(io.LimitReader(in, maxBytes))
	if err != nil {
		return nil, in.errorf("%w", err)
	}
	return buf, in.end()
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
// content. Zipped sizes differ between those who zipped, contents do not.
type pinned struct {
	name string
	size int64
	sum  string
}

// withPinned opens the file at path, hands it to f, and checks afterwards that
// what f read is what p says. f must read to the end.
func withPinned(path string, p pinned, f func(*input) error) error {
	return withFile(path, func(in *input) error {
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
