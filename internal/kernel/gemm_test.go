package kernel

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"
)

// gemm is a product of m×k by k×n matrices.
type gemm struct {
	m, n, k        int
	transA, transB bool
	add            bool
}

// operand is a rows×cols matrix whose lines are farther apart than they are
// long.
func (f *fences) operand(rows, cols, gap int, trans bool, r *rand.Rand) Matrix {
	m := Matrix{Rows: rows, Cols: cols, LD: cols + gap, Trans: trans}
	lines := rows
	if trans {
		m.LD, lines = rows+gap, cols
	}
	m.Data = f.in(lines*m.LD, r)
	return m
}

// at is the index of element (i,j).
func (m Matrix) at(i, j int) int {
	if m.Trans {
		i, j = j, i
	}
	return i*m.LD + j
}

func (g gemm) check(t *testing.T) {
	t.Helper()
	r := rand.New(rand.NewPCG(uint64(g.m), uint64(g.n)))
	var f fences
	a, b := f.operand(g.m, g.k, 3, g.transA, r), f.operand(g.k, g.n, 5, g.transB, r)
	c := f.operand(g.m, g.n, 4, false, r)
	before := append([]float32(nil), c.Data...)
	want := newSums(len(c.Data))
	for i := range g.m {
		for j := range g.n {
			for p := range g.k {
				want.add(c.at(i, j), a.Data[a.at(i, p)], b.Data[b.at(p, j)])
			}
			if g.add {
				want.add(c.at(i, j), 1, before[c.at(i, j)])
			}
		}
		for j := c.at(i, g.n); j < c.at(i+1, 0); j++ { // between rows nothing may change
			want.add(j, before[j], 1)
			want.scale[j] = 0
		}
	}
	Gemm(c, a, b, g.add)
	near(t, fmt.Sprintf("%+v", g), c.Data, want.sum, want.scale)
	f.hold(t)
}

func TestGemmAgainstFloat64(t *testing.T) {
	eachPath(t, func(t *testing.T) {
		for _, g := range enumerate(t, 400, func(c *choice) gemm {
			return gemm{
				m:      pick(c, []int{1, 2, 3, 4, 5, 6, 7, 13, 14, 15, 29}),
				n:      pick(c, []int{1, 10, 15, 16, 17, 31, 32, 33, 48, 65}),
				transA: pick(c, []bool{false, true}), transB: pick(c, []bool{false, true}),
				k:   pick(c, []int{0, 1, 2, 3, 8, 17, 40}),
				add: pick(c, []bool{false, true}),
			}
		}) {
			g.check(t)
		}
		// Many tiles, sums of two depths, rows a power of two apart, B in two rounds.
		for _, s := range [][3]int{{270, 20, 19}, {510, 33, 7}, {31, 130, 300}, {9, 40, 600}, {7, 40, 509},
			{2, 700, 800}} {
			for _, trans := range [][2]bool{{false, false}, {false, true}, {true, false}, {true, true}} {
				gemm{s[0], s[1], s[2], trans[0], trans[1], true}.check(t)
			}
			gemm{m: s[0], n: s[1], k: s[2]}.check(t)
		}
	})
}

func TestGemmDoesNotReadWhatItOverwrites(t *testing.T) {
	one := func(x float32) Matrix { return Matrix{Data: []float32{x}, Rows: 1, Cols: 1, LD: 1} }
	c := one(float32(math.NaN()))
	if Gemm(c, one(2), one(3), false); c.Data[0] != 6 {
		t.Errorf("2·3 = %v, want 6", c.Data[0])
	}
}

// FuzzGemm checks products of any size against float64, on every path.
func FuzzGemm(f *testing.F) {
	f.Add(uint8(3), uint8(40), uint16(300), true, false)
	f.Add(uint8(200), uint8(33), uint16(509), false, true)
	f.Fuzz(func(t *testing.T, m, n uint8, k uint16, transA, transB bool) {
		for _, s := range paths() {
			onPath(s, func() { gemm{int(m) + 1, int(n) + 1, int(k % 1024), transA, transB, true}.check(t) })
		}
	})
}

func BenchmarkGemm(b *testing.B) {
	for _, n := range []int{64, 256, 512, 1024} {
		square := func() Matrix { return Matrix{Data: make([]float32, n*n), Rows: n, Cols: n, LD: n} }
		x, y, z := square(), square(), square()
		for _, path := range paths() {
			onPath(path, func() {
				b.Run(fmt.Sprintf("%d/%v", n, path), func(b *testing.B) {
					b.ReportAllocs()
					for b.Loop() {
						Gemm(z, x, y, false)
					}
					gflops(b, n*n*n)
				})
			})
		}
	}
}
