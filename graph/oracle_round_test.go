package graph_test

import (
	"math"
	"slices"

	"petrify/fakequant"
	"petrify/fakequant/affine"
	"petrify/graph"
)

// use is what one fake-quant node has done in the step: the grid that it took,
// and for each element on which side of the range it was and what it became.
// From then on it is a smooth function of its tensor and of what is learned.
type use struct {
	of     *fakequant.Quantizer
	cfg    fakequant.Config
	shape  graph.Shape // of an activation
	off    bool
	rests  bool
	λ      float64
	params affine.Params
	values [][]float64 // learned: exp θ, or ζ
	start  [][]float64 // the same, as recorded
	unit   []float64   // of exp θ, for each group: |f| of the channel if the scales follow it
	began  []float64   // the same, as recorded
	zero   []float64   // rne(ζ) − ζ
	peak   []float64   // DoReFa's T
	x, y   []float64   // of the recorded pass, y with λ = 1
	error  []float64   // rne(v) − v
	branch []int       // −1 below, 0 inside, 1 above
}

// round is the fake-quantized x, of the given shape; of weights that is zero. At
// rest it rounds as the frozen model does.
func (o *oracle) round(q *fakequant.Quantizer, follows bool, x []float64, s graph.Shape, rests bool) []float64 {
	if q == nil || !o.quantize {
		return x
	}
	if o.recording {
		u := &use{of: q, cfg: q.Config(), shape: s, rests: rests, off: !q.Enabled(), x: slices.Clone(x)}
		o.record(u, follows)
		o.uses = append(o.uses, u)
	}
	o.use++
	u := o.uses[o.use-1]
	u.unit = o.unitsOf(len(u.params.Scale))
	return u.smooth(x)
}

// folded is the fake-quantized w·f. What is learned of it is in units of |f|, which
// follows the running statistics when these have moved.
func (o *oracle) folded(u graph.View, w, f []float64) []float64 {
	if u.Quant != nil && u.Quant.FollowsFactors() {
		o.factors = elements(f, func(c int) float64 { return math.Max(math.Abs(f[c]), 1e-12) })
		γ := u.Norm.Gamma
		o.quantizers[u.Quant].FollowFactors(len(f), func(c int) float32 {
			running, moved := o.moved[γ.Name]
			if !moved {
				running = o.running[γ.Name]
			}
			return float32(o.values[γ][c] / math.Sqrt(running[1][c]+u.Norm.Epsilon))
		})
	}
	y := o.round(u.Quant, false, w, graph.Shape{}, false)
	o.factors = nil
	return y
}

// unitsOf are the present ones of a quantizer's groups.
func (o *oracle) unitsOf(groups int) []float64 {
	return elements(make([]float64, groups), func(g int) float64 {
		if o.factors == nil {
			return 1
		}
		return o.factors[g*len(o.factors)/groups]
	})
}

// record rounds u.x for the first time.
func (o *oracle) record(u *use, follows bool) {
	q, c, number := u.of, o.quantizers[u.of], 0
	for _, other := range o.uses {
		if other.of == q {
			number++
		}
	}
	if o.observing[q] && !follows {
		if err := c.Observe(narrow(u.x)); err != nil {
			panic(err)
		}
	}
	if u.off {
		return
	}
	u.λ = ramp(u.cfg.Ramp, o.steps[q])
	u.params = c.Params()
	u.unit = o.unitsOf(len(u.params.Scale))
	u.began = u.unit
	if u.cfg.Method == fakequant.DoReFa {
		for g, s := range u.params.Scale { // u·T/L
			u.peak = append(u.peak, float64(s)*float64(u.cfg.Format.Max())/u.unit[g])
		}
	}
	for k, l := range c.Learned() {
		u.values = append(u.values, nil)
		for _, θ := range l.Value {
			v := math.Exp(float64(θ))
			if u.cfg.Method == fakequant.LSQPlus && k == 1 {
				v = float64(θ)
				u.zero = append(u.zero, math.RoundToEven(v)-v)
			}
			u.values[k] = append(u.values[k], v)
		}
		u.start = append(u.start, slices.Clone(u.values[k]))
	}
	noise := mix(u.cfg.Seed ^ mix(uint64(o.steps[q])+uint64(number)<<40))
	o.sides(u)
	u.y = u.rounded(c, noise)
	o.doubts(u, c, noise)
}

