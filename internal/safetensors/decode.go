package safetensors

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"unicode/utf8"
)

// File is the content of a safetensors file.
type File struct {
	Metadata map[string]string // nil if there is none
	Tensors  []Tensor          // in the order of their data
	Header   int               // bytes before the first tensor: the length, the header, its padding
}

// ReadFile reads a file into memory and decodes it.
func ReadFile(path string) (*File, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("safetensors: %w", err)
	}
	f, err := Decode(data)
	if err != nil {
		return nil, fmt.Errorf("%w (%s)", err, path)
	}
	return f, nil
}

// Tensor returns the tensor of the given name.
func (f *File) Tensor(name string) (t Tensor, ok bool) {
	for _, t := range f.Tensors {
		if t.Name == name {
			return t, true
		}
	}
	return Tensor{}, false
}

// Decode reads a file's bytes. The tensors alias data.
func Decode(data []byte) (*File, error) {
	if len(data) < 8 {
		return nil, fmt.Errorf("safetensors: %d bytes: a file has at least 8, the header's length", len(data))
	}
	n := binary.LittleEndian.Uint64(data)
	if n > maxHeader || n > uint64(len(data)-8) {
		return nil, fmt.Errorf("safetensors: offset 0: header of %d bytes: the file has %d after it, and the "+
			"limit is %d", n, len(data)-8, maxHeader)
	}
	f, err := decodeHeader(data[8 : 8+n])
	if err != nil {
		return nil, fmt.Errorf("safetensors: header: %w", err)
	}
	f.Header = 8 + int(n)
	if err := f.place(data[f.Header:]); err != nil {
		return nil, fmt.Errorf("safetensors: %w", err)
	}
	return f, nil
}

// place gives each tensor its part of body, in the order of the tensors. The
// header describes them without gap or overlap.
func (f *File) place(body []byte) error {
	end := 0
	for i := range f.Tensors {
		t := &f.Tensors[i]
		size, ok := byteSize(t.DType, t.Shape)
		begin := end
		if !ok || size > len(body)-begin {
			return fmt.Errorf("tensor %q: %v of shape %v does not fit the %d bytes from offset %d on", t.Name,
				t.DType, t.Shape, len(body)-begin, f.Header+begin)
		}
		end = begin + size
		t.Data = body[begin:end:end]
	}
	if end != len(body) {
		return fmt.Errorf("offset %d: %d bytes belong to no tensor", f.Header+end, len(body)-end)
	}
	return nil
}

// decodeHeader reads the header and checks that the tensors, in the order in
// which it returns them, follow each other without gap or overlap.
func decodeHeader(text []byte) (*File, error) {
	if len(text) == 0 || text[0] != '{' {
		return nil, errors.New("does not begin with {")
	}
	if !utf8.Valid(text) {
		return nil, errors.New("is not UTF-8")
	}
	f := &File{}
	var spans []span
	err := object(json.NewDecoder(bytes.NewReader(text)), len(text), func(d *json.Decoder, key string) error {
		if key == metadataKey {
			f.Metadata = map[string]string{}
			return metadata(d, f.Metadata)
		}
		s, err := decodeEntry(d, key)
		spans = append(spans, s)
		return err
	})
	if err != nil {
		return nil, err
	}
	slices.SortStableFunc(spans, func(a, b span) int {
		if a.begin != b.begin {
			return a.begin - b.begin
		}
		return a.end - b.end
	})
	end := 0
	for _, s := range spans {
		if s.begin != end {
			return nil, fmt.Errorf("tensor %q begins at data offset %d, the one before it ends at %d", s.Name,
				s.begin, end)
		}
		end = s.end
		f.Tensors = append(f.Tensors, s.Tensor)
	}
	return f, nil
}

// span is a tensor and its place, before the place is known to exist.
type span struct {
	Tensor
	begin, end int
}

func decodeEntry(d *json.Decoder, name string) (span, error) {
	s := span{Tensor: Tensor{Name: name}}
	var dtype string
	var offsets []int
	fields := map[string]any{"dtype": &dtype, "shape": &s.Shape, "data_offsets": &offsets}
	err := members(d, func(d *json.Decoder, key string) error {
		field, ok := fields[key]
		if !ok {
			return fmt.Errorf("key %q: want dtype, shape and data_offsets", key)
		}
		return d.Decode(field)
	})
	if err == nil {
		s.DType, err = parseDType(dtype)
	}
	if err != nil {
		return s, fmt.Errorf("tensor %q: %w", name, err)
	}
	size, ok := byteSize(s.DType, s.Shape)
	if s.Shape == nil || len(offsets) != 2 || !ok || offsets[0] < 0 || offsets[1]-offsets[0] != size {
		return s, fmt.Errorf("tensor %q: data_offsets %v do not hold %v of shape %v", name, offsets, s.DType, s.Shape)
	}
	s.begin, s.end = offsets[0], offsets[1]
	return s, nil
}

// metadata reads an object whose values are strings.
func metadata(d *json.Decoder, m map[string]string) error {
	return members(d, func(d *json.Decoder, key string) error {
		var v *string
		if err := d.Decode(&v); err != nil || v == nil {
			return fmt.Errorf("%s: %q is not a string", metadataKey, key)
		}
		m[key] = *v
		return nil
	})
}

// object reads text as one JSON object with nothing but spaces after it.
func object(d *json.Decoder, length int, member func(d *json.Decoder, key string) error) error {
	if err := members(d, member); err != nil {
		return err
	}
	if _, err := d.Token(); err != io.EOF {
		return fmt.Errorf("continues after its object, at byte %d of %d", d.InputOffset(), length)
	}
	return nil
}

// members reads an object, calling member for each key; each key may occur only
// once. A null in place of the object is an error.
func members(d *json.Decoder, member func(d *json.Decoder, key string) error) error {
	if open, err := d.Token(); err != nil || open != json.Delim('{') {
		return fmt.Errorf("want a JSON object, got %v", cause(open, err))
	}
	seen := map[string]bool{}
	for d.More() {
		token, err := d.Token()
		if err != nil {
			return err
		}
		key := token.(string) // Token returns no other type for a key
		if seen[key] {
			return fmt.Errorf("name %q occurs twice", key)
		}
		seen[key] = true
		if err := member(d, key); err != nil {
			return err
		}
	}
	_, err := d.Token()
	return err
}

func cause(token json.Token, err error) any {
	if err != nil {
		return err
	}
	return token
}
