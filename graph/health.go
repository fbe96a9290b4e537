package graph

import (
	"fmt"
	"math"

	"petrify/fakequant"
	"petrify/fakequant/affine"
	"petrify/observers"
	"petrify/quantized"
)

// Warning is something about the model's quantizers that is legal but seldom
// wanted.
type Warning struct {
	Tensor string `json:"tensor"` // the weight's or activation's name
	Text   string `json:"text"`
}

// String is "conv1.weight: 2 of 16 channels are all zero".
func (w Warning) String() string { return w.Tensor + ": " + w.Text }

// Health examines weights and quantizers at the end of training. It moves
// nothing. It cannot see the activations of past steps; [Probe.Health] counts
// how many activations are clipped.
func (m *Model) Health() (warnings []Warning) {
	for _, u := range m.units {
		if u.weights != nil {
			warnings = append(warnings, u.weightHealth()...)
			warnings = append(warnings, u.biasHealth(m.around(u)[0])...)
		}
	}
	for _, q := range m.quantizers() {
		warnings = append(warnings, rangeHealth(q)...)
		warnings = append(warnings, learnedHealth(q)...)
	}
	warnings = append(warnings, m.outputHealth()...)
	return append(warnings, m.oscillationHealth()...)
}

// Health warns of activations that were clipped to a large extent.
func (p *Probe) Health() (warnings []Warning) {
	for _, c := range p.Clipping() {
		if c.Share() > maxClipped {
			warnings = append(warnings, Warning{c.Tensor,
				fmt.Sprintf("%.0f %% of the values are clipped: the range is too small for them", 100*c.Share())})
		}
	}
	return warnings
}

// maxClipped is the share of a tensor that may lie outside the quantizer's
// range, even if the range is learned and clips on purpose. The grids with the
// least squared error clip less at any number of bits: at 2 bits 6.7 % of a
// normal distribution, 5.1 % of Laplace's and 1.1 % of what a ReLU leaves of
// them, at 4 bits no more than 1 %. Learned ranges stay near that: of the
// activations of cnn, trained on digits and Fashion-MNIST with 2, 3, 4 and 8
// bits, LSQ, LSQ+, PACT and learned minima and maxima clipped at most 6.3 % in
// a layer. Where an observer clipped 10 % or more of a layer, as relative
// entropy did with 2 to 4 bits, the accuracy of PTQ was that of chance.
const maxClipped = 0.1

// weightHealth counts channels that are zero, channels that the method
// quantizes to zero, and weights that it clips.
func (u *unit) weightHealth() (warnings []Warning) {
	w := make([]float32, len(u.weight.Value))
	u.folded(w)
	warn := func(format string, args ...any) {
		warnings = append(warnings, Warning{u.weight.Name, fmt.Sprintf(format, args...)})
	}
	integers := make([]int32, len(w))
	if err := u.weights.Quantize(integers, w); err != nil {
		warn("%v", err)
		return warnings
	}
	dead, odd, vanished := u.silent(w, integers)
	if dead > 0 {
		warn("%d of %d channels are all zero", dead, u.out.C)
	}
	if odd > 0 {
		warn("%d of %d channels are all zero, which %v quantizes to something else: 0 is not among its values", odd,
			u.out.C, u.weights.Config().Method)
	}
	if vanished > 0 {
		warn("all weights of %d of %d channels quantize to zero: the scale is too large for them", vanished, u.out.C)
	}
	clipped, err := u.weights.Clipped(w)
	if err != nil {
		warn("%v", err)
	} else if share := float64(clipped) / float64(len(w)); share > maxClipped {
		warn("%.0f %% of the weights are clipped: the scale is too small for them", 100*share)
	}
	return warnings
}

// silent counts the channels whose folded weights w are zero and quantize to
// zero, those that are zero but quantize to something else, and those that are
// not zero but quantize to it.
func (u *unit) silent(w []float32, integers []int32) (dead, odd, vanished int) {
	zeros := u.weights.Params().Zero
	cols, group := len(w)/u.out.C, len(w)/len(zeros)
	for c := range u.out.C {
		zero, small := true, true
		for i := c * cols; i < (c+1)*cols; i++ {
			zero = zero && math.Abs(float64(w[i])) <= foldFloor
			small = small && integers[i] == zeros[i/group]
		}
		switch {
		case zero && small:
			dead++
		case zero:
			odd++
		case small:
			vanished++
		}
	}
	return dead, odd, vanished
}

// coarse is the step of a bias, in steps of the output, from which on its rounding
// costs accuracy.
const coarse = 0.5

// biasHealth counts the channels whose biases are on a coarse grid; in is the
// quantizer of the unit's input.
func (u *unit) biasHealth(in *fakequant.Quantizer) []Warning {
	if u.output == nil || !u.integral(in) {
		return nil
	}
	count, most := 0, 0.0
	scales := u.weights.Params().Scale
	for c := range u.out.C {
		s := scales[c%len(scales)] / float32(quantized.FinestStep(u.weights.Config().Format))
		ratio := float64(in.Params().Scale[0]*s) / float64(u.output.Params().Scale[0])
		if ratio > coarse {
			count++
		}
		most = max(most, ratio)
	}
	if count == 0 {
		return nil
	}
	return []Warning{{u.name() + ".bias", fmt.Sprintf("%d of %d biases are rounded to multiples of more than %v "+
		"steps of the output, up to %.2g: give the layer's input or its weights more bits", count, u.out.C, coarse,
		most)}}
}

