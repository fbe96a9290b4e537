//go:build !race

package kernel

import "testing"

// TestArgumentsDoNotEscape: structs of arguments stay on the stack. What is left
// is the closures that a kernel hands to its helpers, however long the slices.
// Under the race detector pools forget at random, so that this would count nothing.
func TestArgumentsDoNotEscape(t *testing.T) {
	b := newNorm(64, 16, true, random())
	x, dy, d, y := b.x.slice(), b.dy.slice(), b.grad(), b.y.slice()
	g := Pool{N: 1, H: 8, W: 8, C: 16, KH: 2, KW: 2, StrideH: 2, StrideW: 2}
	p, q := newPooled(256), make([]uint8, len(x))
	m, v, conv := make([]float32, len(x)), make([]float32, len(x)), square(1, 8, 16, 16, 1, 0)
	packed, s, acc := PackConv(make([]int8, 256), conv), new(Scratch), make([]int32, 1024)
	real := make([]float32, len(acc))
	square := Matrix{Data: x, Rows: 32, Cols: 32, LD: 32}
	c := Matrix{Data: y, Rows: 32, Cols: 32, LD: 32}
	for _, k := range []struct {
		name string
		most float64
		call func()
	}{
		{"FakeQuant", 0, func() { FakeQuant(y, x, Grid{0.1, 0, -128, 127}) }},
		{"FakeQuantGrad", 0, func() { FakeQuantGrad(d.X, dy, x, Grid{0.1, 0, -128, 127}) }},
		{"QuantizeU8", 1, func() { QuantizeU8(q, x, Grid{0.1, 0, 0, 255}) }},
		{"Adam", 2, func() { Adam(y, m, v, x, AdamStep{1e-3, .9, .999, 1e-8, 0, .1, .1}) }},
		{"SGD", 1, func() { SGD(y, m, x, SGDStep{LR: 1e-3, Momentum: .9}) }},
		{"BatchNormStats", 1, func() { BatchNormStats(Moments{Mean: m[:16], Variance: v[:16]}, x) }},
		{"BatchNormForward", 1, func() { BatchNormForward(y, x, b.norm(), true) }},
		{"BatchNormBackward", 2, func() { BatchNormBackward(d, dy, y, x, b.norm(), true) }},
		{"ScaleShiftBackward", 1, func() { ScaleShiftBackward(d, dy, y, x, b.gamma.slice(), true) }},
		{"BatchNormReLUMaxPool", 2, func() { BatchNormReLUMaxPool(p.maxima(), x, b.norm(), g) }},
		{"BatchNormReLUMaxPoolBackward", 3,
			func() { BatchNormReLUMaxPoolBackward(d, dy[:256], p.maxima(), x, b.norm(), g) }},
		{"BatchNormReLUQuant", 1, func() { BatchNormReLUQuant(y, q, x, b.quant(0.1, 255, false)) }},
		{"BatchNormReLUQuantBackward", 2, func() { BatchNormReLUQuantBackward(d, dy, x, b.quant(0.1, 255, false)) }},
		{"BatchNormReLUQuantMaxPool", 2,
			func() { BatchNormReLUQuantMaxPool(p.maxima(), p.q.slice(), x, b.quant(0.1, 255, false), g) }},
		{"BatchNormReLUQuantMaxPoolBackward", 3, func() {
			BatchNormReLUQuantMaxPoolBackward(d, dy[:256], p.maxima(), x, b.quant(0.1, 255, false), g)
		}},
		{"Gemm", 3, func() { Gemm(c, square, square, false) }},
		{"LinearForward", 3, func() { LinearForward(y, x, x, nil, Linear{32, 32, 32}, s) }},
		{"ConvInt32", 0, func() { ConvInt32(acc, Images[uint8]{q, 0}, nil, packed, s) }},
		{"ConvFloat", 0, func() { ConvFloat(real, Images[uint8]{q, 0}, x[:16], nil, packed, s) }},
	} {
		if n := testing.AllocsPerRun(50, k.call); n > k.most {
			t.Errorf("%s allocates %v times, want at most %v", k.name, n, k.most)
		}
	}
}
