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

// ConvForward computes y = x ∗ w + bias. bias is [O] or nil.
func ConvForward(y, x, w, bias []float32, g Conv, s *Scratch) {
	g.check(y, x, w)
	if bias != nil {
		length("bias", len(bias), g.O)
	}
	if s.forward.g != g || s.forward.path != path {
		s.forward = forwardPlan(g)
	}
	s.forward.run(y, x, w, bias, s)
}

// ConvBackwardInput computes dx = ∂L/∂x from dy = ∂L/∂y: each input gathers
// from the outputs that saw it.
func ConvBackwardInput(dx, dy, w []float32, g Conv, s *Scratch) {
	g.check(dy, dx, w)
	if s.backward.g != g || s.backward.path != path {
		s.backward = backwardPlan(g)
	}
	s.backward.run(dx, dy, w, nil, s)
}

// tasks is into how many tasks the images of a batch are split, at most.
const tasks = 16

// run computes all images, a task some that follow each other.
func (p *plan) run(out, in, w, bias []float32, s *Scratch) {
	packed := grown(&s.packed, p.packed)
	of := func(c *correlation) []float32 { // the bias of a group
		if bias == nil {
			return nil
		}
		return bias[c.group*c.n:][:c.n]
	}
	panels := 1
	if !p.g.depthwise() {
		panels = layouts[path].panels(p.parts[0].n)
	}
	parallelWork(8*p.packed, len(p.parts)*panels, func(i int) {
		part := &p.parts[i/panels]
		part.pack(packed, w, of(part), i%panels)
	})
	count := min(tasks, p.g.N)
	framed := grown(&s.padded, count*p.frame.size())
	read := p.frame.h * p.frame.w * p.frame.c
	parallelWork(len(out)*len(w)/p.g.O, count, func(i int) {
		buf := framed[i*p.frame.size():]
		from, to := share(p.g.N, count, i)
		for n := from; n < to; n++ {
			image := p.frame.around(in[n*read:][:read], buf)
			for j := range p.parts {
				p.parts[j].run(out[n*p.written:][:p.written], image, packed, of(&p.parts[j]))
			}
		}
	})
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
