//go:build (!amd64 && !arm64) || noasm

package kernel

// pixels computes m outputs.
func (l *strip) pixels(m int) { l.pixelsGeneric(0, m) }

// taps adds the gradients of m taps.
func (l *stripGradient) taps(m int) { l.tapsGeneric(0, m) }
