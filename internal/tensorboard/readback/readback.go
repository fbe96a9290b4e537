// Package readback reads event files as their formats say, for tests. It shares nothing
// with the writer: its CRC is computed bit by bit, and it reads protocol buffers field by
// field.
package readback

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"sort"
	"strings"
)

// CRC is CRC-32C bit by bit: the reflected polynomial 0x1EDC6F41.
func CRC(data []byte) uint32 {
	c := ^uint32(0)
	for _, b := range data {
		c ^= uint32(b)
		for range 8 {
			if c&1 != 0 {
				c = c>>1 ^ 0x82f63b78
			} else {
				c >>= 1
			}
		}
	}
	return ^c
}

func unmask(m uint32) uint32 {
	r := m - 0xa282ead8
	return r>>17 | r<<15
}

// ErrTruncated is the error of a file that ends in the middle of a record.
var ErrTruncated = errors.New("the last record is incomplete")

// Records splits a file.
func Records(file []byte) (all [][]byte, err error) {
	for len(file) > 0 {
		if len(file) < 12 {
			return all, ErrTruncated
		}
		if unmask(binary.LittleEndian.Uint32(file[8:])) != CRC(file[:8]) {
			return all, fmt.Errorf("record %d: the length's CRC is wrong", len(all))
		}
		n := binary.LittleEndian.Uint64(file)
		if uint64(len(file)) < 16+n {
			return all, ErrTruncated
		}
		data := file[12 : 12+n]
		if unmask(binary.LittleEndian.Uint32(file[12+n:])) != CRC(data) {
			return all, fmt.Errorf("record %d: the data's CRC is wrong", len(all))
		}
		all, file = append(all, data), file[16+n:]
	}
	return all, nil
}

// Fields are the fields of a message: varints and fixed numbers as uint64, others as bytes.
type Fields map[int][]any

// Parse splits a message.
func Parse(data []byte) (Fields, error) {
	f := Fields{}
	for len(data) > 0 {
		key, n := binary.Uvarint(data)
		if n <= 0 {
			return nil, io.ErrUnexpectedEOF
		}
		data = data[n:]
		number := int(key >> 3)
		var v any
		switch key & 7 {
		case 0:
			u, n := binary.Uvarint(data)
			if n <= 0 {
				return nil, io.ErrUnexpectedEOF
			}
			v, data = u, data[n:]
		case 1:
			if len(data) < 8 {
				return nil, io.ErrUnexpectedEOF
			}
			v, data = binary.LittleEndian.Uint64(data), data[8:]
		case 5:
			if len(data) < 4 {
				return nil, io.ErrUnexpectedEOF
			}
			v, data = uint64(binary.LittleEndian.Uint32(data)), data[4:]
		case 2:
			size, n := binary.Uvarint(data)
			if n <= 0 || uint64(len(data)-n) < size {
				return nil, io.ErrUnexpectedEOF
			}
			v, data = data[n:n+int(size)], data[n+int(size):]
		default:
			return nil, fmt.Errorf("field %d has wire type %d", number, key&7)
		}
		f[number] = append(f[number], v)
	}
	return f, nil
}

// Int is the first number of a field, 0 if there is none.
func (f Fields) Int(number int) int64 {
	if v := f[number]; v != nil {
		return int64(v[0].(uint64))
	}
	return 0
}

// Double is Int as a double.
func (f Fields) Double(number int) float64 {
	return math.Float64frombits(uint64(f.Int(number)))
}

// Text is the first string of a field.
func (f Fields) Text(number int) string {
	if v := f[number]; v != nil {
		return string(v[0].([]byte))
	}
	return ""
}

// Sub is a message inside; it must be one.
func (f Fields) Sub(number int) Fields {
	if f[number] == nil {
		return nil
	}
	m, err := Parse(f[number][0].([]byte))
	if err != nil {
		panic(err)
	}
	return m
}

// Doubles is a packed list.
func (f Fields) Doubles(number int) (all []float64) {
	for raw := []byte(f.Text(number)); len(raw) >= 8; raw = raw[8:] {
		all = append(all, math.Float64frombits(binary.LittleEndian.Uint64(raw)))
	}
	return all
}

// Point is a value at a step.
type Point struct {
	Step  int64
	Value Fields
}

// Shown is what TensorBoard shows of a folder: the files in the order of their names,
// where each later session drops the steps from its own on. A file may end in the middle of
// a record.
func Shown(folder string) (map[string][]Point, error) {
	entries, err := os.ReadDir(folder)
	if err != nil {
		return nil, err
	}
	var names []string
	for _, e := range entries {
		if strings.Contains(e.Name(), "tfevents") {
			names = append(names, folder+"/"+e.Name())
		}
	}
	sort.Strings(names)
	points := map[string][]Point{}
	for i, name := range names {
		file, err := os.ReadFile(name)
		if err != nil {
			return nil, err
		}
		all, err := Records(file)
		if err != nil && err != ErrTruncated {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		for at, data := range all {
			e, err := Parse(data)
			if err != nil {
				return nil, fmt.Errorf("%s: event %d: %w", name, at, err)
			}
			if at == 0 && e.Text(3) != "brain.Event:2" || e.Double(1) < 1e9 {
				return nil, fmt.Errorf("%s: event %d: version %q, time %v", name, at, e.Text(3), e.Double(1))
			}
			step := e.Int(2)
			if e.Sub(7).Int(1) == 1 && i > 0 {
				for tag, list := range points {
					points[tag] = list[:sort.Search(len(list), func(i int) bool { return list[i].Step >= step })]
				}
			}
			for _, v := range e.Sub(5)[1] {
				value, err := Parse(v.([]byte))
				if err != nil {
					return nil, fmt.Errorf("%s: event %d: %w", name, at, err)
				}
				points[value.Text(1)] = append(points[value.Text(1)], Point{step, value})
			}
		}
	}
	return points, nil
}
