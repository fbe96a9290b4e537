package safetensors

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"slices"
	"unicode/utf8"

	"petrify/internal/atomicfile"
)

// metadataKey is the header's key for the map of strings.
const metadataKey = "__metadata__"

// maxHeader is the limit that the format sets on the header's bytes.
const maxHeader = 100_000_000

// Encode writes tensors and metadata (which may be nil) to w. The caller's
// slice keeps its order.
func Encode(w io.Writer, tensors []Tensor, metadata map[string]string) error {
	sorted := slices.Clone(tensors)
	slices.SortFunc(sorted, func(a, b Tensor) int {
		return cmp.Or(cmp.Compare(b.DType.Size(), a.DType.Size()), cmp.Compare(a.Name, b.Name))
	})
	header, err := header(sorted, metadata)
	if err != nil {
		return err
	}
	var length [8]byte
	binary.LittleEndian.PutUint64(length[:], uint64(len(header)))
	if _, err := w.Write(length[:]); err != nil {
		return err
	}
	if _, err := w.Write(header); err != nil {
		return err
	}
	for _, t := range sorted {
		if _, err := w.Write(t.Data); err != nil {
			return err
		}
	}
	return nil
}

// WriteFile writes tensors and metadata to a file, completely or not at all.
func WriteFile(path string, tensors []Tensor, metadata map[string]string) error {
	return atomicfile.Write(path, func(w io.Writer) error {
		return Encode(w, tensors, metadata)
	})
}

// header is the JSON object for tensors in the order of their data, padded.
func header(tensors []Tensor, metadata map[string]string) ([]byte, error) {
	var b bytes.Buffer
	b.WriteByte('{')
	if len(metadata) > 0 {
		if err := member(&b, metadataKey, metadata); err != nil {
			return nil, err
		}
	}
	seen := make(map[string]bool, len(tensors))
	offset := 0
	for _, t := range tensors {
		if t.Name == metadataKey || seen[t.Name] {
			return nil, fmt.Errorf("safetensors: tensor name %q is taken", t.Name)
		}
		seen[t.Name] = true
		if _, err := parseDType(t.DType.String()); err != nil {
			return nil, fmt.Errorf("safetensors: tensor %q: %w", t.Name, err)
		}
		if size, ok := byteSize(t.DType, t.Shape); !ok || size != len(t.Data) {
			return nil, fmt.Errorf("safetensors: tensor %q: %d bytes do not fit %v of shape %v", t.Name,
				len(t.Data), t.DType, t.Shape)
		}
		e := entry{t.DType.String(), t.Shape, [2]int{offset, offset + len(t.Data)}}
		if e.Shape == nil {
			e.Shape = []int{}
		}
		if err := member(&b, t.Name, e); err != nil {
			return nil, err
		}
		offset += len(t.Data)
	}
	b.WriteByte('}')
	for b.Len()%8 != 0 {
		b.WriteByte(' ')
	}
	if b.Len() > maxHeader {
		return nil, fmt.Errorf("safetensors: header of %d bytes: want at most %d", b.Len(), maxHeader)
	}
	return b.Bytes(), nil
}

// entry is a tensor's description in the header.
type entry struct {
	DType   string `json:"dtype"`
	Shape   []int  `json:"shape"`
	Offsets [2]int `json:"data_offsets"`
}

// member appends "key":value to an open JSON object.
func member(b *bytes.Buffer, key string, value any) error {
	if !utf8.ValidString(key) {
		return fmt.Errorf("safetensors: name %q is not UTF-8", key)
	}
	k, err := json.Marshal(key)
	if err != nil {
		return fmt.Errorf("safetensors: name %q: %w", key, err)
	}
	v, err := json.Marshal(value)
	if err != nil {
		return fmt.Errorf("safetensors: %q: %w", key, err)
	}
	if b.Len() > 1 {
		b.WriteByte(',')
	}
	b.Write(k)
	b.WriteByte(':')
	b.Write(v)
	return nil
}

// byteSize is the number of bytes of a tensor; ok is false if a dimension is
// negative or the product does not fit an int.
func byteSize(d DType, shape []int) (size int, ok bool) {
	size = d.Size()
	for _, n := range shape {
		if n < 0 || n > 0 && size > math.MaxInt/n {
			return 0, false
		}
		size *= n
	}
	return size, true
}
