// Package blas gives Gorgonia this module's matrix product.
//
// Gorgonia's own operators (Mul, Tensordot and what is built of them) call
// whatever BLAS it was told to use:
//
//	gorgonia.Use(blas.Implementation{})
//
// [Implementation] is Gonum's, in Go, but for the float32 matrix product,
// which is [petrify/internal/kernel.Gemm]: several times faster, on all
// cores, and the same to the last bit on any number of them.
package blas
