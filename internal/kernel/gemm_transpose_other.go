//go:build (!amd64 && !arm64) || noasm

package kernel

// transpose writes dst[i·width+j] = src[j·ld+i] for i < rows, j < n, and zeros
// for n ≤ j < width.
func transpose(dst, src []float32, rows, n, ld, width int) {
	transposeGeneric(dst, src, rows, n, ld, width)
}
