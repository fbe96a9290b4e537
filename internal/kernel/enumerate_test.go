package kernel

import (
	"flag"
	"iter"
	"testing"
)

// full makes every enumeration complete; without it each is a sample.
var full = flag.Bool("full", false, "run every enumeration whole, not a sample of it")

// A choice is a combination of values, one of each of some lists, by its
// number among all combinations.
type choice struct{ number, combinations int }

// pick takes a value of the next list.
func pick[T any](c *choice, from []T) T {
	v := from[c.number%len(from)]
	c.number /= len(from)
	c.combinations *= len(from)
	return v
}

// enumerate yields what generate makes of each combination and its number or,
// without the flag -full, of about sample of them, of fewer with -short. These are a fixed step
// apart that has no divisor in common with the number of combinations: so the
// values of every list come up equally often, and those of the first lists
// together, as long as the sample is no shorter than their combinations. It
// ends where the test has failed.
func enumerate[T any](t *testing.T, sample int, generate func(c *choice) T) iter.Seq2[int, T] {
	space := choice{combinations: 1}
	generate(&space)
	step := 1
	if testing.Short() {
		sample /= 8
	}
	if !*full {
		step = max(1, space.combinations/sample)
		for divisor(step, space.combinations) > 1 {
			step++
		}
	}
	return func(yield func(int, T) bool) {
		t.Helper()
		count := 0
		for n := 0; n < space.combinations && !t.Failed(); n += step {
			count++
			if !yield(n, generate(&choice{number: n})) {
				return
			}
		}
		t.Logf("%d of %d combinations", count, space.combinations)
	}
}

// divisor is the greatest common one.
func divisor(a, b int) int {
	for b != 0 {
		a, b = b, a%b
	}
	return a
}

// widths are numbers of channels around those that fill vectors and panels.
var widths = []int{1, 2, 3, 4, 5, 7, 8, 9, 15, 16, 17, 24, 31, 32, 33, 47, 48}

// grouped is all widths in and out with all groups that they can have: one,
// several, as many as channels, with one filter each or with more.
var grouped = func() (all [][3]int) {
	for _, in := range widths {
		for _, out := range widths {
			for groups := range min(in, out) + 1 {
				if groups > 0 && in%groups == 0 && out%groups == 0 {
					all = append(all, [3]int{in, out, groups})
				}
			}
		}
	}
	return all
}()

// pickConv makes a convolution whose image is as large as its output wants.
func pickConv(c *choice) Conv {
	channels := pick(c, grouped)
	window := pick(c, [][2]int{{1, 1}, {3, 3}, {1, 3}, {2, 2}, {3, 1}, {5, 5}, {1, 9}})
	stride := pick(c, [][2]int{{1, 1}, {2, 2}, {1, 2}, {3, 3}, {3, 1}})
	dilation := pick(c, [][2]int{{1, 1}, {2, 2}, {1, 2}})
	pad := pick(c, [][4]int{{0, 0, 0, 0}, {1, 1, 1, 1}, {2, 0, 1, 3}, {0, 0, 1, 1}})
	out := pick(c, [][2]int{{2, 3}, {1, 17}})
	g := Conv{N: pick(c, []int{1, 2, 3}), C: channels[0], O: channels[1], Groups: channels[2], KH: window[0],
		KW:      window[1],
		StrideH: stride[0], StrideW: stride[1], DilationH: dilation[0], DilationW: dilation[1],
		PadTop: pad[0], PadLeft: pad[1], PadBottom: pad[2], PadRight: pad[3]}
	g.H = max(1, (out[0]-1)*g.StrideH+(g.KH-1)*g.DilationH+1-g.PadTop-g.PadBottom)
	g.W = max(1, (out[1]-1)*g.StrideW+(g.KW-1)*g.DilationW+1-g.PadLeft-g.PadRight)
	return g
}

// pickPool makes a pooling; where its stride leaves pixels over, there may be
// a row or a column that no window sees.
func pickPool(c *choice) Pool {
	g := Pool{C: pick(c, widths)}
	window := pick(c, [][2]int{{2, 2}, {3, 3}, {1, 1}, {3, 2}, {1, 5}})
	stride := pick(c, [][2]int{{2, 2}, {1, 1}, {3, 3}, {1, 2}})
	pad := pick(c, [][4]int{{0, 0, 0, 0}, {1, 1, 1, 1}, {0, 0, 1, 1}, {2, 0, 0, 1}})
	out := pick(c, [][2]int{{3, 2}, {1, 1}, {2, 7}})
	over := pick(c, [][2]int{{0, 0}, {1, 1}})
	g.N = pick(c, []int{2, 1, 3})
	g.KH, g.KW, g.StrideH, g.StrideW = window[0], window[1], stride[0], stride[1]
	g.PadTop, g.PadBottom = min(pad[0], g.KH-1), min(pad[2], g.KH-1)
	g.PadLeft, g.PadRight = min(pad[1], g.KW-1), min(pad[3], g.KW-1)
	g.H = max(1, (out[0]-1)*g.StrideH+g.KH-g.PadTop-g.PadBottom+over[0])
	g.W = max(1, (out[1]-1)*g.StrideW+g.KW-g.PadLeft-g.PadRight+over[1])
	return g
}
