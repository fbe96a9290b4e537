//go:build !race

package kernel

// patience is how often a helper looks in vain before it ends, and a caller before it
// sleeps: a tenth of a millisecond or two.
const patience = 100_000

// breath is the number of looks from one of them that lets other goroutines run to the next.
const breath = 1024
