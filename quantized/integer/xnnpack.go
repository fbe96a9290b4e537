package integer

import (
	"math"
	"slices"

	"petrify/internal/portable"
	"petrify/quantized"
)

// sumXNNPACK is the sum of XNNPACK. The quotients of the scales are rounded to
// fixed point, with the fractional bits that give the greater one 20 or 21
// bits, and the sum is rounded half up. The sign of a difference is −1.
//
//	h = 20 − ⌊log₂ max(s_a, s_b)/s_y⌋        m_a = rne(2^h·s_a/s_y)
//	q_y = clip(⌊((q_a − z_a)·m_a + sign·(q_b − z_b)·m_b + 2^(h−1)) / 2^h⌋ + z_y)
func sumXNNPACK(a, b, y grid, sign int64) func(qa, qb uint8) uint8 {
	ra, rb := a.scale/y.scale, b.scale/y.scale
	_, e := math.Frexp(float64(max(ra, rb))) // ⌊log₂⌋ + 1
	h := min(max(21-e, 1), 40)
	ma := int64(math.RoundToEven(math.Ldexp(float64(ra), h)))
	mb := int64(math.RoundToEven(math.Ldexp(float64(rb), h)))
	return func(qa, qb uint8) uint8 {
		sum := int64(int32(qa)-a.zero)*ma + sign*int64(int32(qb)-b.zero)*mb
		return clip(float64((sum+1<<(h-1))>>h)+float64(y.zero), y)
	}
}

// tableXNNPACK is a function of one number that TensorFlow Lite does not
// compute with real numbers; nil for the others, and if the file has a table
// because the kernels do not accept the quotients of the scales.
func tableXNNPACK(n *quantized.Node, x, y grid) *table {
	quotient := x.scale / y.scale
	if tooFar(quotient) || n.Func == quantized.LeakyReLU && tooFar(quotient*n.Slope) {
		return nil
	}
	switch n.Func {
	case quantized.ReLU, quantized.ReLU6:
		return reluFixed(x, y, float64(ceilingOf(n.Func)))
	case quantized.LeakyReLU:
		return leakyXNNPACK(n.Slope, x, y)
	case quantized.HardSwish:
		return hardSwishFixed(x, y)
	}
	return nil
}

func tooFar(quotient float32) bool {
	size := math.Abs(float64(quotient))
	return size < 1.0/256 || size >= 128
}

// reluFixed is TensorFlow Lite's ReLU of integers, up to a given real number:
//
//	q_y = clip(twice(q_x − z_x) + z_y)        from z_y to z_y + greatest/s_y, with the multiplier s_x/s_y
//
// The quotient is one of float32, and halves round away from zero.
func reluFixed(x, y grid, greatest float64) *table {
	m := NewFixed(float64(x.scale / y.scale))
	y.min = max(y.min, y.zero)
	y.max = int32(min(float64(y.max), float64(y.zero)+math.Round(float64(float32(greatest)/y.scale))))
	return newTable(func(q int32) uint8 { return clip(float64(m.twice(q-x.zero))+float64(y.zero), y) })
}

// leakyXNNPACK is XNNPACK's leaky ReLU. The quotients of the scales have 8
// fractional bits:
//
//	q_y = clip(⌊((q_x − z_x)·m + 128) / 256⌋ + z_y)
//	m = rne(256·s_x/s_y), or rne(256·slope·s_x/s_y) for q_x < z_x
func leakyXNNPACK(slope float32, x, y grid) *table {
	up := x.scale / y.scale
	down := up * slope
	return newTable(func(q int32) uint8 {
		d, m := int64(q)-int64(x.zero), up
		if d < 0 {
			m = down
		}
		v := (d*int64(math.RoundToEven(float64(256*m))) + 128) >> 8
		return clip(float64(v)+float64(y.zero), y)
	})
}

// softmaxTFLite adds TensorFlow Lite's softmax of integers over the channels,
// in float32 from a table of exponentials. It has steps of 1/256, which are
// then converted to the grid of y:
//
//	e[d] = exp(float32(−s_x·d))        k = 1/float32(Σ e[max q_x − q_x]/256)
//	p    = min(round(float32(e[max q_x − q_x]·k)), 255)        halves away from zero
func (c *compiler) softmaxTFLite(x, y *value) {
	steps := grid{scale: 1.0 / 256, max: 255}
	last := tableOf(steps, y.grid, func(r float32) float32 { return r })
	var e [256]float32
	for d := range e {
		e[d] = float32(portable.Exp(float64(-x.grid.scale * float32(d))))
	}
	channels := x.channels()
	c.onBytes(y, x, func(out, in []uint8, _ int) {
		for ; len(in) > 0; in, out = in[channels:], out[channels:] {
			row := in[:channels]
			greatest := slices.Max(row)
			var sum float32
			for _, q := range row {
				sum += e[greatest-q]
			}
			k := 1 / float32(sum*steps.scale)
			for i, q := range row {
				out[i] = last[clip(math.Round(float64(e[greatest-q]*k)), steps)]
			}
		}
	})
}
