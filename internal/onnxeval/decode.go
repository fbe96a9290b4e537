package onnxeval

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"petrify/internal/onnxpb"
)

// Decode returns the elements of a tensor of a file. Data outside it are read
// from the file's folder; "" means that there is none.
func Decode(t *onnxpb.Tensor, folder string) (*Tensor, error) {
	shape := make([]int, len(t.Dims))
	for i, d := range t.Dims {
		if d < 0 || d > most {
			return nil, fmt.Errorf("shape %v: want sizes of 0 to %d", t.Dims, most)
		}
		shape[i] = int(d)
	}
	if err := checkShape(shape); err != nil {
		return nil, err
	}
	if t.Segment {
		return nil, errors.New("is stored in segments, which is not supported")
	}
	d := &Tensor{Type: t.Type, Shape: shape}
	raw := t.Raw
	if t.Outside {
		var err error
		if raw, err = outside(t, folder, product(shape)); err != nil {
			return nil, err
		}
	}
	var err error
	switch {
	case t.Type == onnxpb.String:
		d.S = t.Strings
	case raw != nil:
		err = d.fromRaw(raw)
	default:
		err = d.fromLists(t)
	}
	if n := len(d.F) + len(d.I) + len(d.S); err == nil && n != product(shape) {
		err = fmt.Errorf("shape %v, but %d elements", shape, n)
	}
	return d, err
}

// bytesPer is the size of an element in raw data.
var bytesPer = map[onnxpb.DataType]int{
	onnxpb.Float: 4, onnxpb.Uint8: 1, onnxpb.Int8: 1, onnxpb.Uint16: 2, onnxpb.Int16: 2, onnxpb.Int32: 4,
	onnxpb.Int64: 8, onnxpb.Bool: 1, onnxpb.Float16: 2, onnxpb.Double: 8, onnxpb.Uint32: 4, onnxpb.Uint64: 8,
	onnxpb.Bfloat16: 2,
}

func (d *Tensor) fromRaw(raw []byte) error {
	size, n := bytesPer[d.Type], product(d.Shape)
	if size == 0 {
		return fmt.Errorf("elements of type %v are not supported", d.Type)
	}
	if len(raw) != size*n {
		return fmt.Errorf("shape %v of %v takes %d bytes, there are %d", d.Shape, d.Type, size*n, len(raw))
	}
	if isFloat(d.Type) {
		d.F = make([]float64, n)
		for i := range d.F {
			d.F[i] = floatOf(d.Type, raw[i*size:])
		}
		return nil
	}
	d.I = make([]int64, n)
	for i := range d.I {
		d.I[i] = intOf(d.Type, raw[i*size:])
	}
	return nil
}

func floatOf(t onnxpb.DataType, b []byte) float64 {
	switch t {
	case onnxpb.Float:
		return float64(math.Float32frombits(binary.LittleEndian.Uint32(b)))
	case onnxpb.Double:
		return math.Float64frombits(binary.LittleEndian.Uint64(b))
	case onnxpb.Float16:
		return fromHalf(binary.LittleEndian.Uint16(b))
	}
	return bfloatOf(binary.LittleEndian.Uint16(b))
}

func bfloatOf(bits uint16) float64 { return float64(math.Float32frombits(uint32(bits) << 16)) }

func intOf(t onnxpb.DataType, b []byte) int64 {
	switch t {
	case onnxpb.Int8:
		return int64(int8(b[0]))
	case onnxpb.Uint16:
		return int64(binary.LittleEndian.Uint16(b))
	case onnxpb.Int16:
		return int64(int16(binary.LittleEndian.Uint16(b)))
	case onnxpb.Uint32:
		return int64(binary.LittleEndian.Uint32(b))
	case onnxpb.Int32:
		return int64(int32(binary.LittleEndian.Uint32(b)))
	case onnxpb.Int64, onnxpb.Uint64:
		return int64(binary.LittleEndian.Uint64(b))
	}
	return int64(b[0])
}

