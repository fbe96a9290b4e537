package datasets

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"petrify/internal/atomicfile"
)

// beyond reports whether this many bytes more are beyond the share of the memory, and go
// to disk.
func (l *loading) beyond(bytes int64) bool { return canMap && bytes > l.room-l.held }

// part is a part of a file whose elements do not fit into memory.
type part struct {
	in    *input
	path  string // of the file
	how   string // which part of it, and how it is read
	bytes int64
	write func(io.Writer) error
}

// stored maps the elements of a part from a file of their own, into which they are written
// if there is none for this content. It returns the place of that file, in words.
func (l *loading) stored(p part) (elements []byte, disk string, err error) {
	files, err := l.inspect([]string{p.path})
	if err != nil {
		return nil, "", err
	}
	l.inspected = append(l.inspected, files...)
	path, err := l.storedPath(files, p.how)
	if err != nil {
		return nil, "", err
	}
	_, elements, err = openStored(path)
	// What a published file holds is checked by reading it.
	if p.in.sum != nil || errors.Is(err, os.ErrNotExist) || errors.Is(err, errNotStored) {
		if err = p.writeTo(path); err != nil {
			return nil, "", err
		}
		_, elements, err = openStored(path)
	}
	if err != nil {
		return nil, "", fmt.Errorf("datasets: %w", err)
	}
	if int64(len(elements)) != p.bytes {
		return nil, "", fmt.Errorf("datasets: %s holds %d bytes of elements, want %d", path, len(elements), p.bytes)
	}
	return elements, fmt.Sprintf("%d bytes in %s", p.bytes, path), nil
}

// writeTo writes the file. If it is the part that cannot be read, the error does not speak
// of the file.
func (p part) writeTo(path string) error {
	var unread error
	err := atomicfile.Write(path, func(w io.Writer) error {
		to := &notedWriter{w: w}
		if err := p.write(to); err != nil {
			if to.err == nil {
				unread = err
			}
			return err
		}
		return storedFile{Bytes: p.bytes}.end(w)
	})
	if unread != nil {
		return unread
	}
	return notStored(err, "images", p.bytes)
}

// notedWriter notes the error of the writer.
type notedWriter struct {
	w   io.Writer
	err error
}

func (n *notedWriter) Write(b []byte) (written int, err error) {
	written, err = n.w.Write(b)
	n.err = errors.Join(n.err, err)
	return written, err
}

// store reads an array of images to disk.
func (a *array) store(path string, opts Options) error {
	shape, _, err := a.layout(opts)
	if err != nil {
		return fmt.Errorf("datasets: %s: %w", path, err)
	}
	elements, disk, err := a.in.stored(part{in: a.in, path: path, bytes: a.size(),
		how:   fmt.Sprint(a.title(), shape, opts.ChannelsFirst),
		write: func(w io.Writer) error { return a.pour(w, shape, opts.ChannelsFirst) }})
	if err != nil {
		return err
	}
	if a.disk = disk; a.isBytes() {
		a.bytes = elements
	} else {
		a.floats = asValues(elements)
	}
	return nil
}

// pour writes the elements, image by image, as they are in memory: H W C.
func (a *array) pour(w io.Writer, shape [3]int, channelsFirst bool) error {
	width, integer, float := npyDecoder(a.descr)
	if float == nil && integer != nil {
		float = func(b []byte) float32 { return float32(integer(b)) }
	}
	size := shape[0] * shape[1] * shape[2]
	total := int64(width) * int64(a.elements())
	if _, err := a.in.announce(total); err != nil {
		return err
	}
	block, image, values := make([]byte, width*size), make([]byte, size), make([]float32, size)
	for i := range a.shape[0] {
		n, err := io.ReadFull(a.in, block)
		if err := a.in.truncated(err, int64(i*len(block)+n), total); err != nil {
			return err
		}
		if float == nil {
			copy(image, block)
			if channelsFirst {
				channelsLast(image, block, shape)
			}
			if _, err := w.Write(image); err != nil {
				return err
			}
			continue
		}
		read := make([]float32, size)
		for j := range read {
			if read[j] = float(block[j*width:]); read[j]-read[j] != 0 {
				return a.notFinite(i*size+j, read[j])
			}
		}
		copy(values, read)
		if channelsFirst {
			channelsLast(values, read, shape)
		}
		if _, err := w.Write(asBytes(values)); err != nil {
			return err
		}
	}
	return a.in.end()
}

// onDisk says where the images of a set are that do not fit into memory; "": they do.
func onDisk(places ...string) string {
	var all []string
	for _, place := range places {
		if place != "" {
			all = append(all, place)
		}
	}
	return strings.Join(all, ", ")
}
