package kernel

import (
	"fmt"
	"math/rand/v2"
	"runtime"
	"slices"
	"testing"
)

func TestLinearAgainstFloat64(t *testing.T) {
	eachPath(t, func(t *testing.T) {
		for _, s := range enumerate(t, 300, func(c *choice) [3]int {
			return [3]int{pick(c, widths), pick(c, widths), pick(c, []int{1, 2, 3, 7, 14, 33})}
		}) {
			checkLinear64(t, s[2], s[0], s[1])
		}
		for _, s := range [][3]int{{128, 128, 10}, {7, 300, 130}, {128, 392, 33}} {
			checkLinear64(t, s[0], s[1], s[2])
		}
	})
}

// checkLinear64 checks the products of n images of f features and o outputs.
func checkLinear64(t *testing.T, n, f, o int) {
	t.Helper()
	r, name := rand.New(rand.NewPCG(3, 4)), fmt.Sprintf("%d images, %d to %d: ", n, f, o)
	var all fences
	x, w, bias, dy := all.in(n*f, r), all.in(o*f, r), all.in(o, r), all.in(n*o, r)
	y, dx, dw := newSums(n*o), newSums(n*f), newSums(o*f)
	for i := range n {
		for j := range o {
			y.add(i*o+j, bias[j], 1)
			for k := range f {
				y.add(i*o+j, x[i*f+k], w[j*f+k])
				dx.add(i*f+k, dy[i*o+j], w[j*f+k])
				dw.add(j*f+k, dy[i*o+j], x[i*f+k])
			}
		}
	}
	var sc Scratch
	got := all.out(n * o)
	LinearForward(got, x, w, bias, Linear{n, f, o}, &sc)
	near(t, name+"y", got, y.sum, y.scale)
	got = all.out(n * f)
	LinearBackwardInput(got, dy, w, Linear{n, f, o}, &sc)
	near(t, name+"dx", got, dx.sum, dx.scale)
	got = all.out(o * f)
	LinearBackwardWeights(got, x, dy, Linear{n, f, o}, &sc)
	near(t, name+"dw", got, dw.sum, dw.scale)
	all.hold(t)
}

func TestLinearAlikeOnAnyNumberOfThreads(t *testing.T) {
	const n, f, o = 64, 700, 90
	r := rand.New(rand.NewPCG(1, 1))
	x, w, y := in(n*f, r).slice(), in(o*f, r).slice(), make([]float32, n*o)
	var want []float32
	for _, procs := range []int{1, 2, 3, 8} {
		old := runtime.GOMAXPROCS(procs)
		var s Scratch
		LinearForward(y, x, w, nil, Linear{n, f, o}, &s)
		runtime.GOMAXPROCS(old)
		if procs == 1 {
			want = slices.Clone(y)
		}
		sameBits(t, fmt.Sprintf("y on %d threads", procs), y, want)
	}
}

func BenchmarkLinear(b *testing.B) {
	for _, size := range [][3]int{{128, 1568, 128}, {128, 128, 10}, {32, 64, 32}} {
		n, f, o := size[0], size[1], size[2]
		x, w, bias, y := make([]float32, n*f), make([]float32, o*f), make([]float32, o), make([]float32, n*o)
		var s Scratch
		for _, path := range paths() {
			for _, pass := range []struct {
				name string
				run  func()
			}{
				{"forward", func() { LinearForward(y, x, w, bias, Linear{n, f, o}, &s) }},
				{"input", func() { LinearBackwardInput(x, y, w, Linear{n, f, o}, &s) }},
				{"weights", func() { LinearBackwardWeights(w, x, y, Linear{n, f, o}, &s) }},
			} {
				onPath(path, func() {
					b.Run(fmt.Sprintf("%dx%d-%d/%s/%v", n, f, o, pass.name, path), func(b *testing.B) {
						b.ReportAllocs()
						for b.Loop() {
							pass.run()
						}
						gflops(b, n*f*o)
					})
				})
			}
		}
	}
}