// fromLists takes the elements from the list that the type has.
func (d *Tensor) fromLists(t *onnxpb.Tensor) error {
	switch t.Type {
	case onnxpb.Float:
		d.F = make([]float64, len(t.Floats))
		for i, v := range t.Floats {
			d.F[i] = float64(v)
		}
	case onnxpb.Double:
		d.F = append([]float64{}, t.Doubles...)
	case onnxpb.Float16, onnxpb.Bfloat16:
		d.F = make([]float64, len(t.Int32s))
		for i, bits := range t.Int32s {
			if t.Type == onnxpb.Float16 {
				d.F[i] = fromHalf(uint16(bits))
			} else {
				d.F[i] = bfloatOf(uint16(bits))
			}
		}
	case onnxpb.Int64:
		d.I = t.Int64s
	case onnxpb.Uint32, onnxpb.Uint64:
		d.I = t.Uint64s
	case onnxpb.Uint8, onnxpb.Int8, onnxpb.Uint16, onnxpb.Int16, onnxpb.Int32, onnxpb.Bool:
		d.I = t.Int32s
	default:
		return fmt.Errorf("elements of type %v are not supported", t.Type)
	}
	if d.F == nil && d.I == nil {
		d.I = []int64{}
	}
	return nil
}

// outside reads the elements from the file that holds them, which must be in
// the model's folder.
func outside(t *onnxpb.Tensor, folder string, elements int) ([]byte, error) {
	place := map[string]string{}
	for _, e := range t.External {
		place[e.Key] = e.Value
	}
	name := place["location"]
	if folder == "" || !filepath.IsLocal(filepath.FromSlash(name)) || strings.ContainsRune(name, 0) {
		return nil, fmt.Errorf("its data are in the file %q: want a path within the model's folder", Printable(name))
	}
	number := func(key string, otherwise int64) (int64, error) {
		text, ok := place[key]
		if !ok {
			return otherwise, nil
		}
		n, err := strconv.ParseInt(text, 10, 64)
		if err != nil || n < 0 {
			return 0, fmt.Errorf("its data in %q: %s %q: want a whole number of at least 0", Printable(name), key,
				Printable(text))
		}
		return n, nil
	}
	size := int64(bytesPer[t.Type]) * int64(elements)
	offset, err := number("offset", 0)
	length, err2 := number("length", size)
	if err = errors.Join(err, err2); err != nil {
		return nil, err
	}
	if length != size {
		return nil, fmt.Errorf("shape %v of %v takes %d bytes, %q has %d for it", t.Dims, t.Type, size,
			Printable(name), length)
	}
	return section(folder, name, offset, length)
}

// section reads a part of a file in a folder. Links out of it are refused.
func section(folder, name string, offset, length int64) ([]byte, error) {
	root, err := os.OpenRoot(folder)
	if err != nil {
		return nil, err
	}
	defer root.Close()
	// What is no file is not opened: a pipe would wait for a writer.
	if info, err := root.Stat(filepath.FromSlash(name)); err != nil {
		return nil, fmt.Errorf("its data are in %q: %w", Printable(name), cause(err))
	} else if !info.Mode().IsRegular() {
		return nil, fmt.Errorf("its data are in %q, which is no regular file", Printable(name))
	}
	f, err := root.Open(filepath.FromSlash(name))
	if err != nil {
		return nil, fmt.Errorf("its data are in %q: %w", Printable(name), cause(err))
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() || offset > info.Size() || length > info.Size()-offset {
		return nil, fmt.Errorf("its data are the %d bytes from %d on of %q, which has %d", length, offset,
			Printable(name),
			info.Size())
	}
	data := make([]byte, length)
	_, err = io.ReadFull(io.NewSectionReader(f, offset, length), data)
	return data, err
}

// cause is an error without the path that it names.
func cause(err error) error {
	if with, ok := errors.AsType[*fs.PathError](err); ok {
		return with.Err
	}
	return err
}
