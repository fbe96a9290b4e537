package quantized

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"petrify/internal/portable"
)

// Func names an activation function.
type Func uint8

// The activation functions. Identity, ReLU and ReLU6 may be fused into Conv2D,
// Linear and Add: if the output is quantized, they limit its integers (see
// [Node.Limits]). The others occur only in Activate nodes.
const (
	Identity Func = iota
	ReLU
	ReLU6
	LeakyReLU
	HardSwish
	Sigmoid
	Tanh
	Softmax
	HardSigmoid
	SiLU
	GELU
	ELU
	Softplus
	Clip
)

// function describes an activation function, independently of who computes it.
type function struct {
	name   string
	lo, hi float64                          // its values lie within
	given  bool                             // so closely that its output's range is given, not observed
	f      func(n *Node, x float64) float64 // nil where it is not one of one number
}

// functions is their table. A new function is a constant and a row here, and a
// row in the tables of package graph, package reference, and each exporter that
// has it.
var functions = [...]function{
	Identity: {"identity", -inf, inf, false, func(_ *Node, x float64) float64 { return x }},
	ReLU:     {"relu", 0, inf, false, func(_ *Node, x float64) float64 { return max(x, 0) }},
	ReLU6:    {"relu6", 0, 6, false, func(_ *Node, x float64) float64 { return min(max(x, 0), 6) }},
	LeakyReLU: {"leaky_relu", -inf, inf, false,
		func(n *Node, x float64) float64 { return max(x, 0) + float64(float64(n.Slope)*min(x, 0)) }},
	HardSwish:   {"hard_swish", -0.375, inf, false, func(_ *Node, x float64) float64 { return hardSwish(x) }},
	Sigmoid:     {"sigmoid", 0, 1, true, func(_ *Node, x float64) float64 { return 1 / (1 + portable.Exp(-x)) }},
	Tanh:        {"tanh", -1, 1, true, func(_ *Node, x float64) float64 { return portable.Tanh(x) }},
	Softmax:     {"softmax", 0, 1, true, nil},
	HardSigmoid: {"hard_sigmoid", 0, 1, true, func(_ *Node, x float64) float64 { return hardSigmoid(x) }},
	SiLU:        {"silu", -0.2785, inf, false, func(_ *Node, x float64) float64 { return x / (1 + portable.Exp(-x)) }},
	GELU:        {"gelu", -0.17, inf, false, func(_ *Node, x float64) float64 { return x / 2 * portable.Erfc(-x/math.Sqrt2) }},
	ELU:         {"elu", -1, inf, false, func(_ *Node, x float64) float64 { return max(x, 0) + portable.Expm1(min(x, 0)) }},
	Softplus: {"softplus", 0, inf, false,
		func(_ *Node, x float64) float64 { return max(x, 0) + portable.Log1p(portable.Exp(-math.Abs(x))) }},
	Clip: {"clip", -inf, inf, false,
		func(n *Node, x float64) float64 { return min(max(x, float64(n.Min)), float64(n.Max)) }},
}

var inf = math.Inf(1)

// SoftmaxSteps is the greatest n of a softmax with outputs in steps of 1/n, for each of its
// numbers, that ONNX Runtime's kernel for integers computes: it multiplies n by exponentials
// that may be as great as MaxFloat32/(F·e⁵) of F numbers, and e⁵ is 148.4.
const SoftmaxSteps = 148

// hardSigmoid is min(max(0, x+3), 6)/6 as ONNX Runtime rounds it, in float32:
// in float64, ties that occur with rational scales would go the other way.
func hardSigmoid(x float64) float64 {
	return float64(min(max(0, float32(float32(x)*(1.0/6))+0.5), 1))
}

// hardSwish is x·hardSigmoid(x), also in float32.
func hardSwish(x float64) float64 { return float64(float32(x) * float32(hardSigmoid(x))) }

// Funcs lists the activation functions.
func Funcs() []Func {
	all := make([]Func, len(functions))
	for i := range all {
		all[i] = Func(i)
	}
	return all
}

func (f Func) known() bool { return int(f) < len(functions) }

// Function is the activation function of an [Activate] node that maps one number
// to one, in float64; nil for the softmax, which does not.
//
//	leaky_relu(x) = max(x, 0) + slope·min(x, 0)        hard_swish(x) = x·min(max(0, x/6 + 1/2), 1)
//	elu(x) = max(x, 0) + e^min(x, 0) − 1               silu(x) = x/(1 + e⁻ˣ)
//	gelu(x) = x/2·(1 + erf(x/√2))                      softplus(x) = ln(1 + eˣ)
//	clip(x) = min(max(x, Min), Max)
func (n *Node) Function() func(x float64) float64 {
	f := functions[n.Func].f
	if f == nil {
		return nil
	}
	return func(x float64) float64 { return f(n, x) }
}

// Range is the range of the function's values. If it is given, it fixes the
// quantizer of the function's output; otherwise that range is observed.
func (f Func) Range() (lo, hi float64, given bool) {
	return functions[f].lo, functions[f].hi, functions[f].given
}

// String is the function's name in model.json, such as "relu6".
func (f Func) String() string {
	if !f.known() {
		return fmt.Sprintf("Func(%d)", uint8(f))
	}
	return functions[f].name
}

// MarshalText writes [Func.String].
func (f Func) MarshalText() ([]byte, error) { return []byte(f.String()), nil }

// UnmarshalText reads [Func.String].
func (f *Func) UnmarshalText(text []byte) error {
	i := slices.IndexFunc(functions[:], func(row function) bool { return row.name == string(text) })
	if i < 0 {
		var names []string
		for _, row := range functions {
			names = append(names, row.name)
		}
		return fmt.Errorf("function %q: want one of %s", text, strings.Join(names, ", "))
	}
	*f = Func(i)
	return nil
}
