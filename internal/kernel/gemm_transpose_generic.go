package kernel

// transposeGeneric is transpose's loop in Go.
func transposeGeneric(dst, src []float32, rows, n, ld, width int) {
	for i := range rows {
		row := dst[i*width:][:width]
		for j := range n {
			row[j] = src[j*ld+i]
		}
		clear(row[n:])
	}
}
