package kernel

import (
	"errors"
	"fmt"
)

// Pool is the geometry of a two-dimensional pooling of N H W C images.
type Pool struct {
	N, H, W, C int
	KH, KW     int // the window, at most 255 positions for [MaxPool]

	StrideH, StrideW int

	PadTop, PadLeft, PadBottom, PadRight int // less than the window, so that it always sees the image

	// For means: padding counts, as zeros, except for its last rows and columns.
	CountIncludePad       bool
	OverBottom, OverRight int
}

// OH returns the height of the output.
func (g Pool) OH() int { return (g.H+g.PadTop+g.PadBottom-g.KH)/g.StrideH + 1 }

// OW returns the width of the output.
func (g Pool) OW() int { return (g.W+g.PadLeft+g.PadRight-g.KW)/g.StrideW + 1 }

// Validate reports what is wrong with the geometry.
func (g Pool) Validate() error {
	if min(g.N, g.H, g.W, g.C) < 1 || min(g.KH, g.KW, g.StrideH, g.StrideW) < 1 {
		return fmt.Errorf("kernel: pool: images %d×%d×%d×%d, window %d×%d, stride %d×%d: all must be at least 1",
			g.N, g.H, g.W, g.C, g.KH, g.KW, g.StrideH, g.StrideW)
	}
	var errs []error
	if min(g.PadTop, g.PadLeft, g.PadBottom, g.PadRight) < 0 || max(g.PadTop, g.PadBottom) >= g.KH ||
		max(g.PadLeft, g.PadRight) >= g.KW {
		errs = append(errs, fmt.Errorf("kernel: pool: padding %d %d %d %d must be from 0 to less than the window %d×%d",
			g.PadTop, g.PadLeft, g.PadBottom, g.PadRight, g.KH, g.KW))
	}
	if g.H+g.PadTop+g.PadBottom < g.KH || g.W+g.PadLeft+g.PadRight < g.KW {
		errs = append(errs, fmt.Errorf("kernel: pool: window %d×%d is larger than the padded image", g.KH, g.KW))
	}
	return errors.Join(errs...)
}

// MaxPool is the maximum over each window, y N OH OW C from x N H W C:
//
//	y[n,oh,ow,c] = max over kh, kw of x[n, oh·SH+kh−PT, ow·SW+kw−PL, c]
//
// over the positions inside the image. arg is the index kh·KW + kw of the
// first maximum, what [MaxPoolGrad] needs; it may be nil. A NaN wins only at
// its window's first position.
func MaxPool(y []float32, arg []uint8, x []float32, g Pool) {
	g.check("MaxPool", y, x)
	if arg != nil {
		checkLen("MaxPool", "arg", len(arg), len(y))
		if g.KH*g.KW > 256 {
			panic("kernel: MaxPool: more than 256 positions in a window")
		}
	}
	g.eachRow(func(n, oh, out int) {
		row := y[out : out+g.OW()*g.C]
		if arg == nil {
			maxPoolRow(row, nil, x, g, n, oh)
			return
		}
		maxPoolRow(row, arg[out:out+len(row)], x, g, n, oh)
	})
}

// MaxPoolGrad is the gradient of [MaxPool]: dy goes to the window's maximum.
//
//	dx[n,h,w,c] = Σ of dy[n,oh,ow,c] over the windows whose arg is (h, w)
func MaxPoolGrad(dx, dy []float32, arg []uint8, g Pool) {
	g.check("MaxPoolGrad", dy, dx)
	checkLen("MaxPoolGrad", "arg", len(arg), len(dy))
	size, out := g.H*g.W*g.C, g.OH()*g.OW()*g.C
	g.eachImage(func(n int) {
		maxPoolGradImage(dx[n*size:(n+1)*size], dy[n*out:(n+1)*out], arg[n*out:(n+1)*out], g)
	})
}

// AvgPool is the mean over each window's positions inside the image; padding
// counts, as zeros, if g says so. The sum runs over kh, then kw, in float32.
func AvgPool(y, x []float32, g Pool) {
	g.check("AvgPool", y, x)
	g.eachRow(func(n, oh, out int) { avgPoolRow(y[out:out+g.OW()*g.C], x, g, n, oh) })
}

// AvgPoolGrad is the gradient of [AvgPool]: each position of a window gets an
// equal share of dy.
func AvgPoolGrad(dx, dy []float32, g Pool) {
	g.check("AvgPoolGrad", dy, dx)
	size, out := g.H*g.W*g.C, g.OH()*g.OW()*g.C
	g.eachImage(func(n int) { avgPoolGradImage(dx[n*size:(n+1)*size], dy[n*out:(n+1)*out], g) })
}

func (g Pool) check(kernel string, y, x []float32) {
	if err := g.Validate(); err != nil {
		panic(err)
	}
	checkLen(kernel, "output", len(y), g.N*g.OH()*g.OW()*g.C)
	checkLen(kernel, "input", len(x), g.N*g.H*g.W*g.C)
}

// eachRow calls f for every output row, out being its first element.
func (g Pool) eachRow(f func(n, oh, out int)) {
	oh := g.OH()
	rowBlocks(g.N*oh, g.W*max(g.KH, g.StrideH)*g.C, func(lo, hi int) {
		for r := lo; r < hi; r++ {
			f(r/oh, r%oh, r*g.OW()*g.C)
		}
	})
}

// eachImage calls f for every image.
func (g Pool) eachImage(f func(n int)) {
	Each(g.N, g.H*g.W*g.C, f)
}

// Count is what the mean of output (oh, ow) divides by.
func (g Pool) Count(oh, ow int) int {
	if g.CountIncludePad {
		h := g.H + g.PadTop + g.PadBottom - g.OverBottom - oh*g.StrideH
		w := g.W + g.PadLeft + g.PadRight - g.OverRight - ow*g.StrideW
		return min(g.KH, h) * min(g.KW, w)
	}
	h0, h1, w0, w1 := g.window(oh, ow)
	return (h1 - h0) * (w1 - w0)
}

// window is the rows h0..h1 and columns w0..w1 of the image that the window
// of output (oh, ow) sees.
func (g Pool) window(oh, ow int) (h0, h1, w0, w1 int) {
	h, w := oh*g.StrideH-g.PadTop, ow*g.StrideW-g.PadLeft
	return max(0, h), min(g.H, h+g.KH), max(0, w), min(g.W, w+g.KW)
}