// vanishesHalf is the greatest number that float16 rounds to 0: half of its
// least one, 2⁻²⁴, which ties to even.
const vanishesHalf = 1.0 / (1 << 25)

// leastScale is the floor of a configuration's scales: that of a learned scale,
// or else the dialect's, found from a tiny range.
func leastScale(c fakequant.Config) float32 {
	if least := c.Method.Traits().Least; least != nil {
		return least(c.Format)
	}
	s, _ := c.Dialect.Choose(0, math.SmallestNonzeroFloat32, c.Format, c.Scheme)
	return s
}

// rangeHealth judges the scales and the range of one quantizer.
func rangeHealth(q *fakequant.Quantizer) (warnings []Warning) {
	c := q.Config()
	p, least := q.Params(), leastScale(c)
	warn := func(format string, args ...any) {
		warnings = append(warnings, Warning{q.Name(), fmt.Sprintf(format, args...)})
	}
	floor, tiny := 0, 0
	for _, s := range p.Scale {
		if s <= least {
			floor++
		}
		if s <= vanishesHalf {
			tiny++
		}
	}
	if floor > 0 {
		warn("%d of %d scales are at the floor %v", floor, len(p.Scale), least)
	}
	if tiny > 0 {
		warn("%d of %d scales vanish in float16", tiny, len(p.Scale))
	}
	if c.Observer.Kind == observers.Entropy && c.Format.Bits < 8 {
		warn("the observer %v is made for 8 bits and clips too much with %d: mse suits few bits", c.Observer.Kind,
			c.Format.Bits)
	}
	lo, hi, ok := q.Range()
	if ok && c.Granularity.Kind == affine.PerTensor && (lo[0] > 0 || hi[0] < 0) {
		near, far := min(math.Abs(float64(lo[0])), math.Abs(float64(hi[0]))),
			max(math.Abs(float64(lo[0])), math.Abs(float64(hi[0])))
		if near > far/2 {
			warn("the range %v..%v is far from zero, which it must contain: most integers stay unused", lo[0], hi[0])
		}
	}
	return warnings
}

// outputHealth warns if the outputs of a classifier have fewer values than
// there are classes: then some outputs are always equal, and the first of them
// wins. The built-in cnn with min-max and 2 bits throughout classified 64 % of
// Fashion-MNIST correctly, and 85 % with a float output.
func (m *Model) outputHealth() []Warning {
	q := m.units[len(m.units)-1].output
	if q == nil || m.network.Loss != CrossEntropy {
		return nil
	}
	f := q.Config().Format
	values := int(f.Max()-f.Min()) + 1
	if values >= m.Classes() {
		return nil
	}
	return []Warning{{q.Name(),
		fmt.Sprintf("%d values for the outputs of %d classes, so that some are always equal: give the edges 8 "+
			"bits, or leave the output float", values, m.Classes())}}
}

// learnedHealth counts the channels or blocks of a quantizer whose learned
// numbers are still those of its calibration: they should have learned and did
// not.
func learnedHealth(q *fakequant.Quantizer) []Warning {
	lo, hi, ok := q.Range()
	learned := q.Learned()
	if !ok || len(learned) == 0 || !q.Enabled() {
		return nil
	}
	start, err := calibrated(q.Config(), lo, hi)
	if err != nil {
		return []Warning{{q.Name(), err.Error()}}
	}
	stuck := 0
	for i := range lo {
		moved := q.FollowsFactors() && !q.Observing() // batch norm moves them, too
		for j, l := range learned {
			moved = moved || l.Value[i] != start[j].Value[i]
		}
		if !moved {
			stuck++
		}
	}
	if stuck == 0 {
		return nil
	}
	return []Warning{{q.Name(), fmt.Sprintf("%d of %d learned scales have not moved since their calibration: a "+
		"milestone that comes too late, a learning rate of almost zero, or channels whose ReLU always gives 0",
		stuck, len(lo))}}
}

// calibrated returns the numbers from which a quantizer of the configuration
// starts to learn if the observer found the ranges lo..hi.
func calibrated(c fakequant.Config, lo, hi []float32) ([]fakequant.Learned, error) {
	c.Observer = observers.Config{Kind: observers.MinMax}
	c.Granularity = affine.Granularity{Kind: affine.PerChannel}
	q, err := fakequant.New("calibrated", c, len(lo), 2)
	if err != nil {
		return nil, err
	}
	ends := make([]float32, 0, 2*len(lo))
	for i := range lo {
		ends = append(ends, lo[i], hi[i])
	}
	if err := q.Observe(ends); err != nil {
		return nil, err
	}
	return q.Learned(), nil
}
