package onnxeval

import "math"

// function is an operator of one number. Its parameters are attributes with the
// given defaults.
type function struct {
	f          func(x, a, b float64) float64
	a, b       string
	byA, byB   float64
	ofIntegers bool
}

var functions = map[string]function{
	"Relu":      {f: func(x, _, _ float64) float64 { return max(x, 0) }, ofIntegers: true},
	"LeakyRelu": {f: func(x, a, _ float64) float64 { return max(x, 0) + a*min(x, 0) }, a: "alpha", byA: 0.01},
	"Elu":       {f: elu, a: "alpha", byA: 1},
	"Selu": {f: func(x, a, b float64) float64 { return b * elu(x, a, 0) }, a: "alpha", byA: seluAlpha, b: "gamma",
		byB: seluGamma},
	"Celu":        {f: celu, a: "alpha", byA: 1},
	"Sigmoid":     {f: func(x, _, _ float64) float64 { return 1 / (1 + math.Exp(-x)) }},
	"HardSigmoid": {f: hardSigmoid, a: "alpha", byA: 0.2, b: "beta", byB: 0.5},
	"HardSwish":   {f: func(x, _, _ float64) float64 { return x * hardSigmoid(x, 1.0/6, 0.5) }},
	"Tanh":        {f: func(x, _, _ float64) float64 { return math.Tanh(x) }},
	"Softplus":    {f: func(x, _, _ float64) float64 { return max(x, 0) + math.Log1p(math.Exp(-math.Abs(x))) }},
	"Softsign":    {f: func(x, _, _ float64) float64 { return x / (1 + math.Abs(x)) }},
	"Gelu":        {f: func(x, _, _ float64) float64 { return x / 2 * (1 + math.Erf(x/math.Sqrt2)) }},
	"Erf":         {f: func(x, _, _ float64) float64 { return math.Erf(x) }},
	"Abs":         {f: func(x, _, _ float64) float64 { return math.Abs(x) }, ofIntegers: true},
	"Neg":         {f: func(x, _, _ float64) float64 { return -x }, ofIntegers: true},
	"Exp":         {f: func(x, _, _ float64) float64 { return math.Exp(x) }},
	"Log":         {f: func(x, _, _ float64) float64 { return math.Log(x) }},
	"Sqrt":        {f: func(x, _, _ float64) float64 { return math.Sqrt(x) }},
	"Reciprocal":  {f: func(x, _, _ float64) float64 { return 1 / x }},
	"Floor":       {f: func(x, _, _ float64) float64 { return math.Floor(x) }},
	"Ceil":        {f: func(x, _, _ float64) float64 { return math.Ceil(x) }},
	"Round":       {f: func(x, _, _ float64) float64 { return math.RoundToEven(x) }},
}

// The standard's defaults for Selu.
const (
	seluAlpha = 1.67326319217681884765625
	seluGamma = 1.05070102214813232421875
)

func elu(x, a, _ float64) float64 {
	if x < 0 {
		return a * math.Expm1(x)
	}
	return x
}

func celu(x, a, _ float64) float64 { return max(x, 0) + min(0, a*math.Expm1(x/a)) }

func hardSigmoid(x, a, b float64) float64 { return max(0, min(1, a*x+b)) }

// elements applies the function to each element.
func (fn function) elements(c *call) ([]*Tensor, error) {
	x := c.in[0]
	if !x.IsFloat() && (!fn.ofIntegers || x.I == nil) {
		return nil, wantReal(x)
	}
	a, b := c.Real(fn.a, fn.byA), c.Real(fn.b, fn.byB)
	y, err := x.like(x.Shape)
	if err != nil {
		return nil, err
	}
	for i, v := range x.F {
		y.F[i] = fn.f(v, a, b)
	}
	for i, v := range x.I {
		y.I[i] = int64(fn.f(float64(v), a, b))
	}
	return one(y, nil)
}

// clipped is Clip: its bounds are attributes before version 11, then inputs.
func clipped(c *call) ([]*Tensor, error) {
	x := c.in[0]
	lo, hi, err := Bounds(c.Node, c.in)
	if err != nil || x.S != nil {
		return nil, err
	}
	y, err := x.like(x.Shape)
	if err != nil {
		return nil, err
	}
	for i, v := range x.F {
		y.F[i] = min(max(v, lo), hi)
	}
	for i, v := range x.I {
		y.I[i] = int64(min(max(float64(v), lo), hi))
	}
	return one(y, nil)
}

// Bounds are those of a node Clip with the given inputs; infinite where there
// is none.
func Bounds(n *Node, in []*Tensor) (lo, hi float64, err error) {
	lo, hi = math.Inf(-1), math.Inf(1)
	if n.Version < 11 {
		return n.Real("min", lo), n.Real("max", hi), nil
	}
	for i, to := range []*float64{&lo, &hi} {
		if i+1 < len(in) && in[i+1] != nil && err == nil {
			*to, err = scalar(in[i+1])
		}
	}
	return lo, hi, err
}
