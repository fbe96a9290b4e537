// Package kernel holds the hot loops: pure functions on slices, which know
// shapes but neither graphs nor layers.
//
// # Conventions
//
// The destination comes first. Images are N H W C in memory, one after the
// other, convolution weights O I KH KW, matrices row by row; the letters are
//
//	N images   H W height and width   C channels in   O channels out
//	K a sum's length   KH KW a window   F features
//
// A slice whose length does not fit its shape is a programming error, and
// panics; nothing else does.
//
// # Paths
//
// Each kernel exists in Go, which is its specification, and in assembly:
// AVX-512, and AVX2 with FMA; on ARM NEON, with SDOT or SUDOT for products of
// bytes. All pass one table of tests. The best path the processor has is chosen
// when the program starts; the environment variable PETRIFY_KERNEL (generic,
// avx2, avx512; generic, neon, dot, i8mm) forces one, [Check] says if it cannot,
// and [Path] names the one in use. The build tag noasm leaves only Go. Assembly
// is written by the generators in the folder _asm, a module of its own. A
// function of this package takes at most six arguments, structs among them;
// assembly takes each address that it reads as an argument of its own, and
// where that is the address of a struct's field, the stub's comment or its
// caller names the fields behind it.
//
// # Reproducibility
//
// A result depends on the operands alone, to the last bit: neither on the path nor
// on the number of threads. Work is split only by shape. A sum of products is a
// chain of fused multiply-adds over the terms, cut where the shape says; the sums
// of a column are chains over its rows, whose number the column says (chains).
// No order depends on how many numbers a register holds.
//
// # Memory
//
// A kernel that needs working memory takes a [Scratch] from its caller, who
// keeps it from call to call. A steady training step allocates nothing that
// grows with its batch.
package kernel
