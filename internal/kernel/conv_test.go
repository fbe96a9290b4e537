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

var convolutions = []struct {
	name string
	g    Conv
}{
	{"one pixel", square(1, 1, 1, 1, 1, 0)},
	{"3×3 of one channel", square(2, 28, 1, 16, 3, 1)},
	{"3×3 of 16 channels", square(3, 14, 16, 32, 3, 1)},
	{"more images than tasks", square(37, 4, 2, 3, 3, 1)},
	{"valid", square(2, 7, 3, 5, 3, 0)},
	{"full", square(2, 5, 3, 5, 3, 2)},
	{"padded beyond the window", square(1, 4, 2, 3, 2, 3)},
	{"window as large as the image", square(2, 5, 3, 4, 5, 0)},
	{"even window, uneven padding", square(2, 6, 3, 8, 2, 0).with(func(g *Conv) { g.PadBottom, g.PadRight = 1, 1 })},
	{"1×1", square(3, 5, 7, 9, 1, 0)},
	{"1×1 padded", square(2, 3, 4, 5, 1, 1)},
	{"1×1 of stride 2", square(2, 7, 5, 6, 1, 0).with(func(g *Conv) { g.StrideH, g.StrideW = 2, 2 })},
	{"channels beyond one panel", square(1, 6, 33, 65, 3, 1)},
	{"channels of 47", square(2, 5, 47, 47, 3, 1)},
	{"wide row", Conv{N: 1, H: 3, W: 61, C: 4, O: 20, KH: 3, KW: 3, StrideH: 1, StrideW: 1, DilationH: 1, DilationW: 1, PadTop: 1, PadLeft: 1, PadBottom: 1, PadRight: 1, Groups: 1}},
	{"stride 2", square(2, 9, 3, 8, 3, 1).with(func(g *Conv) { g.StrideH, g.StrideW = 2, 2 })},
	{"stride 2 that leaves a column unread", square(2, 8, 3, 8, 3, 0).with(func(g *Conv) { g.StrideH, g.StrideW = 2, 2 })},
	{"stride beyond the window", square(2, 11, 3, 4, 2, 0).with(func(g *Conv) { g.StrideH, g.StrideW = 3, 4 })},
	{"strides that differ", square(1, 10, 2, 6, 3, 1).with(func(g *Conv) { g.StrideH = 3 })},
	{"dilation 2", square(2, 9, 3, 8, 3, 2).with(func(g *Conv) { g.DilationH, g.DilationW = 2, 2 })},
	{"dilation and stride", square(1, 12, 3, 8, 3, 2).with(func(g *Conv) { g.DilationH, g.DilationW, g.StrideH, g.StrideW = 2, 3, 3, 2 })},
	{"two groups", square(2, 6, 8, 12, 3, 1).with(func(g *Conv) { g.Groups = 2 })},
	{"four groups of stride 2", square(2, 7, 8, 4, 3, 1).with(func(g *Conv) { g.Groups, g.StrideH, g.StrideW = 4, 2, 2 })},
	{"two groups, together as wide as a panel", square(2, 5, 4, 16, 3, 1).with(func(g *Conv) { g.Groups = 2 })},
	{"two groups, each as wide as a panel", square(2, 5, 6, 32, 3, 1).with(func(g *Conv) { g.Groups = 2 })},
	{"depthwise", square(2, 7, 19, 19, 3, 1).with(func(g *Conv) { g.Groups = 19 })},
	{"depthwise of 64 channels", square(2, 6, 64, 64, 3, 1).with(func(g *Conv) { g.Groups = 64 })},
	{"depthwise of stride 2", square(2, 8, 32, 32, 3, 1).with(func(g *Conv) { g.Groups, g.StrideH, g.StrideW = 32, 2, 2 })},
	{"depthwise dilated", square(1, 9, 8, 8, 3, 2).with(func(g *Conv) { g.Groups, g.DilationH, g.DilationW = 8, 2, 2 })},
	{"depthwise with multiplier 2", square(2, 5, 6, 12, 3, 1).with(func(g *Conv) { g.Groups = 6 })},
	{"depthwise 5×5 of 24 channels", square(2, 9, 24, 24, 5, 2).with(func(g *Conv) { g.Groups = 24 })},
	{"depthwise window of one long row", square(1, 11, 40, 40, 1, 0).with(func(g *Conv) { g.Groups, g.KW = 40, 9 })},
	{"depthwise row beyond one tile", square(1, 31, 9, 9, 3, 1).with(func(g *Conv) { g.Groups = 9 })},
	{"depthwise without padding", square(1, 6, 5, 5, 3, 0).with(func(g *Conv) { g.Groups = 5 })},
}