// ramp is λ in step t of those that round.
func ramp(r fakequant.Ramp, t int64) float64 {
	switch {
	case t >= int64(r.Finish):
		return 1
	case t <= int64(r.Start):
		return 0
	}
	return 1 - math.Pow(float64(int64(r.Finish)-t)/float64(r.Finish-r.Start), 3)
}

// mix is SplitMix64's, of fig. 17.
func mix(v uint64) uint64 {
	v += 0x9e3779b97f4a7c15
	v = (v ^ v>>30) * 0xbf58476d1ce4e5b9
	v = (v ^ v>>27) * 0x94d049bb133111eb
	return v ^ v>>31
}

// memory is the place of element i, N C H W, in N H W C; that of weights, whose
// shape is zero, is their own.
func memory(i int, s graph.Shape) int {
	if s == (graph.Shape{}) {
		return i
	}
	pixels := s.H * s.W
	n, c, pixel := i/s.Size(), i/pixels%s.C, i%pixels
	return n*s.Size() + pixel*s.C + c
}

func (u *use) group(i int) int { return i * len(u.params.Scale) / len(u.x) }

// grid is the scale and zero point of element i, and the format's ends.
func (u *use) grid(i int) (s, z, qmin, qmax float64) {
	g, f := u.group(i), u.cfg.Format
	return float64(u.params.Scale[g]), float64(u.params.Zero[g]), float64(f.Min()), float64(f.Max())
}

// sides finds each element's side of the range.
func (o *oracle) sides(u *use) {
	for i, x := range u.x {
		s, z, qmin, qmax := u.grid(i)
		v := x / s
		n := u.whole(v)
		below, above := n < qmin-z, n > qmax-z
		switch u.cfg.Method {
		case fakequant.DoReFa:
			g := u.group(i)
			n := math.RoundToEven(qmax * (math.Tanh(x/u.unit[g])/(2*u.peak[g]) + 0.5))
			below, above = n < 0, n > qmax
		case fakequant.PACT:
			α := u.values[0][u.group(i)]
			below, above = x < α*qmin/qmax, x >= α
		}
		side := 0
		if above {
			side = 1
		} else if below {
			side = -1
		}
		u.error, u.branch = append(u.error, n-v), append(u.branch, side)
	}
}

// whole rounds as the configuration, or its dialect, says.
func (u *use) whole(v float64) float64 {
	mode := u.cfg.Rounding
	if mode == affine.HalfEven {
		mode = u.cfg.Dialect.Arithmetic().Rounding
	}
	switch mode {
	case affine.HalfAway:
		return math.Copysign(math.Floor(math.Abs(v)+0.5), v)
	case affine.HalfUp:
		return math.Floor(v + 0.5)
	case affine.Floor:
		return math.Floor(v)
	case affine.Ceil:
		return math.Ceil(v)
	case affine.TowardZero:
		return math.Trunc(v)
	}
	return math.RoundToEven(v)
}

// rounded is fake(x): what the quantizer says in evaluation, which other tests hold
// to its equation; but at rest what a runtime rounds to, and in stochastic rounding
// what chance does.
func (u *use) rounded(c *fakequant.Quantizer, noise uint64) []float64 {
	y := make([]float32, len(u.x))
	c.SetEnabled(true)
	if err := c.Apply(y, narrow(u.x)); err != nil {
		panic(err)
	}
	if u.cfg.Method != fakequant.Stochastic && !u.rests {
		return wide(y)
	}
	for i, x := range u.x {
		s, z, qmin, qmax := u.grid(i)
		v := math.RoundToEven(x / s)
		if !u.rests {
			v = math.Floor(x/s + float64(mix(noise+uint64(memory(i, u.shape)))>>11)/(1<<53))
		}
		y[i] = float32(s * max(qmin-z, min(v, qmax-z)))
	}
	return wide(y)
}

// doubts counts the elements which numbers a little apart would round, or mask,
// in another way.
func (o *oracle) doubts(u *use, c *fakequant.Quantizer, noise uint64) {
	delta := 1e-6 * size(u.x)
	for _, d := range []float64{-delta, delta} {
		other := *u
		other.x = elements(u.x, func(i int) float64 { return u.x[i] + d })
		other.error, other.branch = nil, nil
		o.sides(&other)
		for i, y := range other.rounded(c, noise) {
			if y != u.y[i] || other.branch[i] != u.branch[i] || math.Abs(other.error[i]-u.error[i]) > 0.5 {
				o.unsure++
			}
		}
	}
}

