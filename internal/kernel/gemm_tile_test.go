package kernel

import (
	"fmt"
	"math/rand/v2"
	"testing"
)

// paths are those this machine and this build have. ARM's differ in products of
// bytes alone, whose tests take all [ways].
func paths() []instructionSet {
	best := detected().set
	if best > neon {
		return []instructionSet{generic, best}
	}
	return best.paths()
}

// onPath runs a test's or a benchmark's body on one path.
func onPath(s instructionSet, f func()) {
	oldPath, oldVNNI := path, vnni
	defer func() { path, vnni = oldPath, oldVNNI }()
	path, vnni, _ = choose(s.String(), detected())
	f()
}

// eachPath runs a test on every path, as a subtest of its name. The float
// kernels do not care which int8 products there are.
func eachPath(t *testing.T, f func(t *testing.T)) {
	for _, s := range paths() {
		t.Run(s.String(), func(t *testing.T) { onPath(s, func() { f(t) }) })
	}
}

func TestTileAgainstFloat64(t *testing.T) {
	eachPath(t, func(t *testing.T) {
		l, r := layouts[path], rand.New(rand.NewPCG(1, 2))
		for m := 1; m <= 2*l.rows+1; m++ {
			for n := 1; n <= l.columns; n++ {
				checkTile(t, r, m, n, 1+r.IntN(5), 1+r.IntN(3))
			}
		}
	})
}

func checkTile(t *testing.T, r *rand.Rand, m, n, k, segments int) {
	t.Helper()
	x := tile{ldc: n + r.IntN(3), ldb: roundUp(n, quantum) + 3*r.IntN(2), rs: r.IntN(5), cs: r.IntN(5), n: n, k: k}
	for q := range segments {
		x.off = append(x.off, 7*q+r.IntN(7))
	}
	x.ldp = x.ldc * r.IntN(2)
	var f fences
	x.a = f.in(x.off[segments-1]+(m-1)*x.rs+(k-1)*x.cs+1, r)
	x.b = f.in((segments*k-1)*x.ldb+roundUp(n, quantum), r)
	x.c = f.in((m-1)*x.ldc+n, r)
	x.plus = f.in((m-1)*x.ldp+n, r)
	want := newSums(len(x.c))
	for i := range x.c {
		want.sum[i] = float64(x.c[i]) // between rows nothing may change
	}
	for i := range m {
		for j := range n {
			want.sum[i*x.ldc+j] = 0
			want.add(i*x.ldc+j, x.plus[i*x.ldp+j], 1)
			for q, off := range x.off {
				for p := range k {
					want.add(i*x.ldc+j, x.a[off+i*x.rs+p*x.cs], x.b[(q*k+p)*x.ldb+j])
				}
			}
		}
	}
	x.run(m)
	near(t, fmt.Sprintf("%d×%d tile, %d runs of %d", m, n, segments, k), x.c, want.sum, want.scale)
	f.hold(t)
}

// BenchmarkTile measures the inner kernel on operands in the first-level
// cache, its largest tile and its narrow one.
func BenchmarkTile(b *testing.B) {
	for _, s := range paths() {
		for _, columns := range []int{16, 32} {
			onPath(s, func() {
				l := layouts[path]
				if columns > l.columns {
					return
				}
				const k = 256
				x := tile{
					c: make([]float32, l.rows*columns), plus: zeros[:], a: make([]float32, l.rows*k),
					b:   make([]float32, k*columns),
					ldc: columns, ldb: columns, rs: k, cs: 1, off: []int{0}, k: k, n: columns,
				}
				b.Run(fmt.Sprintf("%v/%dx%d", s, l.rows, columns), func(b *testing.B) {
					for b.Loop() {
						x.run(l.rows)
					}
					gflops(b, l.rows*columns*k)
				})
			})
		}
	}
}

// gflops reports a benchmark's rate, a multiply-add being two operations.
func gflops(b *testing.B, products int) {
	b.ReportMetric(2*float64(products)*float64(b.N)/float64(b.Elapsed().Nanoseconds()), "GFLOP/s")
}
