package kernel

import (
	"fmt"
	"math"
	"math/rand/v2"
	"runtime"
	"slices"
	"strings"
	"testing"
)

// square is a convolution of stride 1 without dilation, padded by pad on all sides.
func square(n, size, c, o, k, pad int) Conv {
	return Conv{N: n, H: size, W: size, C: c, O: o, KH: k, KW: k, StrideH: 1, StrideW: 1, DilationH: 1, DilationW: 1,
		PadTop: pad, PadLeft: pad, PadBottom: pad, PadRight: pad, Groups: 1}
}

// with returns g changed by f.
func (g Conv) with(f func(*Conv)) Conv { f(&g); return g }

// large is what the enumeration of convolutions leaves out.
var large = map[string]Conv{
	"28×28":                    square(3, 28, 1, 16, 3, 1),
	"more images than tasks":   square(37, 4, 2, 3, 3, 1),
	"all slices of two panels": square(16, 12, 4, 40, 3, 1),
	"all slices of two groups": square(16, 12, 4, 8, 3, 1).with(func(g *Conv) { g.Groups = 2 }),
	"channels beyond a panel":  square(1, 6, 33, 65, 3, 1),
	"many channels":            square(1, 3, 130, 100, 3, 1),
	"padded beyond the window": square(1, 4, 2, 3, 2, 3),
	"wide row":                 square(1, 3, 4, 20, 3, 1).with(func(g *Conv) { g.W = 61 }),
	"stride beyond the window": square(2, 11, 3, 4, 2, 0).with(func(g *Conv) { g.StrideH, g.StrideW = 3, 4 }),
	"tall window, stride 2": square(1, 49, 1, 64, 10, 4).with(func(g *Conv) {
		g.W, g.KW, g.StrideH, g.StrideW, g.PadLeft, g.PadRight = 10, 4, 2, 2, 1, 1
	}),
	"depthwise of 64 channels": square(2, 6, 64, 64, 3, 1).with(func(g *Conv) { g.Groups = 64 }),
	"depthwise of 72 channels": square(2, 6, 72, 72, 3, 1).with(func(g *Conv) { g.Groups = 72 }),
	"depthwise of 128 channels, stride 2": square(2, 6, 128, 128, 3, 1).with(func(g *Conv) {
		g.Groups, g.StrideH, g.StrideW = 128, 2, 2
	}),
	"depthwise row beyond a tile":          square(1, 31, 9, 9, 3, 1).with(func(g *Conv) { g.Groups = 9 }),
	"depthwise of 2 channels, a long row":  square(2, 3, 2, 2, 3, 1).with(func(g *Conv) { g.Groups, g.W = 2, 37 }),
	"groups of a panel's width, unpadded":  square(2, 5, 64, 64, 1, 0).with(func(g *Conv) { g.Groups = 2 }),
	"groups beyond a panel, with a column": square(2, 5, 6, 66, 3, 1).with(func(g *Conv) { g.Groups = 2 }),
}

// products is the oracle: it visits every product y += x·w of the equation
// of [Conv] by its indices.
func (g Conv) products(visit func(y, x, w int)) {
	in, filters, oh, ow := g.C/g.Groups, g.O/g.Groups, g.OH(), g.OW()
	for y := range g.N * oh * ow * g.O {
		n, top, left, o := y/(oh*ow*g.O), y/(ow*g.O)%oh*g.StrideH-g.PadTop, y/g.O%ow*g.StrideW-g.PadLeft, y%g.O
		for k := range g.KH * g.KW {
			h, w := top+k/g.KW*g.DilationH, left+k%g.KW*g.DilationW
			if h < 0 || h >= g.H || w < 0 || w >= g.W {
				continue
			}
			first := ((n*g.H+h)*g.W+w)*g.C + o/filters*in
			for i := range in {
				visit(y, first+i, (o*in+i)*g.KH*g.KW+k)
			}
		}
	}
}

// operands are random tensors of a convolution.
type operands struct {
	fences
	y, x, w, bias, dy, dx, dw []float32
}