// products is the oracle: it visits every product y += x·w of the equation
// of [Conv] by its indices.
func (g Conv) products(visit func(y, x, w int)) {
	in, out := g.C/g.Groups, g.O/g.Groups
	for n := range g.N {
		for oh := range g.OH() {
			for ow := range g.OW() {
				for o := range g.O {
					for i := range in {
						for kh := range g.KH {
							for kw := range g.KW {
								h := oh*g.StrideH + kh*g.DilationH - g.PadTop
								w := ow*g.StrideW + kw*g.DilationW - g.PadLeft
								if 0 <= h && h < g.H && 0 <= w && w < g.W {
									visit(((n*g.OH()+oh)*g.OW()+ow)*g.O+o, ((n*g.H+h)*g.W+w)*g.C+o/out*in+i, ((o*in+i)*g.KH+kh)*g.KW+kw)
								}
							}
						}
					}
				}
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
	op.x, op.w, op.bias, op.dy = op.in(x, r), op.in(w, r), op.in(g.O, r), op.in(y, r)
	op.y, op.dx, op.dw = op.out(y), op.out(x), op.out(w)
	return op
}

// fences are the slices of a test, between guard words.
type fences []fenced[float32]

func (f *fences) in(n int, r *rand.Rand) []float32 {
	*f = append(*f, in(n, r))
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

func checkConv(t *testing.T, g Conv, seed uint64) {
	t.Helper()
	op := newOperands(g, rand.New(rand.NewPCG(seed, 1)))
	y, plain, dx, dw := newSums(len(op.y)), newSums(len(op.y)), newSums(len(op.x)), newSums(len(op.w))
	for i := range op.y {
		y.add(i, op.bias[i%g.O], 1)
	}
	g.products(func(i, j, k int) {
		y.add(i, op.x[j], op.w[k])
		plain.add(i, op.x[j], op.w[k])
		dx.add(j, op.dy[i], op.w[k])
		dw.add(k, op.dy[i], op.x[j])
	})
	var s Scratch
	for range 2 { // the second round meets a used scratch
		ConvForward(op.y, op.x, op.w, op.bias, g, &s)
		near(t, "y with bias", op.y, y.sum, y.scale)
		ConvForward(op.y, op.x, op.w, nil, g, &s)
		near(t, "y", op.y, plain.sum, plain.scale)
		ConvBackwardInput(op.dx, op.dy, op.w, g, &s)
		near(t, "dx", op.dx, dx.sum, dx.scale)
		ConvBackwardWeights(op.dw, op.x, op.dy, g, &s)
		near(t, "dw", op.dw, dw.sum, dw.scale)
	}
	op.hold(t)
}

func TestConvAgainstFloat64(t *testing.T) {
	eachPath(t, func(t *testing.T) {
		for _, c := range convolutions {
			t.Run(c.name, func(t *testing.T) { checkConv(t, c.g, 7) })
		}
	})
}

func TestConvAlikeOnAnyNumberOfThreads(t *testing.T) {
	g := square(21, 14, 16, 32, 3, 1)
	op := newOperands(g, rand.New(rand.NewPCG(1, 1)))
	var want [3][]float32
	for _, procs := range []int{1, 2, 3, 8} {
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
			sameBits(t, fmt.Sprintf("result %d on %d threads", i, procs), got, want[i])
		}
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
		{"groups", square(1, 5, 3, 4, 3, 1).with(func(g *Conv) { g.Groups = 2 }), []string{"2 groups must divide its 3 channels in and 4 out"}},
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

// FuzzConv holds any sound geometry to the equation, on every path.
func FuzzConv(f *testing.F) {
	f.Add(uint64(1), uint8(2), uint8(7), uint8(5), uint8(3), uint8(4), uint8(3), uint8(2), uint8(0x11), uint8(0x11), uint8(0x55), uint8(1))
	f.Add(uint64(2), uint8(1), uint8(9), uint8(8), uint8(16), uint8(16), uint8(3), uint8(3), uint8(0x22), uint8(0x12), uint8(0x12), uint8(16))
	f.Fuzz(func(t *testing.T, seed uint64, n, h, w, c, o, kh, kw, stride, dilation, pad, groups uint8) {
		g := Conv{
			N: int(n%5) + 1, H: int(h%20) + 1, W: int(w%40) + 1, C: int(c%40) + 1, O: int(o%70) + 1, KH: int(kh%5) + 1, KW: int(kw%9) + 1,
			StrideH: int(stride&3) + 1, StrideW: int(stride>>4&3) + 1, DilationH: int(dilation&3) + 1, DilationW: int(dilation>>4&3) + 1,
			PadTop: int(pad & 3), PadLeft: int(pad >> 2 & 3), PadBottom: int(pad >> 4 & 3), PadRight: int(pad >> 6), Groups: int(groups%40) + 1,
		}
		if g.Validate() != nil || g.N*g.OH()*g.OW()*g.O*g.C*g.KH*g.KW > 1<<21 {
			return
		}
		for _, s := range paths() {
			onPath(s, func() { checkConv(t, g, seed) })
		}
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
