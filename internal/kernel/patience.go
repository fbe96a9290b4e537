//go:build !race

package kernel

// patience is how often a helper looks in vain before it ends: a few hundred
// microseconds.
const patience = 100_000

// breath is the number of looks from one of them that lets other goroutines run to the next.
const breath = 1024
