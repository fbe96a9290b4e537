package tflite

import (
	"math"

	"petrify/quantized"
	"petrify/quantized/tflite/schema"
)

// The mean of an image of integers is a depthwise convolution with equal weights,
// which XNNPACK computes as training does. Its MEAN of 2026 adds the zero points as
// real numbers, and turns ties.

// mean are the weights: all of them q, of one scale.
type mean struct {
	q     int32
	scale float32
}

// meanOf finds the weights with which each sum of n pixels gives the integer that
// training gave; ok is false if there are none.
//
//	rne(float32(float32(q·Σ d)·m)) = rne(float32(float32(Σ d)·s_x/float32(s_y·n)))
//	m = float32(float32(s_x·s_w)/s_y)
func meanOf(x, y quantized.Quant, n int) (w mean, ok bool) {
	trained := x.Scale / float32(y.Scale*float32(n))
	for w.q = 1; w.q <= qmax; w.q++ {
		near := float32(float64(trained) * float64(y.Scale) / float64(x.Scale) / float64(w.q))
		for _, steps := range []int32{0, 1, -1, 2, -2} {
			w.scale = math.Float32frombits(uint32(int32(math.Float32bits(near)) + steps))
			if m := float32(x.Scale*w.scale) / y.Scale; m < 256 && w.means(x, y, n, trained, m) {
				return w, true
			}
		}
	}
	return mean{}, false
}

// means reports whether all sums give what training gave.
func (w mean) means(x, y quantized.Quant, n int, trained, m float32) bool {
	lo, hi := float64(y.Format.Min()-y.Zero), float64(y.Format.Max()-y.Zero)
	integer := func(v float32) float64 { return min(max(math.RoundToEven(float64(v)), lo), hi) }
	for sum := int32(n) * (x.Format.Min() - x.Zero); sum <= int32(n)*(x.Format.Max()-x.Zero); sum++ {
		if integer(float32(w.q*sum)*m) != integer(float32(sum)*trained) {
			return false
		}
	}
	return true
}

// globalPool averages over height and width.
func (w *writer) globalPool(l *layer) {
	if !l.integers {
		axes := w.int32s(l.Name+"/axes", 1, 2)
		w.operator(schema.Mean, 1, []int32{l.in[0], axes}, l.out, attribute("keep_dims", 1))
		return
	}
	c, h, v := l.x.Shape[0], l.x.Shape[1], l.x.Shape[2]
	weights, _ := meanOf(l.x.Quant, l.y.Quant, h*v) // see checker.mean
	data := make([]byte, c*h*v)
	for i := range data {
		data[i] = byte(weights.q)
	}
	kernel := w.constant(schema.Tensor{Name: l.Name + "/weight", Type: schema.Int8,
		Shape: []int32{1, int32(h), int32(v), int32(c)},
		Quant: schema.Quant{Scale: []float32{weights.scale}, Zero: []int64{0}}}, data)
	bias := w.constant(schema.Tensor{Name: l.Name + "/bias", Type: schema.Int32, Shape: []int32{int32(c)},
		Quant: schema.Quant{Scale: []float32{l.x.Quant.Scale * weights.scale}, Zero: []int64{0}}}, make([]byte, 4*c))
	w.operator(schema.DepthwiseConv2D, 3, []int32{l.in[0], kernel, bias}, l.out,
		attribute("padding", schema.Valid), attribute("stride_w", 1), attribute("stride_h", 1),
		attribute("depth_multiplier", 1), fused(quantized.Identity), attribute("dilation_w_factor", 1),
		attribute("dilation_h_factor", 1))
}
