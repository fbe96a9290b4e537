package datasets

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
)

// array is the content of an npy file in row-major order; one of the slices is set.
type array struct {
	descr  string // such as "<f4"
	shape  []int
	bytes  []uint8   // u1 and b1
	ints   []int64   // other integers; u8 above 2⁶³ wraps, and is no label
	floats []float32 // f4, f8
}

// readNPY reads NumPy's format, versions 1 to 3: the magic string, two version
// bytes, the header's length (uint16 in version 1, uint32 later, little
// endian), the header, which is a Python dictionary, then the elements.
// NumPy Enhancement Proposal 1; numpy.lib.format.
func readNPY(in *input) (*array, error) {
	const magic = "\x93NUMPY"
	start, err := in.bytes(8)
	if err != nil {
		return nil, err
	}
	if string(start[:6]) != magic {
		return nil, in.errorAt(0, "magic string %q, want %q", start[:6], magic)
	}
	lengthBytes := int64(4)
	switch start[6] {
	case 1:
		lengthBytes = 2
	case 2, 3:
	default:
		return nil, in.errorAt(6, "format version %d, want 1, 2 or 3", start[6])
	}
	length, err := in.bytes(lengthBytes)
	if err != nil {
		return nil, err
	}
	n := int64(binary.LittleEndian.Uint32(append(length, 0, 0)[:4]))
	if n > 1<<16 {
		return nil, in.errorAt(8, "header of %d bytes, at most %d are read", n, 1<<16)
	}
	at := in.off
	header, err := in.bytes(n)
	if err != nil {
		return nil, err
	}
	h, err := parseNPYHeader(string(header))
	if err != nil {
		return nil, in.errorAt(at, "header %q: %w", clip(string(header)), err)
	}
	return readElements(in, h)
}

// clip shortens what is quoted in an error.
func clip(s string) string {
	s = strings.TrimSpace(s)
	if len(s) > 80 {
		s = s[:80] + "…"
	}
	return s
}

// npyHeader is the dictionary of an npy file.
type npyHeader struct {
	descr   string // such as "<f4"
	fortran bool
	shape   []int
}

// parseNPYHeader reads the one form that NumPy writes:
// {'descr': '<f4', 'fortran_order': False, 'shape': (3, 4), }.
func parseNPYHeader(s string) (h npyHeader, err error) {
	if h.descr, err = dictValue(s, "descr"); err != nil {
		return h, err
	}
	h.descr = strings.Trim(h.descr, `'"`)
	order, err := dictValue(s, "fortran_order")
	if err != nil {
		return h, err
	}
	if order != "True" && order != "False" {
		return h, fmt.Errorf("fortran_order %q, want True or False", order)
	}
	h.fortran = order == "True"
	shape, err := dictValue(s, "shape")
	if err != nil {
		return h, err
	}
	total := int64(1)
	for field := range strings.SplitSeq(strings.Trim(shape, "()"), ",") {
		if field = strings.TrimSpace(field); field == "" {
			continue
		}
		n, err := strconv.Atoi(field)
		if err != nil || n < 0 || int64(n) > maxBytes/max(total, 1) {
			return h, fmt.Errorf("shape %s: want at most %d elements", clip(shape), int64(maxBytes))
		}
		total *= int64(n)
		h.shape = append(h.shape, n)
	}
	return h, nil
}

// dictValue returns the text of a key's value in a Python dictionary: a string
// or a word up to the comma, or a tuple with its parentheses.
func dictValue(s, key string) (string, error) {
	_, rest, ok := strings.Cut(s, "'"+key+"':")
	if !ok {
		return "", fmt.Errorf("no key %s", key)
	}
	rest = strings.TrimSpace(rest)
	if strings.HasPrefix(rest, "(") {
		end := strings.IndexByte(rest, ')')
		if end < 0 {
			return "", fmt.Errorf("%s has no closing parenthesis", key)
		}
		return rest[:end+1], nil
	}
	if strings.HasPrefix(rest, "[") {
		return "", errors.New("records are not supported")
	}
	end := strings.IndexAny(rest, ",}")
	if end < 0 {
		return "", fmt.Errorf("%s ends in no comma or brace", key)
	}
	return strings.TrimSpace(rest[:end]), nil
}

// readElements reads what the header announces, to the end of the stream.
func readElements(in *input, h npyHeader) (*array, error) {
	if h.fortran && len(h.shape) > 1 {
		return nil, in.errorf("column-major order; save numpy.ascontiguousarray(x)")
	}
	if len(h.descr) < 3 {
		return nil, in.errorf("type %q, want one of %s", h.descr, npyTypes)
	}
	a := &array{descr: h.descr, shape: h.shape}
	width, decode := npyDecoder(h.descr)
	if width == 0 {
		return nil, in.errorf("type %q, want one of %s", h.descr, npyTypes)
	}
	n := 1
	for _, k := range h.shape {
		n *= k
	}
	data, err := in.bytes(int64(n) * int64(width))
	if err != nil {
		return nil, err
	}
	if err := in.end(); err != nil {
		return nil, err
	}
	if decode == nil {
		a.bytes = data
		return a, nil
	}
	decode(a, data)
	return a, nil
}

const npyTypes = "|b1 |u1 |i1, and u2 u4 u8 i2 i4 i8 f4 f8 with < or >"

// npyDecoder returns the width of an element, 0 if the type is not supported,
// and what decodes elements; nil for those that are bytes already.
func npyDecoder(descr string) (width int, decode func(*array, []byte)) {
	var order binary.ByteOrder = binary.LittleEndian
	if descr[0] == '>' {
		order = binary.BigEndian
	}
	integer := func(width int, get func([]byte) int64) (int, func(*array, []byte)) {
		return width, func(a *array, b []byte) {
			a.ints = make([]int64, len(b)/width)
			for i := range a.ints {
				a.ints[i] = get(b[i*width:])
			}
		}
	}
	float := func(width int, get func([]byte) float32) (int, func(*array, []byte)) {
		return width, func(a *array, b []byte) {
			a.floats = make([]float32, len(b)/width)
			for i := range a.floats {
				a.floats[i] = get(b[i*width:])
			}
		}
	}
	switch descr[1:] {
	case "u1", "b1":
		return 1, nil
	case "i1":
		return integer(1, func(b []byte) int64 { return int64(int8(b[0])) })
	case "i2":
		return integer(2, func(b []byte) int64 { return int64(int16(order.Uint16(b))) })
	case "i4":
		return integer(4, func(b []byte) int64 { return int64(int32(order.Uint32(b))) })
	case "i8", "u8":
		return integer(8, func(b []byte) int64 { return int64(order.Uint64(b)) })
	case "u2":
		return integer(2, func(b []byte) int64 { return int64(order.Uint16(b)) })
	case "u4":
		return integer(4, func(b []byte) int64 { return int64(order.Uint32(b)) })
	case "f4":
		return float(4, func(b []byte) float32 { return math.Float32frombits(order.Uint32(b)) })
	case "f8":
		return float(8, func(b []byte) float32 { return float32(math.Float64frombits(order.Uint64(b))) })
	}
	return 0, nil
}
