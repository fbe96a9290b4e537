package blas_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	gonumblas "gonum.org/v1/gonum/blas"
	"gonum.org/v1/gonum/blas/gonum"
	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"petrify/internal/kernel/blas"
)

var _ gorgonia.BLAS = blas.Implementation{}

func TestSgemmAsGonums(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	random := func() []float32 {
		x := make([]float32, 4000)
		for i := range x {
			x[i] = float32(r.NormFloat64())
		}
		return x
	}
	for _, tA := range []gonumblas.Transpose{gonumblas.NoTrans, gonumblas.Trans, gonumblas.ConjTrans} {
		for _, tB := range []gonumblas.Transpose{gonumblas.NoTrans, gonumblas.Trans} {
			for _, size := range [][3]int{{0, 3, 4}, {5, 0, 2}, {3, 4, 0}, {1, 1, 1}, {7, 20, 33}, {40, 50, 60}} {
				m, n, k := size[0], size[1], size[2]
				for _, beta := range []float32{0, 1, -0.5} {
					a, b, got := random(), random(), random()
					want := append([]float32(nil), got...)
					blas.Implementation{}.Sgemm(tA, tB, m, n, k, 1.5, a, 61, b, 63, beta, got, n+1)
					gonum.Implementation{}.Sgemm(tA, tB, m, n, k, 1.5, a, 61, b, 63, beta, want, n+1)
					for i := range want {
						if math.Abs(float64(got[i]-want[i])) > 1e-4 {
							t.Fatalf("%c %c %d×%d×%d β %v: C[%d] = %v, Gonum's %v", tA, tB, m, n, k, beta, i, got[i], want[i])
						}
					}
				}
			}
		}
	}
}

func TestSgemmPanicsAsGonums(t *testing.T) {
	x := make([]float32, 12)
	for _, c := range []struct {
		name string
		call func(b sgemmer)
	}{
		{"unknown transpose", func(b sgemmer) { b.Sgemm('?', 'N', 2, 2, 2, 1, x, 2, x, 2, 0, x, 2) }},
		{"negative size", func(b sgemmer) { b.Sgemm('N', 'N', -2, 2, 2, 1, x, 2, x, 2, 0, x, 2) }},
		{"rows of A overlap", func(b sgemmer) { b.Sgemm('N', 'N', 2, 2, 3, 1, x, 2, x, 2, 0, x, 2) }},
		{"B is short", func(b sgemmer) { b.Sgemm('N', 'T', 2, 5, 3, 1, x, 3, x, 3, 0, x, 5) }},
		{"C is short", func(b sgemmer) { b.Sgemm('N', 'N', 4, 4, 2, 1, x, 2, x, 4, 0, x, 4) }},
	} {
		ours, theirs := caught(func() { c.call(blas.Implementation{}) }), caught(func() { c.call(gonum.Implementation{}) })
		if theirs == nil || fmt.Sprint(ours) != fmt.Sprint(theirs) {
			t.Errorf("%s: panics with %v, Gonum's with %v", c.name, ours, theirs)
		}
	}
}

type sgemmer = interface {
	Sgemm(tA, tB gonumblas.Transpose, m, n, k int, alpha float32, a []float32, lda int, b []float32, ldb int, beta float32, c []float32, ldc int)
}

func caught(f func()) (panicked any) {
	defer func() { panicked = recover() }()
	f()
	return nil
}

func ExampleImplementation() {
	gorgonia.Use(blas.Implementation{})
	defer gorgonia.Use(gonum.Implementation{})

	a := tensor.New(tensor.WithShape(2, 3), tensor.WithBacking([]float32{1, 2, 3, 4, 5, 6}))
	b := tensor.New(tensor.WithShape(3, 2), tensor.WithBacking([]float32{1, 0, 0, 1, 1, 1}))
	c, err := a.MatMul(b)
	fmt.Println(c.Data(), err)
	// Output: [4 5 10 11] <nil>
}