func newOperands(g Conv, r *rand.Rand) *operands {
	y, x, w := g.N*g.OH()*g.OW()*g.O, g.N*g.H*g.W*g.C, g.O*g.C/g.Groups*g.KH*g.KW
	op := new(operands)
	op.x, op.w, op.bias, op.dy = op.whole(x, r), op.whole(w, r), op.whole(g.O, r), op.whole(y, r)
	op.y, op.dx, op.dw = op.out(y), op.out(x), op.out(w)
	return op
}

// fences are the slices of a test, between guard words.
type fences []fenced[float32]

func (f *fences) in(n int, r *rand.Rand) []float32 {
	*f = append(*f, in(n, r))
	return (*f)[len(*f)-1].slice()
}

// whole is n whole numbers of one digit: float32 holds any sum of some hundred
// thousand of their products exactly, whatever the order of additions.
func (f *fences) whole(n int, r *rand.Rand) []float32 {
	*f = append(*f, newFenced(n, 1e30, func(int) float32 { return float32(r.IntN(9) - 4) }))
	return (*f)[len(*f)-1].slice()
}

func (f *fences) out(n int) []float32 {
	*f = append(*f, out(n))
	return (*f)[len(*f)-1].slice()
}

// hold fails the test if anything was written outside the slices.
func (f fences) hold(t *testing.T) {
	t.Helper()
	for i, s := range f {
		s.check(t, fmt.Sprint("slice ", i))
	}
}

// near fails the test where got differs from the sum want of products by more
// than float32 sums of that many terms, of absolute sum scale, may.
func near(t *testing.T, what string, got []float32, want, scale []float64) {
	t.Helper()
	for i, w := range want {
		if d := math.Abs(float64(got[i]) - w); !(d <= 1e-6*scale[i]+1e-30) {
			t.Errorf("%s[%d] = %v, want %v (off by %.2g of the sum of absolute values)", what, i, got[i], w, d/scale[i])
			return
		}
	}
}

// sums adds up products in float64, and their absolute values.
type sums struct{ sum, scale []float64 }

func newSums(n int) sums { return sums{make([]float64, n), make([]float64, n)} }

func (s sums) add(i int, a, b float32) {
	p := float64(a) * float64(b)
	s.sum[i] += p
	s.scale[i] += math.Abs(p)
}

// checkConv checks the three products of a convolution against the equation, on
// each path. As sums of whole numbers are exact, all paths agree.
func checkConv(t *testing.T, name string, g Conv, seed uint64) {
	t.Helper()
	op := newOperands(g, random(seed))
	y, biased := make([]float64, len(op.y)), make([]float64, len(op.y))
	dx, dw := make([]float64, len(op.x)), make([]float64, len(op.w))
	g.products(func(i, j, k int) {
		y[i] += float64(op.x[j]) * float64(op.w[k])
		dx[j] += float64(op.dy[i]) * float64(op.w[k])
		dw[k] += float64(op.dy[i]) * float64(op.x[j])
	})
	for i := range y {
		biased[i] = y[i] + float64(op.bias[i%g.O])
	}
	for _, p := range paths() {
		on, s := fmt.Sprintf("%s on %v: ", name, p), new(Scratch)
		onPath(p, func() {
			for range 2 { // the second round meets a used scratch
				ConvForward(op.y, op.x, op.w, op.bias, g, s)
				exact(t, on+"y with bias", op.y, biased)
				ConvForward(op.y, op.x, op.w, nil, g, s)
				exact(t, on+"y", op.y, y)
				ConvBackwardInput(op.dx, op.dy, op.w, g, s)
				exact(t, on+"dx", op.dx, dx)
				ConvBackwardWeights(op.dw, op.x, op.dy, g, s)
				exact(t, on+"dw", op.dw, dw)
			}
		})
	}
	op.hold(t)
}

