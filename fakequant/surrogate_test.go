package fakequant_test

import (
	"math"

	"petrify/fakequant"
	"petrify/fakequant/affine"
)

// surrogate is a function that has a derivative and the value of the quantizer:
// the rounding error of each element, and whether it is clipped, are constants.
// It is in float64 and apart from the methods' own code.
type surrogate struct {
	cfg       fakequant.Config
	params    affine.Params
	peak      []float64 // DoReFa's T
	x         []float64
	values    [][]float64 // of the learned tensors: exp θ, or ζ
	error     []float64   // rne(v) − v
	integer   []float64   // of two and three values
	zeroError []float64   // LSQ+: rne(ζ) − ζ
	branch    []int       // −1 below, 0 inside, 1 above
}

func newSurrogate(q *fakequant.Quantizer, x []float32) *surrogate {
	f := &surrogate{cfg: q.Config(), params: q.Params()}
	min, max, _ := q.Range()
	for i := range min {
		f.peak = append(f.peak, math.Tanh(math.Max(math.Abs(float64(min[i])), math.Abs(float64(max[i])))))
	}
	for k, l := range q.Learned() {
		f.values = append(f.values, nil)
		for _, θ := range l.Value {
			v := math.Exp(float64(θ))
			if q.Config().Method == fakequant.LSQPlus && k == 1 {
				v = float64(θ)
				f.zeroError = append(f.zeroError, math.RoundToEven(v)-v)
			}
			f.values[k] = append(f.values[k], v)
		}
	}
	f.integer = fewIntegers(f.cfg.Format, x, len(f.params.Scale))
	for i, r := range x {
		g := f.group(i, len(x))
		f.x = append(f.x, float64(r))
		v := float64(r / f.params.Scale[g])
		if f.cfg.Method == fakequant.DoReFa {
			v = float64(f.cfg.Format.Max()) * (math.Tanh(float64(r))/(2*f.peak[g]) + 0.5)
		}
		n := math.RoundToEven(v)
		f.error = append(f.error, n-v)
		switch z := float64(f.params.Zero[g]); {
		case f.cfg.Method == fakequant.DoReFa:
			f.branch = append(f.branch, 0)
		case f.cfg.Method == fakequant.PACT && float64(r) >= f.values[0][g], f.cfg.Method != fakequant.PACT &&
			n+z > float64(f.cfg.Format.Max()):
			f.branch = append(f.branch, 1)
		case f.cfg.Method == fakequant.PACT && float64(r) < f.below(g), f.cfg.Method != fakequant.PACT &&
			n+z < float64(f.cfg.Format.Min()):
			f.branch = append(f.branch, -1)
		default:
			f.branch = append(f.branch, 0)
		}
	}
	return f
}

// fewIntegers are the integers of the methods for two and three values.
func fewIntegers(format affine.Format, x []float32, groups int) []float64 {
	mean, q := make([]float64, groups), make([]float64, len(x))
	for i, r := range x {
		mean[i*groups/len(x)] += math.Abs(float64(r)) * float64(groups) / float64(len(x))
	}
	for i, r := range x {
		switch {
		case format == affine.Binary || math.Abs(float64(r)) > 0.7*mean[i*groups/len(x)]:
			q[i] = math.Copysign(1, float64(r))
		default:
			q[i] = 0
		}
	}
	return q
}

func (f *surrogate) group(i, n int) int { return i * len(f.params.Scale) / n }

// below is PACT's lower end.
func (f *surrogate) below(g int) float64 {
	return f.values[0][g] * float64(f.cfg.Format.Min()) / float64(f.cfg.Format.Max())
}

// unit is what a learned number's gradient is divided by: the number, or the step of
// a range of which it is an end, if that is greater.
func (f *surrogate) unit(k, g int) float64 {
	if f.cfg.Method == fakequant.LearnedRange {
		return max(f.values[k][g], float64(f.params.Scale[g]))
	}
	return f.values[k][g]
}

// y is the surrogate of element i.
func (f *surrogate) y(i int) float64 {
	g := f.group(i, len(f.x))
	x, s, z := f.x[i], float64(f.params.Scale[g]), float64(f.params.Zero[g])
	qmin, qmax := float64(f.cfg.Format.Min()), float64(f.cfg.Format.Max())
	below, above := s*(qmin-z), s*(qmax-z)
	switch f.cfg.Method {
	case fakequant.STEPassThrough, fakequant.Binary, fakequant.Ternary:
		return x
	case fakequant.LearnedBinary, fakequant.LearnedTernary:
		return x + (f.values[0][g]-s)*f.integer[i]
	case fakequant.DoReFa:
		return f.peak[g] * (2*(math.Tanh(x)/(2*f.peak[g])+0.5+f.error[i]/qmax) - 1)
	case fakequant.LSQ:
		s = f.values[0][g]
		below, above = s*(qmin-z), s*(qmax-z)
	case fakequant.LSQPlus:
		s, z = f.values[0][g], f.values[1][g]+f.zeroError[g]
		below, above = s*(qmin-z), s*(qmax-z)
	case fakequant.PACT:
		below, above = f.below(g), f.values[0][g] // s counts as constant
	case fakequant.LearnedRange:
		below, above = -f.values[0][g], f.values[1][g]
		s = (above - below) / (qmax - qmin)
	}
	switch f.branch[i] {
	case -1:
		return below
	case 1:
		return above
	default:
		return x + s*f.error[i]
	}
}

// loss is Σ dy·y and the penalty.
func (f *surrogate) loss(dy []float32) (sum float64) {
	for i := range f.x {
		sum += float64(dy[i]) * f.y(i)
	}
	if f.cfg.Method == fakequant.PACT {
		for _, α := range f.values[0] {
			sum += float64(f.cfg.Decay) * α * α
		}
	}
	return sum
}

// slope is the derivative of the loss with respect to *v.
func (f *surrogate) slope(v *float64, dy []float32) float64 {
	const h = 1e-5
	at := *v
	*v = at + h
	up := f.loss(dy)
	*v = at - h
	down := f.loss(dy)
	*v = at
	return (up - down) / (2 * h)
}
