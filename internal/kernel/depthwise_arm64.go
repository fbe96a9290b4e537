//go:build arm64 && !noasm

package kernel

// vectorChannels is how many of n channels the assembly takes. The Go loops do
// the rest.
func vectorChannels(n int) int {
	if path == generic {
		return 0
	}
	return n &^ 3
}

// pixels computes m outputs.
func (l *strip) pixels(m int) {
	done := vectorChannels(l.n)
	if done > 0 {
		depthwiseNEON(&l.c[0], l.ldc, &l.x[0], l.rs, &l.off[0], len(l.off), &l.w[0], l.ldw, m, done)
	}
	if done < l.n {
		l.pixelsGeneric(done, m)
	}
}

// taps adds the gradients of m taps, 9 being a 3×3 window.
func (l *stripGradient) taps(m int) {
	done := vectorChannels(l.n)
	if done > 0 {
		depthwiseGradientNEON(&l.c[0], l.ldc, &l.x[0], l.rs, l.gs, l.cs, &l.off[0], len(l.off), l.k, &l.b[0],
			l.ldb, m, done)
	}
	if done < l.n {
		l.tapsGeneric(done, m)
	}
}
