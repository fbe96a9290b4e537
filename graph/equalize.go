package graph

import "math"

// link joins two products such that scaling a channel of the first's output scales one
// of the second's input, and nothing else reads it.
type link struct {
	first, second *unit
	pixels        int  // of a channel that flatten makes inputs of the second
	padded        bool // zeros come between the two
}

// links lists the pairs of products between which every unit scales its output with its
// input, channel by channel: pools, flatten, ReLU.
func (m *Model) links() (all []link) {
	readers := map[*unit][]*unit{}
	for _, u := range m.units {
		for _, in := range u.inputs {
			readers[in] = append(readers[in], u)
		}
	}
	for _, u := range m.units {
		if !u.scalable() {
			continue
		}
		l := link{first: u, pixels: 1}
		for at := u; len(readers[at]) == 1; {
			next := readers[at][0]
			if next.layer.Kind.is(roleProduct) && !next.alone {
				l.second, l.padded = next, l.padded || next.padded()
				all = append(all, l)
				break
			}
			if !next.layer.homogeneous() {
				break
			}
			if next.layer.Kind == KindFlatten {
				l.pixels = next.ins[0].H * next.ins[0].W
			}
			l.padded = l.padded || next.padded()
			at = next
		}
	}
	return all
}

// scalable reports whether the unit is a product whose channels can be multiplied by
// positive factors in its weights, whatever function it ends with.
func (u *unit) scalable() bool {
	return u.layer.Kind.is(roleProduct) && !u.alone && (u.clip == 0 || u.clip == KindReLU)
}

// homogeneous reports whether a positive factor of a channel passes through the layer.
func (l Layer) homogeneous() bool {
	switch l.Kind {
	case KindMaxPool, KindAvgPool, KindGlobalAvgPool, KindFlatten, KindIdentity, KindDropout, KindReLU, KindLeakyReLU:
		return true
	}
	return false
}

// sweeps over all links that Equalize makes at most, and the change of a factor below
// which it has converged.
const (
	sweeps    = 20
	converged = 1e-3
)

// Equalize gives each channel between two products the same range in the weights that
// make it and in those that read it. With rᵢ = max|w_first[i,…]| and r'ᵢ =
// max|w_second[…,i]|, both with batch norm folded in,
//
//	t = √(r/r')        w_first[i,…] /= t        b_first[i] /= t        w_second[…,i] *= t
//
// over all pairs, until nothing changes: a sequence of products settles where all of a
// channel's ranges are equal. The network computes what it did. Channels whose weights
// are all 0 on one side stay.
//
// Source: M. Nagel, M. van Baalen, T. Blankevoort and M. Welling, "Data-Free
// Quantization Through Weight Equalization and Bias Correction", ICCV 2019, section
// 4.1. Call it before ranges are observed.
func (m *Model) Equalize() {
	links := m.links()
	for range sweeps {
		most := 0.0
		for _, l := range links {
			most = max(most, l.equalize())
		}
		if most < converged {
			return
		}
	}
}

// equalize returns the greatest change, as |ln t|.
func (l link) equalize() (most float64) {
	w := make([]float32, len(l.first.weight.Value))
	l.first.folded(w)
	v := make([]float32, len(l.second.weight.Value))
	l.second.folded(v)
	cols := len(w) / l.first.out.C
	for i := range l.first.out.C {
		var r, s float64
		for _, x := range w[i*cols : (i+1)*cols] {
			r = max(r, math.Abs(float64(x)))
		}
		l.reads(i, func(k int) { s = max(s, math.Abs(float64(v[k]))) })
		if r <= foldFloor || s <= foldFloor {
			continue
		}
		t := math.Sqrt(r / s)
		most = max(most, math.Abs(math.Log(t)))
		l.first.divide(i, t)
		l.reads(i, func(k int) { l.second.weight.Value[k] *= float32(t) })
	}
	return most
}

// AbsorbBiases moves what the outputs of a ReLU exceed 0 by from the bias before it to
// the one after, so that a narrower range is left to quantize. By batch norm's β and γ,
// an output is almost never below
//
//	c = max(0, β − 3·|γ|)        b_first −= c        b_second += Σ w_second·c
//
// where padding would not put a 0 in its place. What is below c changes the network;
// where nothing is, it computes what it did.
//
// Source: as of [Model.Equalize], section 4.1.3.
func (m *Model) AbsorbBiases() {
	for _, l := range m.links() {
		n := l.first.norm
		if n == nil || l.first.clip != KindReLU || l.padded {
			continue
		}
		w, b := make([]float32, len(l.second.weight.Value)), make([]float32, l.second.out.C)
		l.second.folded(w)
		l.second.foldedBias(b)
		cols := len(w) / len(b)
		for i := range l.first.out.C {
			c := n.beta.Value[i] - 3*max(n.gamma.Value[i], -n.gamma.Value[i])
			if !(c > 0) {
				continue
			}
			n.beta.Value[i] -= c
			l.reads(i, func(k int) { b[k/cols] += w[k] * c })
		}
		for o, v := range b {
			l.second.setBias(o, float64(v))
		}
	}
}

// padded reports whether the unit reads zeros of a padding.
func (u *unit) padded() bool {
	if !u.layer.Kind.takes("padding") {
		return false
	}
	w := u.layer.window(u.ins[0])
	return w.PadBegin != [2]int{} || w.PadEnd != [2]int{}
}

// reads visits the weights of the second product that read channel i of the first.
func (l link) reads(i int, visit func(k int)) {
	groups := l.second.layer.groups(l.second.ins[0])
	shape := l.second.weight.Shape // O I …
	taps := len(l.second.weight.Value) / shape[0] / shape[1]
	rows := shape[0] / groups
	for c := i * l.pixels; c < (i+1)*l.pixels; c++ {
		group, column := c/shape[1], c%shape[1]
		for o := group * rows; o < (group+1)*rows; o++ {
			from := (o*shape[1] + column) * taps
			for k := from; k < from+taps; k++ {
				visit(k)
			}
		}
	}
}

// divide divides a channel of the unit's sums by a positive number.
func (u *unit) divide(i int, t float64) {
	if u.norm != nil {
		u.norm.gamma.Value[i] = float32(float64(u.norm.gamma.Value[i]) / t)
		u.norm.beta.Value[i] = float32(float64(u.norm.beta.Value[i]) / t)
		return
	}
	cols := len(u.weight.Value) / u.out.C
	for k := i * cols; k < (i+1)*cols; k++ {
		u.weight.Value[k] = float32(float64(u.weight.Value[k]) / t)
	}
	u.bias.Value[i] = float32(float64(u.bias.Value[i]) / t)
}