// exact fails the test where got differs from want.
func exact(t *testing.T, what string, got []float32, want []float64) {
	t.Helper()
	for i, w := range want {
		if float64(got[i]) != w {
			t.Fatalf("%s[%d] = %v, want %v", what, i, got[i], w)
		}
	}
}

func TestConvOfEveryGeometry(t *testing.T) {
	for n, g := range enumerate(t, 3300, pickConv) {
		checkConv(t, fmt.Sprintf("%+v", g), g, uint64(n))
	}
	for name, g := range large {
		checkConv(t, name, g, 7)
	}
}

// TestConvAlikeOnAnyNumberOfThreads takes numbers on both sides of those where work
// is cut otherwise.
func TestConvAlikeOnAnyNumberOfThreads(t *testing.T) {
	check := func(g Conv) {
		op := newOperands(g, rand.New(rand.NewPCG(1, 1)))
		var want [3][]float32
		for _, procs := range []int{1, 2, 8, 9, 16, 40} {
			old := runtime.GOMAXPROCS(procs)
			var s Scratch
			ConvForward(op.y, op.x, op.w, op.bias, g, &s)
			ConvBackwardInput(op.dx, op.dy, op.w, g, &s)
			ConvBackwardWeights(op.dw, op.x, op.dy, g, &s)
			runtime.GOMAXPROCS(old)
			for i, got := range [3][]float32{op.y, op.dx, op.dw} {
				if procs == 1 {
					want[i] = slices.Clone(got)
				}
				sameBits(t, fmt.Sprintf("%+v: result %d on %d threads", g, i, procs), got, want[i])
			}
		}
	}
	for _, g := range []Conv{square(21, 14, 16, 32, 3, 1), square(64, 14, 1, 16, 3, 1), depthwise(16, 16, 64, 1),
		depthwise(16, 15, 40, 2), linear(256, 100, 200)} {
		check(g)
	}
	for _, g := range enumerate(t, 60, pickConv) {
		check(g)
	}
}

func TestConvAllocatesNothingInItsSecondStep(t *testing.T) {
	g := square(64, 14, 16, 32, 3, 1)
	op := newOperands(g, rand.New(rand.NewPCG(1, 1)))
	var s Scratch
	step := func() {
		ConvForward(op.y, op.x, op.w, op.bias, g, &s)
		ConvBackwardInput(op.dx, op.dy, op.w, g, &s)
		ConvBackwardWeights(op.dw, op.x, op.dy, g, &s)
	}
	step()
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	step()
	runtime.ReadMemStats(&after)
	const tasks = 4096 // what handing out the tasks costs, whatever the batch
	if got := after.TotalAlloc - before.TotalAlloc; got > tasks {
		t.Errorf("the second step allocates %d bytes, want at most %d", got, tasks)
	}
}

func TestConvOutputSize(t *testing.T) {
	for _, c := range []struct {
		name   string
		g      Conv
		oh, ow int
	}{
		{"same", square(1, 28, 1, 1, 3, 1), 28, 28},
		{"valid", square(1, 28, 1, 1, 5, 0), 24, 24},
		{"stride 2", square(1, 28, 1, 1, 3, 1).with(func(g *Conv) { g.StrideH, g.StrideW = 2, 3 }), 14, 10},
		{"dilation 2", square(1, 9, 1, 1, 3, 0).with(func(g *Conv) { g.DilationH, g.DilationW = 2, 4 }), 5, 1},
	} {
		if oh, ow := c.g.OH(), c.g.OW(); oh != c.oh || ow != c.ow {
			t.Errorf("%s: output %d×%d, want %d×%d", c.name, oh, ow, c.oh, c.ow)
		}
	}
}

