package main

// affine is v = (x − mean)·scale + shift.
const affine = `
	fsub v.4s, x.4s, mean.4s
	fmul v.4s, v.4s, scale.4s
	fadd v.4s, v.4s, shift.4s
`

// masked is d = dy, or +0 where y ≤ 0.
const masked = `
	fcmgt d.4s, y.4s, zero.4s
	and   d.16b, d.16b, dy.16b
`

// passed is d = dy where 0 < v ≤ limit, +0 elsewhere.
const passed = affine + `
	fcmgt d.4s, v.4s, zero.4s
	fcmge v.4s, limit.4s, v.4s
	and   d.16b, d.16b, v.16b
	and   d.16b, d.16b, dy.16b
`

// plain is d = dy.
const plain = "mov d.16b, dy.16b\n"

// addGradient adds d to sum and d·(x − mean) to dot.
const addGradient = `
	fsub x.4s, x.4s, mean.4s
	fadd sum.4s, sum.4s, d.4s
	fmla dot.4s, d.4s, x.4s
`

// normGradient is dx = scale·((d − k0) − (x − mean)·k1).
const normGradient = `
	fsub x.4s, x.4s, mean.4s
	fmul x.4s, x.4s, slope.4s
	fsub d.4s, d.4s, offset.4s
	fsub d.4s, d.4s, x.4s
	fmul dx.4s, d.4s, scale.4s
`

// addMoments adds d = x − pivot to sum and d² to square.
const addMoments = `
	fsub d.4s, x.4s, pivot.4s
	fadd sum.4s, sum.4s, d.4s
	fmla square.4s, d.4s, d.4s
`

// columnKernels are loops over the rows of a tile.
var columnKernels = columns([]panels{
	{
		name: "sumTileNEON", doc: "sumTileGeneric",
		sums: sums("sum"), slices: []slice{in("x")}, code: "fadd sum.4s, sum.4s, x.4s",
	},
	{
		name: "momentTileNEON", doc: "momentTileGeneric",
		sums: sums("sum", "square"), slices: []slice{in("x")}, params: []string{"pivot"}, code: addMoments,
	},
	{
		name: "momentRangeTileNEON", doc: "momentTile and rangeTileGeneric",
		sums:   append(sums("sum", "square"), update("least"), update("greatest")),
		slices: []slice{in("x")}, params: []string{"pivot"},
		code: addMoments + `
			fminnm least.4s, least.4s, x.4s
			fmaxnm greatest.4s, greatest.4s, x.4s`,
	},
	{
		name: "gradTileNEON", doc: "gradTileGeneric without a mask,",
		sums: sums("sum", "dot"), slices: []slice{in("dy"), in("x")}, params: []string{"mean"},
		code: plain + addGradient,
	},
	{
		name: "gradMaskTileNEON", doc: "gradTileGeneric",
		sums: sums("sum", "dot"), slices: []slice{in("dy"), in("y"), in("x")}, params: []string{"mean"},
		code: masked + addGradient,
	},
	{
		name: "gradQuantTileNEON", doc: "gradQuantTileGeneric",
		sums: sums("sum", "dot"), slices: []slice{in("dy"), in("x")}, params: []string{"mean", "scale", "shift"},
		uniforms: []slice{in("limit")}, code: passed + addGradient,
	},
	{
		name: "normGradTileNEON", doc: "normGradTileGeneric without a mask",
		slices: []slice{out("dx"), in("dy"), in("x")}, params: []string{"mean", "scale", "offset", "slope"},
		code: plain + normGradient,
	},
	{
		name: "normGradMaskTileNEON", doc: "normGradTileGeneric",
		slices: []slice{out("dx"), in("dy"), in("y"), in("x")}, params: []string{"mean", "scale", "offset", "slope"},
		code: masked + normGradient,
	},
	{
		name: "normGradQuantTileNEON", doc: "normGradQuantTileGeneric",
		slices: []slice{out("dx"), in("dy"), in("x")}, params: []string{"mean", "scale", "shift", "offset", "slope"},
		uniforms: []slice{in("limit")}, code: passed + normGradient,
	},
	{
		name: "affineTileNEON", doc: "affineTileGeneric",
		slices: []slice{out("v"), in("x")}, params: []string{"mean", "scale", "shift"}, code: affine,
	},
	{
		name: "affineReLUTileNEON", doc: "affineTileGeneric with relu",
		slices: []slice{out("v"), in("x")}, params: []string{"mean", "scale", "shift"},
		code: affine + "fmax v.4s, v.4s, zero.4s",
	},
	{
		name: "scaleGradTileNEON", doc: "scaleGradTileGeneric without a mask",
		slices: []slice{out("dx"), in("dy")}, params: []string{"scale"}, code: "fmul dx.4s, dy.4s, scale.4s",
	},
	{
		name: "scaleGradMaskTileNEON", doc: "scaleGradTileGeneric",
		slices: []slice{out("dx"), in("dy"), in("y")}, params: []string{"scale"},
		code: masked + "fmul dx.4s, d.4s, scale.4s",
	},
})

// columns completes kernels: their loops count rows, two vectors wide.
func columns(all []panels) []panels {
	for i := range all {
		all[i].count, all[i].vectors = "rows", []int{2, 1}
	}
	return all
}

// sums are outputs of a channel each.
func sums(names ...string) (all []slice) {
	for _, name := range names {
		all = append(all, out(name))
	}
	return all
}
