package kernel

// Batch normalisation over the rows of a rows×c matrix (N·H·W × C), in
// training and frozen.
//
// Source: S. Ioffe, C. Szegedy, "Batch Normalization: Accelerating Deep
// Network Training by Reducing Internal Covariate Shift", ICML 2015,
// Algorithm 1 and the derivatives in its section 3.

// BatchNormForward is y[r,j] = (x[r,j] − μ[j])·(γ[j]·invStd[j]) + β[j], then
// max(0, ·) if relu, with invStd[j] = 1/√(σ²[j] + ε). y may be x.
func BatchNormForward(y, x, mean, invStd, gamma, beta []float32, rows, c int, relu bool) {
	checkLen("BatchNormForward", "invStd", len(invStd), c)
	checkLen("BatchNormForward", "gamma", len(gamma), c)
	v := newVectors(c)
	defer v.done()
	scale := v.next()
	for j := range scale {
		scale[j] = gamma[j] * invStd[j]
	}
	affineRows("BatchNormForward", y, x, mean, scale, beta, rows, c, relu)
}

// ScaleShift is y[r,j] = x[r,j]·scale[j] + shift[j], then max(0, ·) if relu:
// batch normalisation with frozen statistics, or with scale 1 a bias and its
// ReLU in one pass. y may be x.
func ScaleShift(y, x, scale, shift []float32, rows, c int, relu bool) {
	v := newVectors(c)
	defer v.done()
	affineRows("ScaleShift", y, x, v.fill(0), scale, shift, rows, c, relu)
}

// affineRows is y[r,j] = (x[r,j] − mean[j])·scale[j] + shift[j], rectified if
// relu, each operation rounded by itself.
func affineRows(kernel string, y, x, mean, scale, shift []float32, rows, c int, relu bool) {
	checkLen(kernel, "y", len(y), rows*c)
	checkLen(kernel, "x", len(x), rows*c)
	checkLen(kernel, "mean", len(mean), c)
	checkLen(kernel, "scale", len(scale), c)
	checkLen(kernel, "shift", len(shift), c)
	rowBlocks(rows, c, func(lo, hi int) {
		tiles(lo, hi, c, func(lo, hi int) {
			affineTile(y[lo*c:hi*c], x[lo*c:hi*c], mean, scale, shift, c, relu)
		})
	})
}

// BatchNormBackward is the gradient of a batch normalisation whose mean and
// variance are those of the batch. With x̂ = (x − μ)·invStd, and d = dy, or
// with relu d = dy where y > 0 and 0 elsewhere:
//
//	dβ[j] = Σ d[r,j]    dγ[j] = Σ d[r,j]·x̂[r,j]
//	dx[r,j] = γ[j]·invStd[j]·(d[r,j] − dβ[j]/rows − x̂[r,j]·dγ[j]/rows)
//
// y is only read with relu and may be nil without. dx may be dy.
func BatchNormBackward(dx, dgamma, dbeta, dy, y, x, mean, invStd, gamma []float32, rows, c int, relu bool) {
	checkLen("BatchNormBackward", "dx", len(dx), rows*c)
	checkLen("BatchNormBackward", "invStd", len(invStd), c)
	checkLen("BatchNormBackward", "gamma", len(gamma), c)
	y = maskOf("BatchNormBackward", y, rows*c, relu)
	p, v := gradSums("BatchNormBackward", dy, y, x, mean, rows, c), newVectors(c)
	defer p.done()
	defer v.done()
	t := p.total()
	k := newNormGradient(dgamma, dbeta, t.s0, t.s1, invStd, gamma, rows, v, false)
	rowBlocks(rows, c, func(lo, hi int) {
		tiles(lo, hi, c, func(lo, hi int) {
			normGradTile(dx[lo*c:hi*c], dy[lo*c:hi*c], maskTile(y, lo*c, hi*c), x[lo*c:hi*c], mean, k.scale, k.k0,
				k.k1, c)
		})
	})
}

// ScaleShiftBackward is the gradient of [ScaleShift]; d is as in
// [BatchNormBackward]:
//
//	dshift[j] = Σ d[r,j]    dscale[j] = Σ d[r,j]·x[r,j]    dx[r,j] = d[r,j]·scale[j]
//
// y is only read with relu and may be nil without. dx may be dy.
func ScaleShiftBackward(dx, dscale, dshift, dy, y, x, scale []float32, rows, c int, relu bool) {
	checkLen("ScaleShiftBackward", "dx", len(dx), rows*c)
	checkLen("ScaleShiftBackward", "scale", len(scale), c)
	y = maskOf("ScaleShiftBackward", y, rows*c, relu)
	checkLen("ScaleShiftBackward", "dy", len(dy), rows*c)
	checkLen("ScaleShiftBackward", "x", len(x), rows*c)
	p, v := newColumnParts(rows, c), newVectors(c)
	defer p.done()
	defer v.done()
	zero := v.fill(0)
	blocks(rows, p.size, func(lo, hi int) {
		s := p.at(lo / p.size)
		tiles(lo, hi, c, func(lo, hi int) {
			d, mask := dy[lo*c:hi*c], maskTile(y, lo*c, hi*c)
			gradTile(s.t0, s.t1, d, mask, x[lo*c:hi*c], zero, c)
			s.addTile()
			scaleGradTile(dx[lo*c:hi*c], d, mask, scale, c)
		})
	})
	t := p.total()
	for j := range c {
		dshift[j], dscale[j] = float32(t.s0[j]), float32(t.s1[j])
	}
}

// gradSums leaves s0[j] = Σ d[r,j] and s1[j] = Σ d[r,j]·(x[r,j] − mean[j]) in
// the total of the parts, which the caller gives back.
func gradSums(kernel string, dy, y, x, mean []float32, rows, c int) *columnParts {
	checkLen(kernel, "dy", len(dy), rows*c)
	checkLen(kernel, "x", len(x), rows*c)
	checkLen(kernel, "mean", len(mean), c)
	p := newColumnParts(rows, c)
	blocks(rows, p.size, func(lo, hi int) {
		s := p.at(lo / p.size)
		tiles(lo, hi, c, func(lo, hi int) {
			gradTile(s.t0, s.t1, dy[lo*c:hi*c], maskTile(y, lo*c, hi*c), x[lo*c:hi*c], mean, c)
			s.addTile()
		})
	})
	return p
}

// maskOf is y where a ReLU's mask is wanted, nil where not.
func maskOf(kernel string, y []float32, n int, relu bool) []float32 {
	if !relu {
		return nil
	}
	checkLen(kernel, "y", len(y), n)
	return y
}

// maskTile is y[lo:hi], or nil where there is no mask.
func maskTile(y []float32, lo, hi int) []float32 {
	if y == nil {
		return nil
	}
	return y[lo:hi]
}
