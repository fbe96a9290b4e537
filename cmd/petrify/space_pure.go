//go:build linux && !cgo

package main

// spareSpace is the address space that the process needs besides what it
// allocates: Go's heap reserves 64 MiB at a time.
const spareSpace = 128 << 20
