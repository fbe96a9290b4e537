package kernel

// Batch normalisation over the rows of a rows×c matrix (N·H·W × C), in
// training and frozen.
//
// Source: S. Ioffe, C. Szegedy, "Batch Normalization: Accelerating Deep
// Network Training by Reducing Internal Covariate Shift", ICML 2015,
// Algorithm 1 and the derivatives in its section 3.

// Norm is a batch normalisation of len(Mean) channels:
//
//	v[r,j] = (x[r,j] − μ[j])·(γ[j]·invStd[j]) + β[j]        invStd[j] = 1/√(σ²[j] + ε)
type Norm struct {
	Mean, InvStd, Gamma, Beta []float32

	// Fixed says that mean and variance are constants rather than the batch's,
	// so that no gradient flows through them.
	Fixed bool
}

// NormGrad receives the gradients with respect to a normalisation's input and
// its parameters.
type NormGrad struct {
	X, Gamma, Beta []float32
}

// check panics unless the parameters have a value for each of c channels.
func (n Norm) check(kernel string, c int) {
	checkLen(kernel, "Mean", len(n.Mean), c)
	checkLen(kernel, "InvStd", len(n.InvStd), c)
	checkLen(kernel, "Gamma", len(n.Gamma), c)
	checkLen(kernel, "Beta", len(n.Beta), c)
}

// check panics unless there is room for n elements in c channels.
func (d NormGrad) check(kernel string, n, c int) {
	checkLen(kernel, "d.X", len(d.X), n)
	checkLen(kernel, "d.Gamma", len(d.Gamma), c)
	checkLen(kernel, "d.Beta", len(d.Beta), c)
}

// terms is a normalisation as the loops compute it, with each operation
// rounded: v = (x − mean)·scale + shift.
type terms struct {
	mean, scale, shift []float32
}

// terms takes room for the scales from v.
func (n Norm) terms(v *vectors) terms {
	scale := v.next()
	for j := range scale {
		scale[j] = n.Gamma[j] * n.InvStd[j]
	}
	return terms{n.Mean, scale, n.Beta}
}

// rowsOf is the number of rows of c channels in x.
func rowsOf(kernel string, x []float32, c int) int {
	if c < 1 || len(x)%c != 0 {
		panic("kernel: " + kernel + ": x is not whole rows of channels")
	}
	return len(x) / c
}

// BatchNormForward is y[r,j] = v[r,j] of the normalisation, then max(0, ·) if
// relu. y may be x.
func BatchNormForward(y, x []float32, n Norm, relu bool) {
	const name = "BatchNormForward"
	c := len(n.Mean)
	rows := rowsOf(name, x, c)
	checkLen(name, "y", len(y), len(x))
	n.check(name, c)
	v := newVectors(c)
	defer v.done()
	t := n.terms(v)
	rowBlocks(rows, c, func(lo, hi int) {
		tiles(lo, hi, c, func(lo, hi int) { affineTile(y[lo*c:hi*c], x[lo*c:hi*c], t, relu) })
	})
}

// BatchNormBackward is the gradient of a batch normalisation. With
// x̂ = (x − μ)·invStd, and d = dy, or with relu d = dy where y > 0 and 0
// elsewhere:
//
//	dβ[j] = Σ d[r,j]    dγ[j] = Σ d[r,j]·x̂[r,j]
//	dx[r,j] = γ[j]·invStd[j]·(d[r,j] − dβ[j]/rows − x̂[r,j]·dγ[j]/rows)
//	dx[r,j] = γ[j]·invStd[j]·d[r,j]        where mean and variance are fixed
//
// y is only read with relu and may be nil without. dx may be dy.
func BatchNormBackward(d NormGrad, dy, y, x []float32, n Norm, relu bool) {
	const name = "BatchNormBackward"
	c := len(n.Mean)
	rows := rowsOf(name, x, c)
	n.check(name, c)
	d.check(name, len(x), c)
	checkLen(name, "dy", len(dy), len(x))
	y = maskOf(name, y, len(x), relu)
	p, v := gradSums(dy, y, x, n.Mean), newVectors(c)
	defer p.done()
	defer v.done()
	k := n.gradient(v)
	k.take(d, p.total(), n, rows)
	rowBlocks(rows, c, func(lo, hi int) {
		tiles(lo, hi, c, func(lo, hi int) {
			normGradTile(d.X[lo*c:hi*c], dy[lo*c:hi*c], maskTile(y, lo*c, hi*c), x[lo*c:hi*c], k)
		})
	})
}

