package kernel

import (
	"errors"
	"fmt"
)

// Conv is the geometry of a two-dimensional convolution,
//
//	y[n,oh,ow,o] = b[o] + Σ_{i,kh,kw} x[n, oh·SH+kh·DH−PT, ow·SW+kw·DW−PL, g·C/G+i] · w[o,i,kh,kw]
//
// with x zero outside the image and g = o / (O/G) the group of channel o.
// Images are N H W C in memory, weights O I KH KW with I = C/G. With G = C
// every channel has its own filters: a depthwise convolution.
type Conv struct {
	N, H, W, C int // images: their number, height, width, channels
	O          int // channels out
	KH, KW     int // the window

	StrideH, StrideW     int
	DilationH, DilationW int

	PadTop, PadLeft, PadBottom, PadRight int

	Groups int // divides C and O
}

// OH returns the height of the output.
func (g Conv) OH() int {
	return (g.H+g.PadTop+g.PadBottom-g.DilationH*(g.KH-1)-1)/g.StrideH + 1
}

// OW returns the width of the output.
func (g Conv) OW() int {
	return (g.W+g.PadLeft+g.PadRight-g.DilationW*(g.KW-1)-1)/g.StrideW + 1
}

// Validate reports every fault of the geometry at once.
func (g Conv) Validate() error {
	var errs []error
	for _, f := range []struct {
		name  string
		value int
		least int
	}{
		{"N", g.N, 1}, {"H", g.H, 1}, {"W", g.W, 1}, {"C", g.C, 1}, {"O", g.O, 1},
		{"KH", g.KH, 1}, {"KW", g.KW, 1},
		{"StrideH", g.StrideH, 1}, {"StrideW", g.StrideW, 1},
		{"DilationH", g.DilationH, 1}, {"DilationW", g.DilationW, 1},
		{"PadTop", g.PadTop, 0}, {"PadLeft", g.PadLeft, 0},
		{"PadBottom", g.PadBottom, 0}, {"PadRight", g.PadRight, 0},
		{"Groups", g.Groups, 1},
	} {
		if f.value < f.least {
			errs = append(errs, fmt.Errorf("kernel: convolution's %s is %d, must be at least %d", f.name, f.value, f.least))
		}
	}
	if len(errs) > 0 {
		return errors.Join(errs...)
	}
	if g.C%g.Groups != 0 || g.O%g.Groups != 0 {
		errs = append(errs, fmt.Errorf("kernel: convolution's %d groups must divide its %d channels in and %d out", g.Groups, g.C, g.O))
	}
	if h, k := g.H+g.PadTop+g.PadBottom, g.DilationH*(g.KH-1)+1; k > h {
		errs = append(errs, fmt.Errorf("kernel: convolution's window spans %d rows of an image padded to %d", k, h))
	}
	if w, k := g.W+g.PadLeft+g.PadRight, g.DilationW*(g.KW-1)+1; k > w {
		errs = append(errs, fmt.Errorf("kernel: convolution's window spans %d columns of an image padded to %d", k, w))
	}
	return errors.Join(errs...)
}

// taps visits every product of the convolution: y's index, x's, w's.
func (g Conv) taps(n int, visit func(y, x, w int)) {
	oh, ow, ci, co := g.OH(), g.OW(), g.C/g.Groups, g.O/g.Groups
	for i := range oh * ow * g.O {
		r, c, o := i/(ow*g.O), i/g.O%ow, i%g.O
		for kh := range g.KH {
			for kw := range g.KW {
				h, w := r*g.StrideH+kh*g.DilationH-g.PadTop, c*g.StrideW+kw*g.DilationW-g.PadLeft
				if h < 0 || h >= g.H || w < 0 || w >= g.W {
					continue
				}
				for k := range ci {
					visit(n*oh*ow*g.O+i, ((n*g.H+h)*g.W+w)*g.C+o/co*ci+k, ((o*ci+k)*g.KH+kh)*g.KW+kw)
				}
			}
		}
	}
}

// ConvForward computes y = x ∗ w + bias. bias is [O] or nil.
func ConvForward(y, x, w, bias []float32, g Conv, s *Scratch) {
	g.check(y, x, w)
	Parallel(g.N, func(n int) {
		size := g.OH() * g.OW() * g.O
		out := y[n*size:][:size]
		clear(out)
		for i := range out {
			if bias != nil {
				out[i] = bias[i%g.O]
			}
		}
		g.taps(n, func(i, j, k int) { y[i] += x[j] * w[k] })
	})
}

// ConvBackwardInput computes dx = ∂L/∂x from dy = ∂L/∂y.
func ConvBackwardInput(dx, dy, w []float32, g Conv, s *Scratch) {
	g.check(dy, dx, w)
	clear(dx)
	Parallel(g.N, func(n int) {
		g.taps(n, func(i, j, k int) { dx[j] += dy[i] * w[k] })
	})
}

// ConvBackwardWeights computes dw = ∂L/∂w from dy = ∂L/∂y.
func ConvBackwardWeights(dw, x, dy []float32, g Conv, s *Scratch) {
	g.check(dy, x, dw)
	clear(dw)
	for n := range g.N {
		g.taps(n, func(i, j, k int) { dw[k] += dy[i] * x[j] })
	}
}

// check panics unless the slices have the geometry's lengths.
func (g Conv) check(y, x, w []float32) {
	if err := g.Validate(); err != nil {
		panic(err)
	}
	length("y", len(y), g.N*g.OH()*g.OW()*g.O)
	length("x", len(x), g.N*g.H*g.W*g.C)
	length("w", len(w), g.O*g.C/g.Groups*g.KH*g.KW)
}

// length panics unless a slice has the length its shape asks for.
func length(name string, got, want int) {
	if got != want {
		panic(fmt.Sprintf("kernel: %s has %d elements, its shape %d", name, got, want))
	}
}
