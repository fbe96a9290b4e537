package kernel

import (
	"math"
	"testing"
)

func TestAdamAgainstFloat64(t *testing.T) {
	const lr, beta1, beta2, eps = 0.01, 0.9, 0.999, 1e-8
	everyPath(t, func(t *testing.T) {
		for _, decay := range []float64{0, 0.1} {
			for _, n := range lengths {
				r := random(uint64(n))
				w, m, v := in(n, r), newFenced(n, 7, func(int) float32 { return 0 }),
					newFenced(n, 7, func(int) float32 { return 0 })
				ww, wm, wv := make([]float64, n), make([]float64, n), make([]float64, n)
				for i, x := range w.slice() {
					ww[i] = float64(x)
				}
				for step := 1; step <= 3; step++ {
					g := in(n, r)
					c1, c2 := 1-math.Pow(beta1, float64(step)), 1-math.Pow(beta2, float64(step))
					Adam(w.slice(), m.slice(), v.slice(), g.slice(),
						AdamStep{lr, beta1, beta2, eps, float32(decay), float32(c1), float32(c2)})
					for i := range ww {
						d := float64(g.slice()[i]) + decay*ww[i]
						wm[i] = beta1*wm[i] + (1-beta1)*d
						wv[i] = beta2*wv[i] + (1-beta2)*d*d
						ww[i] -= lr * (wm[i] / c1) / (math.Sqrt(wv[i]/c2) + eps)
					}
				}
				closeTo(t, label("w n=", n), w.slice(), ww, 1e-5, 1)
				closeTo(t, label("m n=", n), m.slice(), wm, 1e-5, 1)
				closeTo(t, label("v n=", n), v.slice(), wv, 1e-4, 1e-3)
				for _, f := range []fenced[float32]{w, m, v} {
					f.check(t, label("n=", n))
				}
			}
		}
	})
}

func TestSGDAgainstFloat64(t *testing.T) {
	const lr, momentum = 0.1, 0.9
	everyPath(t, func(t *testing.T) {
		for _, nesterov := range []bool{false, true} {
			for _, decay := range []float64{0, 0.01} {
				for _, n := range lengths {
					r := random(uint64(n))
					w, m := in(n, r), newFenced(n, 7, func(int) float32 { return 0 })
					ww, wm := make([]float64, n), make([]float64, n)
					for i, x := range w.slice() {
						ww[i] = float64(x)
					}
					for range 3 {
						g := in(n, r)
						SGD(w.slice(), m.slice(), g.slice(), SGDStep{lr, momentum, float32(decay), nesterov})
						for i := range ww {
							d := float64(g.slice()[i]) + decay*ww[i]
							wm[i] = momentum*wm[i] + d
							if nesterov {
								ww[i] -= lr * (d + momentum*wm[i])
							} else {
								ww[i] -= lr * wm[i]
							}
						}
					}
					name := label("n=", n, " nesterov=", nesterov)
					closeTo(t, name+" w", w.slice(), ww, 1e-5, 1)
					closeTo(t, name+" m", m.slice(), wm, 1e-5, 1)
					w.check(t, name)
					m.check(t, name)
				}
			}
		}
	})
}

// TestOptimizersAgreeOnEveryPath compares bits with the Go loops.
func TestOptimizersAgreeOnEveryPath(t *testing.T) {
	everyPath(t, func(t *testing.T) {
		for _, n := range lengths {
			r := random(uint64(n))
			w, m, v, g := in(n, r).slice(), in(n, r).slice(), in(n, r).slice(), in(n, r).slice()
			for i := range v {
				v[i] *= v[i]
			}
			same := func(s []float32) []float32 { return append([]float32(nil), s...) }
			w2, m2, v2 := same(w), same(m), same(v)
			k := adamStep{step: 0.013, beta1: 0.9, beta2: 0.999, eps: 1e-8, decay: 0.01, rest1: 0.1, rest2: 0.001,
				inv2: 1.7}
			adamBlock(w, m, v, g, &k)
			adamGeneric(w2, m2, v2, g, &k)
			for _, nesterov := range []bool{true, false} {
				sgdBlock(w, m, g, SGDStep{0.1, 0.9, 0.01, nesterov})
				sgdGeneric(w2, m2, g, SGDStep{0.1, 0.9, 0.01, nesterov})
			}
			sameBits(t, label("w n=", n), w, w2)
			sameBits(t, label("m n=", n), m, m2)
			sameBits(t, label("v n=", n), v, v2)
		}
	})
}
