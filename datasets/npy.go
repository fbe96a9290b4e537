package datasets

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
)

// array is an npy file: its header, and once they are read, the elements in
// row-major order in one of the slices.
type array struct {
	npyHeader
	in     *input
	whole  bool      // integers are wanted as such
	bytes  []uint8   // u1 and b1
	ints   []int64   // other integers; of u8 those below 2⁶³
	floats []float32 // f4, f8, and integers that are not wanted as such
	disk   string    // where they are, H W C, if not in memory
}

// openNPY reads the beginning of NumPy's format, versions 1 to 3: the magic
// string, two version bytes, the header's length (uint16 in version 1, uint32
// later, little endian), the header, which is a Python dictionary. The elements
// follow. NumPy Enhancement Proposal 1; numpy.lib.format.
func openNPY(in *input) (*array, error) {
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
	if h.fortran && len(h.shape) > 1 {
		return nil, in.errorf("column-major order; save numpy.ascontiguousarray(x)")
	}
	if width, _, _ := npyDecoder(h.descr); width == 0 {
		return nil, in.errorf("type %q, want one of %s", h.descr, npyTypes)
	}
	return &array{npyHeader: h, in: in}, nil
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

// maxElements is how many elements can be counted in bytes.
const maxElements = int64(math.MaxInt / 8)

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
		if err != nil || n < 0 || int64(n) > maxElements/max(total, 1) {
			return h, fmt.Errorf("shape %s: want at most %d elements", clip(shape), maxElements)
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

// elements is their number.
func (h *npyHeader) elements() int {
	n := 1
	for _, k := range h.shape {
		n *= k
	}
	return n
}

// size is how many bytes the elements take when they are read.
func (a *array) size() int64 {
	_, integer, _ := npyDecoder(a.descr)
	switch {
	case a.isBytes():
		return int64(a.elements())
	case a.whole && integer != nil:
		return 8 * int64(a.elements())
	}
	return 4 * int64(a.elements())
}

// isBytes reports whether elements stay bytes.
func (a *array) isBytes() bool {
	width, integer, _ := npyDecoder(a.descr)
	return width == 1 && integer == nil
}

// read reads the elements, to the end of the stream.
func (a *array) read() (err error) {
	n := a.elements()
	width, integer, float := npyDecoder(a.descr)
	switch {
	case integer == nil && float == nil:
		a.bytes, err = a.in.bytes(int64(n))
	case integer != nil && a.whole:
		a.ints, err = decode(a.in, n, width, integer)
	case float != nil:
		a.floats, err = decode(a.in, n, width, float)
	default:
		a.floats, err = decode(a.in, n, width, func(b []byte) float32 { return float32(integer(b)) })
	}
	if err != nil {
		return err
	}
	if a.descr[1:] == "u8" && slices.Contains(a.ints, math.MaxInt64) {
		return a.in.errorf("a number of 2⁶³ or more, want less of labels and targets")
	}
	return a.in.end()
}

const npyTypes = "|b1 |u1 |i1, and u2 u4 u8 i2 i4 i8 f4 f8 with < or >"

// npyDecoder returns the width of an element, 0 if the type is not supported,
// and its decoder: one of the two, or none for elements that are bytes; of u8 both, since
// some are no int64.
func npyDecoder(descr string) (width int, integer func([]byte) int64, float func([]byte) float32) {
	if len(descr) < 3 {
		return 0, nil, nil
	}
	var order binary.ByteOrder = binary.LittleEndian
	if descr[0] == '>' {
		order = binary.BigEndian
	}
	switch descr[1:] {
	case "u1", "b1":
		return 1, nil, nil
	case "i1":
		return 1, func(b []byte) int64 { return int64(int8(b[0])) }, nil
	case "i2":
		return 2, func(b []byte) int64 { return int64(int16(order.Uint16(b))) }, nil
	case "i4":
		return 4, func(b []byte) int64 { return int64(int32(order.Uint32(b))) }, nil
	case "i8":
		return 8, func(b []byte) int64 { return int64(order.Uint64(b)) }, nil
	case "u8":
		return 8, func(b []byte) int64 { return int64(min(order.Uint64(b), math.MaxInt64)) },
			func(b []byte) float32 { return float32(order.Uint64(b)) }
	case "u2":
		return 2, func(b []byte) int64 { return int64(order.Uint16(b)) }, nil
	case "u4":
		return 4, func(b []byte) int64 { return int64(order.Uint32(b)) }, nil
	case "f4":
		return 4, nil, func(b []byte) float32 { return math.Float32frombits(order.Uint32(b)) }
	case "f8":
		return 8, nil, func(b []byte) float32 { return float32(math.Float64frombits(order.Uint64(b))) }
	}
	return 0, nil, nil
}
