package datasets

import (
	"encoding/binary"
	"fmt"
	"io"
	"strings"
)

// WriteNPY writes an array in row-major order as an npy file, version 1: its
// header ends at a multiple of 64 bytes. NumPy Enhancement Proposal 1.
func WriteNPY[T float32 | uint8](w io.Writer, shape []int, x []T) error {
	descr := map[bool]string{true: "|u1", false: "<f4"}[binary.Size(*new(T)) == 1]
	var axes strings.Builder
	for _, n := range shape {
		fmt.Fprintf(&axes, "%d, ", n)
	}
	const before = 10 // magic string, version, length
	header := fmt.Sprintf("{'descr': '%s', 'fortran_order': False, 'shape': (%s), }", descr, axes.String())
	header += strings.Repeat(" ", 63-(before+len(header))%64) + "\n"
	start := binary.LittleEndian.AppendUint16([]byte("\x93NUMPY\x01\x00"), uint16(len(header)))
	if _, err := w.Write(append(start, header...)); err != nil {
		return err
	}
	return binary.Write(w, binary.LittleEndian, x)
}
