//go:build linux && cgo

package main

// spareSpace is the address space that the process needs besides what it
// allocates: Go's heap reserves 64 MiB at a time, and C's library 8 MiB for
// each thread and 64 MiB for the heaps of most.
const spareSpace = 1 << 30
