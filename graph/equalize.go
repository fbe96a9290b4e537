package graph

import (
	"math"

	"petrify/internal/portable"
)

// link joins a unit to the products that read it such that dividing a channel of its output
// multiplies one of their inputs, and nothing else reads it.
type link struct {
	first   *unit
	readers []reader
	padded  bool // zeros come in between
}

// reader is a product at the end of a link.
type reader struct {
	*unit
	pixels int // of a channel that flatten makes inputs of the product
}

// links lists the links from the units that a function admits. Between their ends, every
// unit scales its output with its input, channel by channel: pools, flatten, ReLU.
func (m *Model) links(from func(u *unit) bool) (all []link) {
	readers := map[*unit][]*unit{}
	for _, u := range m.units {
		for _, in := range u.inputs {
			readers[in] = append(readers[in], u)
		}
	}
	for _, u := range m.units {
		if l := (link{first: u}); from(u) && l.follow(readers, u, 1) {
			all = append(all, l)
		}
	}
	return all
}

// follow adds what reads a unit, of whose channels flatten has made as many pixels inputs.
// It reports whether all of that ends in products.
func (l *link) follow(readers map[*unit][]*unit, u *unit, pixels int) bool {
	for _, next := range readers[u] {
		l.padded = l.padded || next.padded()
		switch {
		case next.layer.Kind.is(roleProduct) && !next.alone:
			l.readers = append(l.readers, reader{next, pixels})
			continue
		case !next.layer.homogeneous():
			return false
		}
		after := pixels
		if next.layer.Kind == KindFlatten {
			after *= next.ins[0].H * next.ins[0].W
		}
		if !l.follow(readers, next, after) {
			return false
		}
	}
	return len(readers[u]) > 0
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

// Equalize gives each channel between products the same range in the weights that make it
// and in those that read it. With rᵢ = max|w_first[i,…]| and r'ᵢ =
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
	links := m.links((*unit).scalable)
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
	read := l.ranges()
	cols := len(w) / l.first.out.C
	for i, s := range read {
		var r float64
		for _, x := range w[i*cols : (i+1)*cols] {
			r = max(r, math.Abs(float64(x)))
		}
		if r <= foldFloor || s <= foldFloor {
			continue
		}
		t := math.Sqrt(r / s)
		most = max(most, math.Abs(portable.Log(t)))
		l.move(i, t)
	}
	return most
}

// ranges are the greatest magnitudes, by channel, of the weights that read it, with batch
// norm folded in.
func (l link) ranges() []float64 {
	all := make([]float64, l.first.out.C)
	for _, r := range l.readers {
		w := make([]float32, len(r.weight.Value))
		r.folded(w)
		for i := range all {
			r.reads(i, func(k int) { all[i] = max(all[i], math.Abs(float64(w[k]))) })
		}
	}
	return all
}

// move divides channel i by a positive number, with which it multiplies the weights that
// read it.
func (l link) move(i int, t float64) {
	l.first.divide(i, t)
	for _, r := range l.readers {
		r.reads(i, func(k int) { r.weight.Value[k] *= float32(t) })
	}
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
	for _, l := range m.links((*unit).scalable) {
		n := l.first.norm
		if n == nil || l.first.clip != KindReLU || l.padded {
			continue
		}
		least := make([]float32, l.first.out.C)
		for i := range least {
			least[i] = max(0, n.beta.Value[i]-float32(3*max(n.gamma.Value[i], -n.gamma.Value[i])))
			n.beta.Value[i] -= least[i]
		}
		for _, r := range l.readers {
			r.absorb(least)
		}
	}
}

// absorb adds to the biases what inputs of the given sizes, by channel of the first, add.
func (r reader) absorb(c []float32) {
	w, b := make([]float32, len(r.weight.Value)), make([]float32, r.out.C)
	r.folded(w)
	r.foldedBias(b)
	cols := len(w) / len(b)
	for i, v := range c {
		r.reads(i, func(k int) { b[k/cols] += float32(w[k] * v) })
	}
	for o, v := range b {
		r.setBias(o, float64(v))
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

// reads visits the weights that read channel i of the first.
func (r reader) reads(i int, visit func(k int)) {
	groups := r.layer.groups(r.ins[0])
	shape := r.weight.Shape // O I …
	taps := len(r.weight.Value) / shape[0] / shape[1]
	rows := shape[0] / groups
	for c := i * r.pixels; c < (i+1)*r.pixels; c++ {
		group, column := c/shape[1], c%shape[1]
		for o := group * rows; o < (group+1)*rows; o++ {
			from := (o*shape[1] + column) * taps
			for k := from; k < from+taps; k++ {
				visit(k)
			}
		}
	}
}

// divide divides a channel of the unit's output by a positive number.
func (u *unit) divide(i int, t float64) {
	by := func(x []float32) {
		for k, v := range x {
			x[k] = float32(float64(v) / t)
		}
	}
	switch {
	case u.layerNorm != nil:
		by(u.layerNorm.gamma.Value[i : i+1])
		by(u.layerNorm.beta.Value[i : i+1])
	case u.norm != nil:
		by(u.norm.gamma.Value[i : i+1])
		by(u.norm.beta.Value[i : i+1])
	default:
		cols := len(u.weight.Value) / u.out.C
		by(u.weight.Value[i*cols : (i+1)*cols])
		by(u.bias.Value[i : i+1])
	}
}
