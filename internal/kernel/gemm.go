package kernel

// Gemm computes the product of BLAS's sgemm on row-major matrices,
//
//	C = α·op(A)·op(B) + β·C
//
// op(A) being m×k and op(B) k×n: A itself, or its transpose where transA is
// set. lda, ldb and ldc are the distances between rows. Where β is 0, C is
// not read.
func Gemm(transA, transB bool, m, n, k int, alpha float32, a []float32, lda int, b []float32, ldb int, beta float32, c []float32, ldc int) {
	ars, acs := lda, 1
	if transA {
		ars, acs = 1, lda
	}
	brs, bcs := ldb, 1
	if transB {
		brs, bcs = 1, ldb
	}
	Parallel(m, func(i int) {
		for j := range n {
			var sum float32
			for p := range k {
				sum += a[i*ars+p*acs] * b[p*brs+j*bcs]
			}
			if beta == 0 {
				c[i*ldc+j] = alpha * sum
				continue
			}
			c[i*ldc+j] = alpha*sum + beta*c[i*ldc+j]
		}
	})
}
