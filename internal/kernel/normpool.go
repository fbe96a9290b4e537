package kernel

// BatchNormReLUMaxPool is batch normalisation, ReLU and max pooling in one
// pass that writes only the pooled image:
//
//	v[r,j] = max(0, (x[r,j] − μ[j])·(γ[j]·invStd[j]) + β[j])    y = the maximum of v over each window
//
// y and arg are those of [BatchNormForward] followed by [MaxPool], to the last
// bit. top is x at the maximum, which the gradient needs; y, top and arg are
// N OH OW C.
func BatchNormReLUMaxPool(y, top []float32, arg []uint8, x, mean, invStd, gamma, beta []float32, g Pool) {
	const name = "BatchNormReLUMaxPool"
	g.check(name, y, x)
	checkLen(name, "top", len(top), len(y))
	checkLen(name, "arg", len(arg), len(y))
	g.checkChannels(name, mean, invStd, gamma, beta)
	if g.KH*g.KW > 256 {
		panic("kernel: BatchNormReLUMaxPool: more than 256 positions in a window")
	}
	p := newVectors(g.C)
	defer p.done()
	scale := p.next()
	for j := range scale {
		scale[j] = gamma[j] * invStd[j]
	}
	size := g.OW() * g.C
	g.eachRow(func(n, oh, out int) {
		end := out + size
		normPoolRow(y[out:end], top[out:end], arg[out:end], x, mean, scale, beta, g, n, oh)
	})
}

// BatchNormReLUMaxPoolBackward is the gradient of [BatchNormReLUMaxPool], from
// what it left in y, top and arg. With d the gradient of a window's maximum
// where y > 0, and 0 at every other position:
//
//	dβ[j] = Σ d[r,j]    dγ[j] = Σ d[r,j]·x̂[r,j]
//	dx[r,j] = γ[j]·invStd[j]·(d[r,j] − dβ[j]/rows − x̂[r,j]·dγ[j]/rows)
//
// over the rows = N·H·W positions of x, as in [BatchNormBackward]. The sums
// read only pooled images. With frozen, mean and variance are constants, not
// those of the batch: dx[r,j] = γ[j]·invStd[j]·d[r,j].
func BatchNormReLUMaxPoolBackward(dx, dgamma, dbeta, dy, y, top []float32, arg []uint8,
	x, mean, invStd, gamma []float32, g Pool, frozen bool) {
	const name = "BatchNormReLUMaxPoolBackward"
	g.check(name, dy, dx)
	g.check(name, y, x)
	checkLen(name, "arg", len(arg), len(dy))
	g.checkChannels(name, dgamma, dbeta, mean, invStd, gamma)
	p, v := gradSums(name, dy, y, top, mean, len(dy)/g.C, g.C), newVectors(g.C)
	defer p.done()
	defer v.done()
	t := p.total()
	k := newNormGradient(dgamma, dbeta, t.s0, t.s1, invStd, gamma, g.N*g.H*g.W, v, frozen)
	size, out := g.H*g.W*g.C, g.OH()*g.OW()*g.C
	g.eachImage(func(n int) {
		a, b := n*out, (n+1)*out
		normPoolGradImage(dx[n*size:(n+1)*size], dy[a:b], y[a:b], arg[a:b], x[n*size:(n+1)*size], mean, k, g)
	})
}

func (g Pool) checkChannels(kernel string, of ...[]float32) {
	for _, s := range of {
		checkLen(kernel, "a vector of channels", len(s), g.C)
	}
}

// normGradient is the constants of a batch normalisation's gradient:
//
//	dx = scale·((d − k0) − (x − mean)·k1)
type normGradient struct {
	scale, k0, k1 []float32
}

// newNormGradient fills dγ and dβ from sum = Σd and dot = Σd·(x − mean). With
// frozen, dx depends on d alone.
func newNormGradient(dgamma, dbeta []float32, sum, dot []float64, invStd, gamma []float32, rows int, v *vectors,
	frozen bool) normGradient {
	g := normGradient{v.next(), v.next(), v.next()}
	for j := range sum {
		inv := float64(invStd[j])
		dbeta[j] = float32(sum[j])
		dgamma[j] = float32(dot[j] * inv)
		g.scale[j] = gamma[j] * invStd[j]
		g.k0[j] = float32(sum[j] / float64(rows))
		g.k1[j] = float32(dot[j] * inv * inv / float64(rows))
	}
	if frozen {
		clear(g.k0)
		clear(g.k1)
	}
	return g
}
