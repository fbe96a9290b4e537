//go:build darwin || dragonfly || freebsd || linux || netbsd || openbsd

package datasets

import (
	"fmt"
	"math"
	"os"
	"unsafe"

	"golang.org/x/sys/unix"
)

// canMap says that files can be mapped into memory here.
const canMap = true

// mapFile maps the beginning of a file, to read it. It stays mapped until the process
// ends; the system reads what is asked for, and drops it when memory is short.
func mapFile(f *os.File, bytes int64) ([]byte, error) {
	if bytes > math.MaxInt {
		return nil, fmt.Errorf("more than the %d that this processor can address", math.MaxInt)
	}
	mapped, err := unix.Mmap(int(f.Fd()), 0, int(bytes), unix.PROT_READ, unix.MAP_SHARED)
	if err != nil {
		return nil, err
	}
	// Without this, the system would read much around each page, in vain: samples are
	// shuffled.
	return mapped, unix.Madvise(mapped, unix.MADV_RANDOM)
}

// willNeed lets the system read a part of a mapped file ahead.
func willNeed[T uint8 | float32](part []T) {
	at, size := unsafe.Pointer(unsafe.SliceData(part)), len(part)*int(unsafe.Sizeof(part[0]))
	before := int(uintptr(at) % uintptr(os.Getpagesize()))
	whole := unsafe.Slice((*byte)(unsafe.Add(at, -before)), before+size)
	_ = unix.Madvise(whole, unix.MADV_WILLNEED) // if it fails, pages are read one by one
}
