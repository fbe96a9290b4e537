//go:build amd64 && !noasm

package kernel

//go:generate go -C _asm run ./depthwise -pkg kernel -out ../depthwise_amd64.s -stubs ../depthwise_stubs_amd64.go

// pixels computes m outputs, as many at once as the registers allow.
func (l *strip) pixels(m int) {
	done := 0
	switch path {
	case avx512:
		done = l.n
		for i := 0; i < m; i += 14 {
			depthwiseAVX512(&l.c[i*l.ldc], l.ldc, &l.x[i*l.rs], l.rs, &l.off[0], len(l.off), &l.w[0], l.ldw,
				min(14, m-i), l.n)
		}
	case avx2:
		done = l.n &^ 7
		for i := 0; i < m && done > 0; i += 12 {
			depthwiseAVX2(&l.c[i*l.ldc], l.ldc, &l.x[i*l.rs], l.rs, &l.off[0], len(l.off), &l.w[0], l.ldw,
				min(12, m-i), done)
		}
	}
	if done < l.n {
		l.pixelsGeneric(done, m)
	}
}

// taps adds the gradients of m taps, 9 being a 3×3 window.
func (l *stripGradient) taps(m int) {
	done := 0
	switch path {
	case avx512:
		done = l.n
		depthwiseGradientAVX512(&l.c[0], l.ldc, &l.x[0], l.rs, l.gs, l.cs, &l.off[0], len(l.off), l.k, &l.b[0],
			l.ldb, m, done)
	case avx2:
		if done = l.n &^ 7; done > 0 {
			depthwiseGradientAVX2(&l.c[0], l.ldc, &l.x[0], l.rs, l.gs, l.cs, &l.off[0], len(l.off), l.k, &l.b[0],
				l.ldb, m, done)
		}
	}
	if done < l.n {
		l.tapsGeneric(done, m)
	}
}
