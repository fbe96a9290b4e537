package graph_test

import (
	"math"
	"slices"

	"petrify/fakequant"
	"petrify/fakequant/affine"
	"petrify/graph"
)

// grid is the quantizer of a unit's input.
func (o *oracle) grid(from int) *fakequant.Quantizer {
	if from < 0 {
		return o.input
	}
	return o.units[from].Output
}

// asShipped reports whether the step rounds as the frozen model.
func (o *oracle) asShipped(q *fakequant.Quantizer) bool {
	return q.Enabled() && ramp(q.Config().Ramp, o.steps[q]) == 1 && q.Config().Method != fakequant.Stochastic
}

// atRest reports whether no observer moves the grid, either.
func (o *oracle) atRest(q *fakequant.Quantizer) bool {
	return q == nil || o.asShipped(q) && !o.observing[q]
}

// drops reports whether a unit's output is a dropout's.
func (o *oracle) drops(from int) bool {
	if from < 0 {
		return false
	}
	u := o.units[from]
	switch u.Layer.Kind {
	case graph.KindDropout:
		return u.Layer.Rate > 0 || slices.ContainsFunc(u.Inputs, o.drops)
	case graph.KindMaxPool, graph.KindFlatten, graph.KindReshape, graph.KindResize, graph.KindIdentity,
		graph.KindSlice, graph.KindShuffle, graph.KindConcat, graph.KindMax, graph.KindMin:
		return slices.ContainsFunc(u.Inputs, o.drops)
	}
	return false
}

// rests reports whether all that decides about a unit's forward pass does: then
// that is the frozen model's.
func (o *oracle) rests(u graph.View) bool {
	for _, from := range u.Inputs {
		if o.drops(from) || !o.atRest(o.grid(from)) {
			return false
		}
	}
	return o.atRest(u.Output) && (u.Norm == nil || u.Norm.Frozen) && (u.Quant == nil || o.asShipped(u.Quant))
}

// offset is what the rounding of a bias to the grid of the sums adds to each
// channel, at rest. With weights of fewer than 4 bits the sums have 4.
func (o *oracle) offset(u graph.View, bias []float64) []float64 {
	in := o.grid(u.Inputs[0])
	integral := in != nil && u.Quant != nil && u.Quant.Config().Granularity.Kind != affine.PerGroup
	if !o.quantize || !integral || !o.rests(u) {
		return make([]float64, len(bias))
	}
	x, w := o.quantizers[in].Params().Scale[0], o.quantizers[u.Quant].Params().Scale
	finer := map[string]float32{"binary": 4, "int2_narrow": 4, "int2": 2, "uint2": 2, "int3_narrow": 2}
	step := max(finer[u.Quant.Config().Format.String()], 1)
	if o.offsets[u.Layer.Name] == nil { // from then on a constant
		o.offsets[u.Layer.Name] = elements(bias, func(c int) float64 {
			s := float64(x * (w[c%len(w)] / step))
			n := bias[c] / s
			if d := math.Abs(n - math.Floor(n) - 0.5); d < 1e-6*math.Abs(n) && d < 1e-2 {
				o.unsure++
			}
			return math.RoundToEven(n)*s - bias[c]
		})
	}
	return o.offsets[u.Layer.Name]
}
