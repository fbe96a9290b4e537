package kernel

import "fmt"

// block is how many elements one task of an element-wise kernel works on: 32 KiB
// of float32, some microseconds' work, so that a small layer is shared by many
// processors, and large against the cost of handing out a task.
const block = 1 << 13

// blocks calls f(lo, hi) on consecutive pieces of 0..n. Where the pieces end
// depends only on n, never on the number of threads.
func blocks(n, size int, f func(lo, hi int)) {
	count := partCount(n, size)
	if count == 1 {
		f(0, n)
		return
	}
	Parallel(count, func(i int) { f(i*size, min(n, (i+1)*size)) })
}

// rowBlocks is blocks over the rows of a rows×c matrix.
func rowBlocks(rows, c int, f func(lo, hi int)) {
	blocks(rows, max(1, block/max(1, c)), f)
}

// rowCost is how many elements a call for a row of them costs at least.
const rowCost = 512

// brief reports whether a loop over the rows of a matrix is over before another processor
// could help much: mlp's layers took longer on two processors than on one.
func brief(rows, cols int) bool { return rows*cols <= block && rows*rowCost <= 4*block }

// Each calls f for each of n things of size elements that do not share a result, some
// in one go where they are small.
func Each(n, size int, f func(i int)) {
	all := func(lo, hi int) {
		for i := lo; i < hi; i++ {
			f(i)
		}
	}
	if brief(n, size) {
		all(0, n)
		return
	}
	rowBlocks(n, max(size, rowCost), all)
}

// A reduction leaves one partial result per piece and adds them up in order. It
// makes at most maxParts pieces, so that its memory does not grow with the
// batch, of at least minPart elements. Where they end is part of the result.
const maxParts, minPart = 64, 1 << 15

// partSize is the size of a reduction's pieces of n elements.
func partSize(n int) int { return max(minPart, (n+maxParts-1)/maxParts) }

// partCount is how many pieces [blocks] makes, at least one.
func partCount(n, size int) int { return max(1, (n+size-1)/size) }

// checkLen panics when a slice does not have the length that the kernel's
// other arguments imply.
func checkLen(kernel, name string, got, want int) {
	if got != want {
		panic(fmt.Sprintf("kernel: %s: len(%s) = %d, want %d", kernel, name, got, want))
	}
}
