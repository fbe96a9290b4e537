//go:build arm64 && !noasm

package kernel

// transpose writes dst[i·width+j] = src[j·ld+i] for i < rows, j < n, and zeros
// for n ≤ j < width, a multiple of 16.
func transpose(dst, src []float32, rows, n, ld, width int) {
	whole := rows &^ 3
	if n < width || path == generic || whole == 0 {
		transposeGeneric(dst, src, rows, n, ld, width)
		return
	}
	_, _ = dst[(whole-1)*width+n-1], src[(n-1)*ld+whole-1]
	for j := 0; j < n; j += 16 {
		transposeNEON(&dst[j], &src[j*ld], whole, ld, width)
	}
	if whole < rows {
		transposeGeneric(dst[whole*width:], src[whole:], rows-whole, n, ld, width)
	}
}
