//go:build race

package kernel

// The race detector makes each look a hundred times as long, and half of its
// time was spent on looks in vain.
const (
	patience = 1000
	breath   = 8
)
