package kernel

import (
	"math"
	"math/rand/v2"
	"strings"
	"testing"
)

// eachPool runs f on the enumeration of poolings, and on what it leaves out.
func eachPool(t *testing.T, f func(t *testing.T, name string, g Pool, r *rand.Rand)) {
	everyPath(t, func(t *testing.T) {
		for n, g := range enumerate(t, 170, pickPool) {
			f(t, label(g), g, random(uint64(n)))
		}
		f(t, "as in the cnn", Pool{N: 3, H: 28, W: 28, C: 16, KH: 2, KW: 2, StrideH: 2, StrideW: 2}, random())
		f(t, "many channels", Pool{N: 2, H: 6, W: 7, C: 130, KH: 2, KW: 2, StrideH: 2, StrideW: 2}, random())
		f(t, "global", Pool{N: 2, H: 6, W: 8, C: 16, KH: 6, KW: 8, StrideH: 2, StrideW: 2}, random())
	})
}

// windows visits every output with the inputs its window sees, in order.
func (g Pool) windows(visit func(out int, in, k []int)) {
	for n := range g.N {
		for oh := range g.OH() {
			for ow := range g.OW() {
				for c := range g.C {
					var in, index []int
					for k := range g.KH * g.KW {
						h, w := oh*g.StrideH+k/g.KW-g.PadTop, ow*g.StrideW+k%g.KW-g.PadLeft
						if h >= 0 && h < g.H && w >= 0 && w < g.W {
							in, index = append(in, ((n*g.H+h)*g.W+w)*g.C+c), append(index, k)
						}
					}
					visit(((n*g.OH()+oh)*g.OW()+ow)*g.C+c, in, index)
				}
			}
		}
	}
}

func TestMaxPoolTakesTheFirstMaximum(t *testing.T) { eachPool(t, checkMaxPool) }

func checkMaxPool(t *testing.T, name string, g Pool, r *rand.Rand) {
	t.Helper()
	nIn, nOut := g.N*g.H*g.W*g.C, g.N*g.OH()*g.OW()*g.C
	x, y, noArg, dy, dx := in(nIn, r), out(nOut), out(nOut), in(nOut, r), out(nIn)
	arg := newFenced[uint8](nOut, 99, nil)
	for i := range x.slice() { // few values: many ties
		x.slice()[i] = float32(r.IntN(5) - 2)
	}
	wantY, wantArg, wantDX := make([]float32, nOut), make([]uint8, nOut), make([]float32, nIn)
	g.windows(func(o int, in, k []int) {
		best := 0
		for i := range in {
			if x.slice()[in[i]] > x.slice()[in[best]] {
				best = i
			}
		}
		wantY[o], wantArg[o] = x.slice()[in[best]], uint8(k[best])
		wantDX[in[best]] += dy.slice()[o]
	})
	MaxPool(y.slice(), arg.slice(), x.slice(), g)
	MaxPool(noArg.slice(), nil, x.slice(), g)
	MaxPoolGrad(dx.slice(), dy.slice(), arg.slice(), g)
	sameBits(t, name+" y", y.slice(), wantY)
	sameBits(t, name+" y without arg", noArg.slice(), wantY)
	sameBits(t, name+" dx", dx.slice(), wantDX)
	for i, a := range arg.slice() {
		if a != wantArg[i] {
			t.Fatalf("%s: arg[%d] = %d, want %d", name, i, a, wantArg[i])
		}
	}
	arg.check(t, name)
	y.check(t, name)
	dx.check(t, name)
}

func TestMaxPoolOfNaN(t *testing.T) {
	nan := float32(math.NaN())
	g := Pool{N: 1, H: 2, W: 2, C: 2, KH: 2, KW: 2, StrideH: 2, StrideW: 2}
	everyPath(t, func(t *testing.T) {
		y, arg := make([]float32, 2), make([]uint8, 2)
		MaxPool(y, arg, []float32{nan, 1, 2, nan, 3, 4, 4, 3}, g)
		sameBits(t, "y", y, []float32{nan, 4})
		if arg[0] != 0 || arg[1] != 2 {
			t.Errorf("arg = %v, want [0 2]", arg)
		}
	})
}

func TestAvgPoolCountsTheImageOrPaddingToo(t *testing.T) {
	eachPool(t, checkAvgPool)
	eachPool(t, func(t *testing.T, name string, g Pool, r *rand.Rand) {
		g.CountIncludePad = true
		g.OverBottom, g.OverRight = min(1, g.PadBottom), r.IntN(g.PadRight+1)
		checkAvgPool(t, name+", padding counts", g, r)
	})
}

