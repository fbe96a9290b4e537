package quantized

import (
	"errors"
	"fmt"
	"math"
	"math/bits"
)

// Accumulator bounds the sums of one layer. For output channel o
//
//	a[o] = Σ (q_x − z_x)·(q_w − z_w) + q_b[o],   q_x in qmin..qmax
//
// is greatest when each q_x is the end of its range that its weight's sign
// favours, which gives a bound that an input reaches:
//
//	Max = max over o of  Σ max((qmin − z_x)·w, (qmax − z_x)·w) + max(q_b[o], 0)
//	Min = min over o of  Σ min((qmin − z_x)·w, (qmax − z_x)·w) + min(q_b[o], 0)
//
// As zero lies in the input's range, the first kind of term is never negative
// and the second never positive: every partial sum, in any order, with the
// bias first or last, lies in Min..Max as well. The bound from the bits alone,
// K·2⁷·2⁸, would be several times as wide.
//
// The idea of bounding a trained layer by its weights' 1-norm is from I. Colbert,
// A. Pappalardo and J. Petri-Koenig, "A2Q: Accumulator-Aware Quantization with
// Guaranteed Overflow Avoidance", ICCV 2023, section 3; the asymmetric ends of
// the range make it exact here.
type Accumulator struct {
	Layer string `json:"layer"`
	Min   int64  `json:"min"`
	Max   int64  `json:"max"`
	Bits  int    `json:"bits"` // of the least two's complement integer that holds both
}

// Fits reports whether every sum fits a two's complement integer of the given
// bits.
func (a Accumulator) Fits(bits int) bool { return a.Bits <= bits }

// ExactInFloat32 reports whether float32 holds every sum exactly, as it does
// all integers up to 2²⁴.
func (a Accumulator) ExactInFloat32() bool { return max(-a.Min, a.Max) <= 1<<24 }

// Accumulators bounds the sums of each layer that sums integers, in order. An
// error names every layer whose sums do not fit int32; the bounds are returned
// with it. The model must otherwise be valid.
func (m *Model) Accumulators() ([]Accumulator, error) {
	var all []Accumulator
	var faults []error
	for i := range m.Nodes {
		a, ok := m.accumulator(&m.Nodes[i])
		if !ok {
			continue
		}
		all = append(all, a)
		if !a.Fits(32) {
			faults = append(faults,
				fmt.Errorf("quantized: %s: sums from %d to %d need %d bits, int32 has 32: fewer inputs, or fewer "+
					"bits, to the layer", a.Layer, a.Min, a.Max, a.Bits))
		}
	}
	return all, errors.Join(faults...)
}

func (m *Model) accumulator(n *Node) (a Accumulator, ok bool) {
	x, ok := m.Activation(n.Inputs[0])
	if !ok || x.Quant.IsFloat() {
		return a, false
	}
	a = Accumulator{Layer: n.Name}
	// q − z ends
	lo, hi := int64(x.Quant.Format.Min()-x.Quant.Zero), int64(x.Quant.Format.Max()-x.Quant.Zero)
	switch {
	case n.accumulates(x.Quant):
		a.Min, a.Max = channelBounds(n, lo, hi)
	case n.Op == GlobalAvgPool:
		count := elements(x.Shape[1:])
		a.Min, a.Max = count*lo, count*hi
	case n.Op == AttentionScores || n.Op == AttentionValues:
		y, _ := m.Activation(n.Inputs[1])
		if y.Quant.IsFloat() {
			return a, false
		}
		a.Min, a.Max = n.attentionBounds(x, y, lo, hi)
	default:
		return a, false
	}
	a.Bits = 1 + max(bits.Len64(uint64(a.Max)), bits.Len64(uint64(max(0, -a.Min-1))))
	return a, true
}

// channelBounds is the least and greatest sum over the channels of n, whose
// inputs less their zero point are lo..hi.
func channelBounds(n *Node, lo, hi int64) (least, greatest int64) {
	least, greatest = math.MaxInt64, math.MinInt64
	w := n.Weights
	size := w.Len() / w.Shape[0]
	for o := range w.Shape[0] {
		var below, above int64
		for i := o * size; i < (o+1)*size; i++ {
			v := int64(w.Value(i) - w.zero(w.ScaleIndex(i)))
			below += min(lo*v, hi*v)
			above += max(lo*v, hi*v)
		}
		if n.Bias != nil {
			q := int64(n.Bias.Q[o])
			below, above = below+min(q, 0), above+max(q, 0)
		}
		least, greatest = min(least, below), max(greatest, above)
	}
	return least, greatest
}
