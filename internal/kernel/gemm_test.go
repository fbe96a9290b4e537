package kernel

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"
)

// checkGemm compares one product, with rows farther apart than they are long.
func checkGemm(t *testing.T, transA, transB bool, m, n, k int, alpha, beta float32) {
	t.Helper()
	r := rand.New(rand.NewPCG(uint64(m), uint64(n)))
	ars, acs, lda := k+3, 1, k+3
	arows := m
	if transA {
		ars, acs, lda, arows = 1, m+2, m+2, k
	}
	brs, bcs, ldb := n+1, 1, n+1
	brows := k
	if transB {
		brs, bcs, ldb, brows = 1, k+5, k+5, n
	}
	var f fences
	a, b := f.in(arows*lda, r), f.in(brows*ldb, r)
	ldc := n + 4
	c := f.in(m*ldc, r)
	before := append([]float32(nil), c...)
	want := newSums(len(c))
	for i := range m {
		for j := range n {
			for p := range k {
				want.add(i*ldc+j, a[i*ars+p*acs], b[p*brs+j*bcs])
			}
			want.sum[i*ldc+j] *= float64(alpha)
			want.add(i*ldc+j, beta, before[i*ldc+j])
		}
		for j := n; j < ldc; j++ { // between rows nothing may change
			want.add(i*ldc+j, before[i*ldc+j], 1)
			want.scale[i*ldc+j] = 0
		}
	}
	Gemm(transA, transB, m, n, k, alpha, a, lda, b, ldb, beta, c, ldc)
	near(t, fmt.Sprintf("%d×%d×%d α %v β %v transposed %v %v", m, n, k, alpha, beta, transA, transB), c, want.sum,
		want.scale)
	f.hold(t)
}

func TestGemmAgainstFloat64(t *testing.T) {
	type factors struct {
		m, n, k        int
		transA, transB bool
		alphaBeta      [2]float32
	}
	eachPath(t, func(t *testing.T) {
		for _, f := range enumerate(t, 400, func(c *choice) factors {
			return factors{
				m:      pick(c, []int{1, 2, 3, 4, 5, 6, 7, 13, 14, 15, 29}),
				n:      pick(c, []int{1, 10, 15, 16, 17, 31, 32, 33, 48, 65}),
				transA: pick(c, []bool{false, true}), transB: pick(c, []bool{false, true}),
				k:         pick(c, []int{0, 1, 2, 3, 8, 17, 40}),
				alphaBeta: pick(c, [][2]float32{{1, 0}, {0.5, -2}, {1, 1}, {0, 2}}),
			}
		}) {
			checkGemm(t, f.transA, f.transB, f.m, f.n, f.k, f.alphaBeta[0], f.alphaBeta[1])
		}
		// Many tiles, sums of two depths, rows a power of two apart, B in two rounds.
		for _, s := range [][3]int{{270, 20, 19}, {510, 33, 7}, {31, 130, 300}, {9, 40, 600}, {7, 40, 509},
			{2, 700, 800}} {
			for _, trans := range [][2]bool{{false, false}, {false, true}, {true, false}, {true, true}} {
				checkGemm(t, trans[0], trans[1], s[0], s[1], s[2], 0.5, -2)
			}
			checkGemm(t, false, false, s[0], s[1], s[2], 1, 0)
		}
	})
}

func TestGemmDoesNotReadCWhereBetaIsZero(t *testing.T) {
	a, b, c := []float32{2}, []float32{3}, []float32{float32(math.NaN())}
	if Gemm(false, false, 1, 1, 1, 1, a, 1, b, 1, 0, c, 1); c[0] != 6 {
		t.Errorf("0·NaN + 2·3 = %v, want 6", c[0])
	}
}

// FuzzGemm holds products of any size to float64, on every path.
func FuzzGemm(f *testing.F) {
	f.Add(uint8(3), uint8(40), uint16(300), true, false)
	f.Add(uint8(200), uint8(33), uint16(509), false, true)
	f.Fuzz(func(t *testing.T, m, n uint8, k uint16, transA, transB bool) {
		for _, s := range paths() {
			onPath(s, func() { checkGemm(t, transA, transB, int(m)+1, int(n)+1, int(k%1024), 1, 1) })
		}
	})
}

func BenchmarkGemm(b *testing.B) {
	for _, n := range []int{64, 256, 512, 1024} {
		x, y, z := make([]float32, n*n), make([]float32, n*n), make([]float32, n*n)
		for _, path := range paths() {
			onPath(path, func() {
				b.Run(fmt.Sprintf("%d/%v", n, path), func(b *testing.B) {
					b.ReportAllocs()
					for b.Loop() {
						Gemm(false, false, n, n, n, 1, x, n, y, n, 0, z, n)
					}
					gflops(b, n*n*n)
				})
			})
		}
	}
}
