package integer

import (
	"unsafe"

	"petrify/internal/arena"
	"petrify/internal/kernel"
)

// kind is the type of a tensor's elements.
type kind uint8

const (
	bytes kind = iota
	floats
	ints
)

// size is the bytes of an element.
func (k kind) size() int {
	if k == bytes {
		return 1
	}
	return 4
}

// tensor is a region of the arena, for the images that are computed together.
type tensor struct {
	kind        kind
	elements    int  // of one image
	shared      bool // one for all images
	offset      int  // in the arena
	first, last int  // the steps that write it first and read it last
}

// bytes is what the tensor takes for the given number of images, in whole
// cache lines.
func (t *tensor) bytes(images int) int {
	const line = 64
	if t.shared {
		images = 1
	}
	return (t.elements*t.kind.size()*images + line - 1) / line * line
}

// place gives every tensor an offset so that no two that are alive at the same
// time overlap, and returns the arena's length.
func place(tensors []*tensor, images int) (length int) {
	pieces := make([]*arena.Piece, len(tensors))
	for i, t := range tensors {
		pieces[i] = &arena.Piece{Size: t.bytes(images), First: t.first, Last: t.last}
	}
	length = arena.Plan(pieces)
	for i, t := range tensors {
		t.offset = pieces[i].Offset
	}
	return length
}

// memory is what one goroutine computes in.
type memory struct {
	arena   []uint64
	scratch []kernel.Scratch // one per step
}

func newMemory(bytes, steps int) *memory {
	return &memory{make([]uint64, (bytes+7)/8), make([]kernel.Scratch, steps)}
}

// view is n elements of type T starting at the given byte of the arena.
func view[T uint8 | int32 | float32](m *memory, offset, n int) []T {
	start := unsafe.Add(unsafe.Pointer(unsafe.SliceData(m.arena)), offset)
	return unsafe.Slice((*T)(start), n)
}

func (m *memory) bytes(t *tensor, n int) []uint8    { return view[uint8](m, t.offset, n*t.elements) }
func (m *memory) floats(t *tensor, n int) []float32 { return view[float32](m, t.offset, n*t.elements) }
func (m *memory) ints(t *tensor, n int) []int32     { return view[int32](m, t.offset, n*t.elements) }