// smooth is fake(x) for x and learned values near the recorded ones, with its λ.
func (u *use) smooth(x []float64) []float64 {
	if u.off {
		return x
	}
	return elements(x, func(i int) float64 { return x[i] + u.λ*(u.fake(i, x[i])-x[i]) })
}

// fake is what u has recorded for element i, plus what x and the learned values
// have changed since: rounding errors and sides are constants.
func (u *use) fake(i int, x float64) float64 {
	switch u.cfg.Method {
	case fakequant.STEPassThrough, fakequant.Binary, fakequant.Ternary:
		return u.y[i] + x - u.x[i]
	case fakequant.LearnedBinary, fakequant.LearnedTernary: // in units of the channel, as x and the scale are
		g := u.group(i)
		was, is := u.start[0][g]*u.began[g], u.values[0][g]*u.unit[g]
		return u.y[i]*is/was + x*u.began[g]/u.unit[g] - u.x[i]
	}
	was, is := u.reach(i, u.start, u.began), u.reach(i, u.values, u.unit)
	switch {
	case u.branch[i] < 0:
		return u.y[i] + is.low - was.low
	case u.branch[i] > 0:
		return u.y[i] + is.high - was.high
	case u.cfg.Method == fakequant.DoReFa: // in units of the channel, too
		g := u.group(i)
		return u.unit[g] * (u.y[i]/u.began[g] + math.Tanh(x/u.unit[g]) - math.Tanh(u.x[i]/u.began[g]))
	}
	return u.y[i] + x - u.x[i] + (is.scale-was.scale)*u.error[i]
}

// span is the ends of a range and its scale.
type span struct{ low, high, scale float64 }

// reach is that of element i as the learned values make it.
func (u *use) reach(i int, values [][]float64, unit []float64) span {
	s, z, qmin, qmax := u.grid(i)
	g := u.group(i)
	switch u.cfg.Method {
	case fakequant.LSQ:
		s = values[0][g] * unit[g]
	case fakequant.DoReFa:
		s *= unit[g] / u.began[g]
	case fakequant.LSQPlus:
		s, z = values[0][g]*unit[g], values[1][g]+u.zero[g]
	case fakequant.PACT: // s counts as constant
		return span{values[0][g] * qmin / qmax, values[0][g], s}
	case fakequant.LearnedRange:
		low, high := -values[0][g], values[1][g]
		return span{low, high, (high - low) / (qmax - qmin)}
	}
	return span{s * (qmin - z), s * (qmax - z), s}
}

// learned is the gradient of entry g of the kth learned tensor of a quantizer: the
// sum over its uses, LSQ's each with its own factor, of the gradient of ln v,
// divided by v²; and PACT's penalty once. It is not known where all elements lie
// on the grid: then rounding errors, of which it is the sum, are float32's own.
func (o *oracle) learned(q *fakequant.Quantizer, k, g int) (sum float64, known bool) {
	if o.observing[q] {
		return 0, true // it follows the observer
	}
	first := true
	for _, u := range o.uses {
		if u.of != q {
			continue
		}
		if u.off {
			return 0, true
		}
		for i, e := range u.error {
			known = known || u.group(i) == g && (math.Abs(e) > 1e-2 || u.branch[i] != 0)
		}
		v := &u.values[k][g]
		d := o.slope(v)
		switch u.cfg.Method {
		case fakequant.LSQ, fakequant.LSQPlus, fakequant.LearnedBinary, fakequant.LearnedTernary:
			d /= math.Sqrt(float64(len(u.x)/len(u.params.Scale)) * float64(u.cfg.Format.Max()))
		case fakequant.PACT:
			if first {
				d += u.λ * 2 * float64(u.cfg.Decay) * *v
			}
		}
		switch {
		case u.cfg.Method == fakequant.LearnedRange:
			d /= max(*v, float64(u.params.Scale[g]))
		case u.cfg.Method != fakequant.LSQPlus || k == 0:
			d /= *v
		}
		sum += d
		first = false
	}
	return sum, known
}
