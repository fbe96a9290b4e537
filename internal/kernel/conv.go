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
			errs = append(errs, fmt.Errorf("kernel: convolution's %s is %d, must be at least %d", f.name, f.value,
				f.least))
		}
	}
	if len(errs) > 0 {
		return errors.Join(errs...)
	}
	if g.C%g.Groups != 0 || g.O%g.Groups != 0 {
		errs = append(errs, fmt.Errorf("kernel: convolution's %d groups must divide its %d channels in and %d out",
			g.Groups, g.C, g.O))
	}
	if h, k := g.H+g.PadTop+g.PadBottom, g.DilationH*(g.KH-1)+1; k > h {
		errs = append(errs, fmt.Errorf("kernel: convolution's window spans %d rows of an image padded to %d", k, h))
	}
	if w, k := g.W+g.PadLeft+g.PadRight, g.DilationW*(g.KW-1)+1; k > w {
		errs = append(errs, fmt.Errorf("kernel: convolution's window spans %d columns of an image padded to %d", k, w))
	}
	return errors.Join(errs...)
}

// ConvForward computes y = x ∗ w + bias. bias is [O] or nil.
func ConvForward(y, x, w, bias []float32, g Conv, s *Scratch) {
	g.check("ConvForward", y, x, w)
	if bias != nil {
		checkLen("ConvForward", "bias", len(bias), g.O)
	}
	if s.forward.g != g || s.forward.path != path {
		s.forward = forwardPlan(g)
	}
	s.forward.run(y, x, w, bias, s)
}

// ConvBackwardInput computes dx = ∂L/∂x from dy = ∂L/∂y: each input gathers
// from the outputs that read it.
func ConvBackwardInput(dx, dy, w []float32, g Conv, s *Scratch) {
	g.check("ConvBackwardInput", dy, dx, w)
	if s.backward.g != g || s.backward.path != path {
		s.backward = backwardPlan(g)
	}
	s.backward.run(dx, dy, w, nil, s)
}

// check panics unless the slices have the geometry's lengths.
func (g Conv) check(kernel string, y, x, w []float32) {
	if err := g.Validate(); err != nil {
		panic(err)
	}
	checkLen(kernel, "y", len(y), g.N*g.OH()*g.OW()*g.O)
	checkLen(kernel, "x", len(x), g.N*g.H*g.W*g.C)
	checkLen(kernel, "w", len(w), g.O*g.C/g.Groups*g.KH*g.KW)
}