func TestConvValidate(t *testing.T) {
	if err := square(1, 5, 3, 4, 3, 1).Validate(); err != nil {
		t.Errorf("a sound geometry: %v", err)
	}
	for _, c := range []struct {
		name string
		g    Conv
		want []string
	}{
		{"zero", Conv{}, []string{"N is 0", "StrideW is 0", "Groups is 0"}},
		{"negative padding", square(1, 5, 3, 4, 3, -1), []string{"PadTop is -1", "PadRight is -1"}},
		{"groups", square(1, 5, 3, 4, 3, 1).with(func(g *Conv) { g.Groups = 2 }),
			[]string{"2 groups must divide its 3 channels in and 4 out"}},
		{"window", square(1, 5, 3, 4, 7, 0), []string{"spans 7 rows of an image padded to 5", "spans 7 columns"}},
	} {
		err := c.g.Validate()
		for _, want := range c.want {
			if err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("%s: error %v does not say %q", c.name, err, want)
			}
		}
	}
}

// FuzzConv checks any sound geometry against the equation, on every path.
func FuzzConv(f *testing.F) {
	f.Add(uint64(1), uint8(2), uint8(7), uint8(5), uint8(3), uint8(4), uint8(3), uint8(2), uint8(0x11), uint8(0x11),
		uint8(0x55), uint8(1))
	f.Add(uint64(2), uint8(1), uint8(9), uint8(8), uint8(16), uint8(16), uint8(3), uint8(3), uint8(0x22),
		uint8(0x12), uint8(0x12), uint8(16))
	f.Fuzz(func(t *testing.T, seed uint64, n, h, w, c, o, kh, kw, stride, dilation, pad, groups uint8) {
		g := Conv{
			N: int(n%5) + 1, H: int(h%20) + 1, W: int(w%40) + 1, C: int(c%40) + 1, O: int(o%70) + 1,
			KH: int(kh%5) + 1, KW: int(kw%9) + 1,
			StrideH: int(stride&3) + 1, StrideW: int(stride>>4&3) + 1, DilationH: int(dilation&3) + 1,
			DilationW: int(dilation>>4&3) + 1,
			PadTop:    int(pad & 3), PadLeft: int(pad >> 2 & 3), PadBottom: int(pad >> 4 & 3),
			PadRight: int(pad >> 6), Groups: int(groups%40) + 1,
		}
		if g.Validate() != nil || g.N*g.OH()*g.OW()*g.O*g.C*g.KH*g.KW > 1<<21 {
			return
		}
		checkConv(t, fmt.Sprintf("%+v", g), g, seed)
	})
}

// BenchmarkConv measures the three products of a layer on a batch.
func BenchmarkConv(b *testing.B) {
	for _, c := range []struct {
		name string
		g    Conv
	}{
		{"28x28x1-16", square(128, 28, 1, 16, 3, 1)},
		{"14x14x16-32", square(128, 14, 16, 32, 3, 1)},
		{"4x4x16-32", square(128, 4, 16, 32, 3, 1)},
		{"32x32x64-64", square(16, 32, 64, 64, 3, 1)},
		{"8x8x128-128", square(64, 8, 128, 128, 3, 1)},
		{"14x14x128-256-1x1", square(32, 14, 128, 256, 1, 0)},
		{"14x14x64-stride2", square(32, 14, 64, 128, 3, 1).with(func(g *Conv) { g.StrideH, g.StrideW = 2, 2 })},
		{"14x14x128-depthwise", square(32, 14, 128, 128, 3, 1).with(func(g *Conv) { g.Groups = 128 })},
	} {
		op := newOperands(c.g, rand.New(rand.NewPCG(1, 1)))
		products := len(op.y) * len(op.w) / c.g.O
		for _, path := range paths() {
			var s Scratch
			for _, pass := range []struct {
				name string
				run  func()
			}{
				{"forward", func() { ConvForward(op.y, op.x, op.w, op.bias, c.g, &s) }},
				{"input", func() { ConvBackwardInput(op.dx, op.dy, op.w, c.g, &s) }},
				{"weights", func() { ConvBackwardWeights(op.dw, op.x, op.dy, c.g, &s) }},
			} {
				onPath(path, func() {
					b.Run(c.name+"/"+pass.name+"/"+path.String(), func(b *testing.B) {
						b.ReportAllocs()
						for b.Loop() {
							pass.run()
						}
						gflops(b, products)
					})
				})
			}
		}
	}
}