// ScaleShiftBackward is the gradient of y = x·scale + shift, channel by
// channel, then max(0, ·) if relu; d is as in [BatchNormBackward]:
//
//	dshift[j] = Σ d[r,j]    dscale[j] = Σ d[r,j]·x[r,j]    dx[r,j] = d[r,j]·scale[j]
//
// dscale is left in to.Gamma, dshift in to.Beta. y is only read with relu and
// may be nil without. dx may be dy.
func ScaleShiftBackward(to NormGrad, dy, y, x, scale []float32, relu bool) {
	const name = "ScaleShiftBackward"
	c := len(scale)
	rows := rowsOf(name, x, c)
	to.check(name, len(x), c)
	checkLen(name, "dy", len(dy), len(x))
	y = maskOf(name, y, len(x), relu)
	p, v := newColumnParts(rows, c), newVectors(c)
	defer p.done()
	defer v.done()
	zero := v.fill(0)
	blocks(rows, p.size, func(lo, hi int) {
		s := p.begin(lo / p.size)
		tiles(lo, hi, c, func(lo, hi int) {
			d, mask := dy[lo*c:hi*c], maskTile(y, lo*c, hi*c)
			gradTile(s.t0, s.t1, d, mask, x[lo*c:hi*c], zero)
			s.addTile()
			scaleGradTile(to.X[lo*c:hi*c], d, mask, scale)
		})
	})
	t := p.total()
	for j := range c {
		to.Beta[j], to.Gamma[j] = float32(t.s0[j]), float32(t.s1[j])
	}
}

// gradSums leaves s0[j] = Σ d[r,j] and s1[j] = Σ d[r,j]·(x[r,j] − mean[j]) in
// the total of the parts, which the caller releases.
func gradSums(dy, y, x, mean []float32) *columnParts {
	c := len(mean)
	p := newColumnParts(len(x)/c, c)
	blocks(len(x)/c, p.size, func(lo, hi int) {
		s := p.begin(lo / p.size)
		tiles(lo, hi, c, func(lo, hi int) {
			gradTile(s.t0, s.t1, dy[lo*c:hi*c], maskTile(y, lo*c, hi*c), x[lo*c:hi*c], mean)
			s.addTile()
		})
	})
	return p
}

// normGradient is the constants of a batch normalisation's gradient:
//
//	dx = scale·((d − k0) − (x − mean)·k1)
type normGradient struct {
	terms
	k0, k1 []float32
}

// gradient takes room from v; take fills k0 and k1.
func (n Norm) gradient(v *vectors) normGradient {
	return normGradient{n.terms(v), v.next(), v.next()}
}

// take leaves dγ, dβ and the constants, from s0 = Σd and s1 = Σd·(x − mean).
func (g normGradient) take(d NormGrad, sums columnSums, n Norm, rows int) {
	for j, sum := range sums.s0 {
		inv, dot := float64(n.InvStd[j]), sums.s1[j]
		d.Beta[j] = float32(sum)
		d.Gamma[j] = float32(dot * inv)
		g.k0[j] = float32(sum / float64(rows))
		g.k1[j] = float32(dot * inv * inv / float64(rows))
	}
	if n.Fixed {
		clear(g.k0)
		clear(g.k1)
	}
}

// maskOf is y if a ReLU's mask is wanted, otherwise nil.
func maskOf(kernel string, y []float32, n int, relu bool) []float32 {
	if !relu {
		return nil
	}
	checkLen(kernel, "y", len(y), n)
	return y
}

// maskTile is y[lo:hi], or nil if there is no mask.
func maskTile(y []float32, lo, hi int) []float32 {
	if y == nil {
		return nil
	}
	return y[lo:hi]
}
