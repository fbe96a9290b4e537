//go:build amd64 && !noasm

package kernel

//go:generate go -C _asm run ./transpose -pkg kernel -out ../gemm_transpose_amd64.s -stubs ../gemm_transpose_stubs_amd64.go

// transpose writes dst[i·width+j] = src[j·ld+i] for i < rows, j < n, and zeros
// for n ≤ j < width, a multiple of 16.
func transpose(dst, src []float32, rows, n, ld, width int) {
	if n < width || path == generic {
		transposeGeneric(dst, src, rows, n, ld, width)
		return
	}
	whole := rows &^ 3
	if whole > 0 {
		_, _ = dst[(whole-1)*width+n-1], src[(n-1)*ld+whole-1]
		for j := 0; j < n; j += 16 {
			if path == avx512 {
				transposeAVX512(&dst[j], &src[j*ld], whole, ld, width)
			} else {
				transposeAVX2(&dst[j], &src[j*ld], whole, ld, width)
			}
		}
	}
	if whole < rows {
		transposeGeneric(dst[whole*width:], src[whole:], rows-whole, n, ld, width)
	}
}