func checkAvgPool(t *testing.T, name string, g Pool, r *rand.Rand) {
	t.Helper()
	nIn, nOut := g.N*g.H*g.W*g.C, g.N*g.OH()*g.OW()*g.C
	x, y, dy, dx := in(nIn, r), out(nOut), in(nOut, r), out(nIn)
	wantY, wantDX := make([]float64, nOut), make([]float64, nIn)
	g.windows(func(o int, in, _ []int) {
		count := float64(len(in))
		if g.CountIncludePad {
			count = 0
			for k := range g.KH * g.KW {
				h, w := o/g.C/g.OW()%g.OH()*g.StrideH+k/g.KW, o/g.C%g.OW()*g.StrideW+k%g.KW
				if h < g.H+g.PadTop+g.PadBottom-g.OverBottom && w < g.W+g.PadLeft+g.PadRight-g.OverRight {
					count++
				}
			}
		}
		for _, i := range in {
			wantY[o] += float64(x.slice()[i]) / count
			wantDX[i] += float64(dy.slice()[o]) / count
		}
	})
	AvgPool(y.slice(), x.slice(), g)
	AvgPoolGrad(dx.slice(), dy.slice(), g)
	closeTo(t, name+" y", y.slice(), wantY, 1e-6, 1)
	closeTo(t, name+" dx", dx.slice(), wantDX, 1e-6, 1)
	y.check(t, name)
	dx.check(t, name)
}

func TestPoolValidate(t *testing.T) {
	good := Pool{N: 1, H: 4, W: 4, C: 1, KH: 2, KW: 2, StrideH: 2, StrideW: 2}
	if err := good.Validate(); err != nil {
		t.Error(err)
	}
	for want, spoil := range map[string]func(*Pool){
		"at least 1":  func(g *Pool) { g.StrideW = 0 },
		"padding":     func(g *Pool) { g.PadTop = 2 },
		"larger than": func(g *Pool) { g.KH = 5 },
	} {
		g := good
		spoil(&g)
		if err := g.Validate(); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%+v: error %v, want one with %q", g, err, want)
		}
	}
}

func TestMaxPoolBytesIsTheMaximum(t *testing.T) { eachPool(t, checkBytesPool) }

func checkBytesPool(t *testing.T, name string, g Pool, r *rand.Rand) {
	t.Helper()
	nOut := g.N * g.OH() * g.OW() * g.C
	x, y, want := randomBytes[uint8](g.N*g.H*g.W*g.C, r), newFenced[uint8](nOut, 99, nil), make([]uint8, nOut)
	g.windows(func(o int, in, _ []int) {
		want[o] = x.slice()[in[0]]
		for _, i := range in {
			want[o] = max(want[o], x.slice()[i])
		}
	})
	MaxPoolBytes(y.slice(), x.slice(), g)
	for i, v := range y.slice() {
		if v != want[i] {
			t.Fatalf("%s: y[%d] = %d, want %d", name, i, v, want[i])
		}
	}
	y.check(t, name)
}

// FuzzPool checks the poolings against their oracles, on every path.
func FuzzPool(f *testing.F) {
	checks := []func(t *testing.T, name string, g Pool, r *rand.Rand){
		checkMaxPool, checkAvgPool, checkBytesPool, checkNormPool, checkQuantPool, checkFusedPools,
		checkQuantPoolBackward,
	}
	for i := range checks {
		f.Add(uint8(i), uint64(1), uint8(2), uint8(6), uint8(7), uint8(16), uint8(0x22), uint8(0x22), uint8(0x50))
	}
	f.Fuzz(func(t *testing.T, check uint8, seed uint64, n, h, w, c, window, stride, pad uint8) {
		g := Pool{N: int(n%3) + 1, H: int(h%12) + 1, W: int(w%12) + 1, C: int(c%70) + 1,
			KH: int(window & 7), KW: int(window >> 4 & 7), StrideH: int(stride & 3), StrideW: int(stride >> 4 & 3),
			PadTop: int(pad & 3), PadLeft: int(pad >> 2 & 3), PadBottom: int(pad >> 4 & 3), PadRight: int(pad >> 6)}
		if g.Validate() != nil {
			return
		}
		for _, way := range ways() {
			way.run(func() { checks[int(check)%len(checks)](t, label(way, g), g, random(seed)) })
		}
	})
}
