package blas

import (
	"gonum.org/v1/gonum/blas"
	"gonum.org/v1/gonum/blas/gonum"

	"petrify/internal/kernel"
)

// Implementation is Gonum's BLAS with another Sgemm.
type Implementation struct{ gonum.Implementation }

// Sgemm computes C = α·op(A)·op(B) + β·C, as Gonum's Sgemm does; op(X) is X or
// its transpose. It panics where that one would, with its words.
func (i Implementation) Sgemm(tA, tB blas.Transpose, m, n, k int, alpha float32, a []float32, lda int, b []float32, ldb int, beta float32, c []float32, ldc int) {
	rowsA, colsA, okA := stored(tA, m, k)
	rowsB, colsB, okB := stored(tB, k, n)
	if !okA || !okB || !fits(a, rowsA, colsA, lda) || !fits(b, rowsB, colsB, ldb) || !fits(c, m, n, ldc) {
		i.Implementation.Sgemm(tA, tB, m, n, k, alpha, a, lda, b, ldb, beta, c, ldc)
		return
	}
	kernel.Gemm(tA != blas.NoTrans, tB != blas.NoTrans, m, n, k, alpha, a, lda, b, ldb, beta, c, ldc)
}

// stored returns the shape in memory of a matrix that is rows×cols after t.
func stored(t blas.Transpose, rows, cols int) (r, c int, ok bool) {
	switch t {
	case blas.NoTrans:
		return rows, cols, true
	case blas.Trans, blas.ConjTrans:
		return cols, rows, true
	}
	return 0, 0, false
}

// fits reports whether x holds a rows×cols matrix with rows ld apart.
func fits(x []float32, rows, cols, ld int) bool {
	return rows > 0 && cols > 0 && ld >= cols && len(x) >= (rows-1)*ld+cols
}
