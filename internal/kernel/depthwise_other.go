//go:build !amd64 || noasm

package kernel

// pixels computes m outputs.
func (l *lanes) pixels(m int) { l.pixelsGeneric(0, m) }

// taps adds the gradients of m taps.
func (l *lanesGradient) taps(m int) { l.tapsGeneric(0, m) }
