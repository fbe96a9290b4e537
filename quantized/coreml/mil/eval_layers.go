package mil

import "math"

func buildMap(f func(float64) float64) func(*call, []float64) func() {
	return func(c *call, y []float64) func() {
		x := c.buffer("x")
		return func() {
			for i, r := range x {
				y[i] = f(r)
			}
		}
	}
}

// buildCopy is for operations that move elements without computing: reshape,
// and cast, whose rounding is that of its result's type. A cast to an integer
// truncates.
func buildCopy(name string) func(*call, []float64) func() {
	return func(c *call, y []float64) func() {
		x := c.buffer(name)
		if c.op.Type == "cast" && c.result().Data == Int32 {
			return func() {
				for i, r := range x {
					y[i] = math.Trunc(r)
				}
			}
		}
		return func() { copy(y, x) }
	}
}

func buildLeaky(c *call, y []float64) func() {
	x, alpha := c.buffer("x"), c.buffer("alpha")[0]
	return func() {
		for i, r := range x {
			if r < 0 {
				r *= alpha
			}
			y[i] = r
		}
	}
}

func buildELU(c *call, y []float64) func() {
	x, alpha := c.buffer("x"), c.buffer("alpha")[0]
	return func() {
		for i, r := range x {
			if r < 0 {
				r = alpha * math.Expm1(r)
			}
			y[i] = r
		}
	}
}

func buildClip(c *call, y []float64) func() {
	x, low, high := c.buffer("x"), c.buffer("alpha")[0], c.buffer("beta")[0]
	return func() {
		for i, r := range x {
			y[i] = min(max(r, low), high)
		}
	}
}

// pairs are the operations on two numbers.
var pairs = map[string]func(a, b float64) float64{
	"add":     func(a, b float64) float64 { return a + b },
	"sub":     func(a, b float64) float64 { return a - b },
	"mul":     func(a, b float64) float64 { return a * b },
	"maximum": func(a, b float64) float64 { return max(a, b) },
	"minimum": func(a, b float64) float64 { return min(a, b) },
}

// buildBinary computes y = f(a, b) with broadcasting.
func buildBinary(c *call, y []float64) func() {
	a, b := c.buffer("x"), c.buffer("y")
	ia := broadcast(c.typ("x").Shape, c.result().Shape)
	ib := broadcast(c.typ("y").Shape, c.result().Shape)
	f := pairs[c.op.Type]
	return func() {
		for i := range y {
			y[i] = f(a[ia[i]], b[ib[i]])
		}
	}
}

// broadcast returns, for each element of a tensor of shape to, the index of
// the element of shape from that it takes its value from.
func broadcast(from, to []int) []int {
	index := []int{0}
	lead := len(to) - len(from)
	for i, d := range to {
		wide := i >= lead && from[i-lead] == d
		next := make([]int, 0, len(index)*d)
		for _, base := range index {
			for j := range d {
				switch {
				case wide:
					next = append(next, base*d+j)
				default: // dimension 1 or absent: all take the same
					next = append(next, base)
				}
			}
		}
		index = next
	}
	return index
}

// buildConv computes y[n,o,·] = Σ x[n,i,·]·w[o,i,·] + bias[o] within groups.
func buildConv(c *call, y []float64) func() {
	x, w := c.buffer("x"), c.buffer("weight")
	xs, ws, ys := c.typ("x").Shape, c.typ("weight").Shape, c.result().Shape
	stride, dilation, pad := c.ints("strides", 2), c.ints("dilations", 2), c.padding(2)
	groups := int(c.scalar("groups", Int32))
	bias := make([]float64, ys[1])
	if c.has("bias") {
		bias = c.buffer("bias")
	}
	inPlane, outPlane, kernel := xs[2]*xs[3], ys[2]*ys[3], ws[2]*ws[3]
	perGroup := ys[1] / groups
	rows := taps(ws[2], xs[2], ys[2], stride[0], dilation[0], pad[0])
	columns := taps(ws[3], xs[3], ys[3], stride[1], dilation[1], pad[2])
	return func() {
		for no := range ys[0] * ys[1] {
			n, o := no/ys[1], no%ys[1]
			out := y[no*outPlane:][:outPlane]
			for i := range out {
				out[i] = bias[o]
			}
			for i := range ws[1] {
				in := x[(n*xs[1]+o/perGroup*ws[1]+i)*inPlane:][:inPlane]
				accumulate(plane{out, ys[3]}, plane{in, xs[3]}, w[(o*ws[1]+i)*kernel:][:kernel], rows, columns, stride)
			}
		}
	}
}

// tap is where one kernel element meets the input along one dimension: output
// positions from..to−1 read the input at start, start + stride, …
type tap struct{ from, to, start int }

func taps(kernel, in, out, stride, dilation, pad int) []tap {
	list := make([]tap, kernel)
	for k := range list {
		offset := k*dilation - pad // input position of output 0
		from := 0
		if offset < 0 {
			from = (-offset + stride - 1) / stride
		}
		to := out
		if room := in - offset; room <= 0 {
			to = 0
		} else {
			to = min(out, (room+stride-1)/stride)
		}
		list[k] = tap{from, max(from, to), from*stride + offset}
	}
	return list
}

// plane is a channel of an image, in rows of a width.
type plane struct {
	data  []float64
	width int
}

// accumulate adds one input plane, seen through one kernel, to an output plane.
func accumulate(out, in plane, w []float64, rows, columns []tap, stride []int) {
	for ky, row := range rows {
		for kx, column := range columns {
			weight := w[ky*len(columns)+kx]
			if column.from == column.to {
				continue
			}
			for oy := row.from; oy < row.to; oy++ {
				iy := row.start + (oy-row.from)*stride[0]
				line := in.data[iy*in.width+column.start:]
				acc := out.data[oy*out.width+column.from : oy*out.width+column.to]
				if stride[1] == 1 {
					for i, r := range line[:len(acc)] {
						acc[i] += r * weight
					}
					continue
				}
				for i := range acc {
					acc[i] += line[i*stride[1]] * weight
				}
			}
		}
	}
}

// buildLinear computes y[n,o] = bias[o] + Σ x[n,i]·w[o,i], added in that order.
func buildLinear(c *call, y []float64) func() {
	x, w, bias := c.buffer("x"), c.buffer("weight"), c.buffer("bias")
	in, out := c.typ("weight").Shape[1], c.typ("weight").Shape[0]
	return func() {
		for i := range y {
			row := x[i/out*in:][:in]
			sum := bias[i%out]
			for k, weight := range w[i%out*in:][:in] {
				sum += row[k] * weight
			}
			y[i] = sum
		}
	}
}
