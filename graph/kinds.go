package graph

import (
	"fmt"
	"math"
	"slices"

	"gorgonia.org/gorgonia"

	"petrify/internal/portable"
	"petrify/quantized"
)

// Kind is what a layer computes.
type Kind uint8

// The kinds of layers.
const (
	KindConv2D Kind = iota + 1
	KindConvTranspose
	KindLinear
	KindBatchNorm
	KindReLU
	KindReLU6
	KindLeakyReLU
	KindHardSwish
	KindSigmoid
	KindTanh
	KindSoftmax
	KindMaxPool
	KindAvgPool
	KindGlobalAvgPool
	KindFlatten
	KindReshape
	KindResize
	KindSlice
	KindPad
	KindShuffle
	KindAdd
	KindSub
	KindConcat
	KindMax
	KindMin
	KindDropout
	KindIdentity
	KindHardSigmoid
	KindSiLU
	KindGELU
	KindELU
	KindSoftplus
	KindClip
	KindMul
	KindPReLU
	KindLayerNorm
	KindAttentionScores
	KindAttentionValues
)

// row describes a kind of layer. A new kind is a constant, a row of the table
// and a constructor; CONTRIBUTING.md, "Add a layer", says what else.
type row struct {
	name     string
	role     role
	takes    []string // the settings of [Layer] that have an effect, by their names in a configuration
	wants    form     // of the input
	op       quantized.Op
	function quantized.Func

	// shape is that of the output and whether it is a vector; nil: the input's.
	shape func(l Layer, ins []Shape, vector bool) (Shape, bool, error)

	// weights is the shape of the weights, outputs first; nil: there are none.
	weights func(l Layer, in Shape) []int

	// train adds the unit's nodes, without the quantizer of its output. Products
	// need none: see builder.weighted.
	train trainer
}

// trainer adds the nodes of a unit's training step.
type trainer func(b *builder, u *unit, in []*gorgonia.Node) (*gorgonia.Node, error)

// role decides where quantizers sit around a layer, and what it is fused with.
type role uint8

const (
	roleProduct  role = iota + 1 // has weights; takes a batch norm and a clip that follow into its unit
	roleNorm                     // is folded into a product, or is one of its own
	roleClip                     // a ReLU, which integers do for free
	roleFunction                 // of one activation, on a grid of its own
	roleSum                      // difference or product of two, on a grid of its own; takes a clip into its unit
	roleMean                     // of its input's elements or a constant, on its input's grid
	roleMove                     // of its input's elements, which keep their grid
	roleJoin                     // of several inputs' elements, which share a grid
)

// form is what the input of a layer must be.
type form uint8

const (
	vectors form = iota + 1
	images
)

// rows is the table, by kind. It is filled in by init, as its functions read it.
var rows []row

func init() {
	slides := []string{"kernel", "stride", "padding"}
	pools := append([]string{"ceil_mode"}, slides...)
	rows = []row{
		KindConv2D: {name: "conv2d", role: roleProduct, op: quantized.Conv2D, wants: images, shape: convShape,
			weights: convWeights, takes: append([]string{"filters", "groups", "dilation"}, slides...)},
		KindConvTranspose: {name: "conv_transpose", role: roleProduct, op: quantized.Conv2D, wants: images,
			shape: transposedShape, weights: convWeights,
			takes: append([]string{"filters", "groups", "dilation", "output_padding"}, slides...)},
		KindLinear: {name: "linear", role: roleProduct, op: quantized.Linear, wants: vectors, shape: linearShape,
			weights: linearWeights, takes: []string{"features"}},
		KindBatchNorm: {name: "batch_norm", role: roleNorm, takes: []string{"epsilon"}},
		KindPReLU:     {name: "prelu", role: roleFunction, op: quantized.PReLU, train: trainPReLU},
		KindLayerNorm: {name: "layer_norm", role: roleFunction, op: quantized.LayerNorm, takes: []string{"epsilon"},
			train: trainLayerNorm},
		KindAttentionScores: {name: "attention_scores", role: roleSum, op: quantized.AttentionScores, wants: images,
			takes: []string{"heads", "scale"}, shape: scoresShape, train: trainAttention},
		KindAttentionValues: {name: "attention_values", role: roleSum, op: quantized.AttentionValues, wants: images,
			shape: valuesShape, train: trainAttention},
		KindReLU:      ofFunction(roleClip, quantized.ReLU, trainClip),
		KindReLU6:     ofFunction(roleClip, quantized.ReLU6, trainClip),
		KindLeakyReLU: ofFunction(roleFunction, quantized.LeakyReLU, elementwise(leakySlope), "slope"),
		KindHardSwish: ofFunction(roleFunction, quantized.HardSwish, elementwise(hardSwishSlope)),
		KindSigmoid:   ofFunction(roleFunction, quantized.Sigmoid, elementwise(sigmoidSlope)),
		KindTanh:      ofFunction(roleFunction, quantized.Tanh, elementwise(tanhSlope)),
		KindSoftmax: {name: "softmax", role: roleFunction, op: quantized.Activate, function: quantized.Softmax,
			train: trainSoftmax},
		KindMaxPool: {name: "max_pool", role: roleMove, op: quantized.MaxPool, wants: images, takes: pools,
			shape: maxPoolShape,
			train: trainMaxPool},
		KindAvgPool: {name: "avg_pool", role: roleMean, op: quantized.AvgPool, wants: images,
			takes: append([]string{"count_include_pad"}, pools...), shape: poolShape,
			train: trainAvgPool},
		KindGlobalAvgPool: {name: "global_avg_pool", role: roleMean, op: quantized.GlobalAvgPool, wants: images,
			shape: globalShape,
			train: trainAvgPool},
		KindFlatten: {name: "flatten", role: roleMove, op: quantized.Flatten, shape: flattenShape, train: trainFlatten},
		KindReshape: {name: "reshape", role: roleMove, op: quantized.Reshape, takes: []string{"shape"},
			shape: reshapeShape,
			train: trainReshape},
		KindResize: {name: "resize", role: roleMove, op: quantized.ResizeNearest, wants: images,
			takes: []string{"factor"}, shape: resizeShape, train: trainResize},
		KindSlice: {name: "slice", role: roleMove, op: quantized.Slice, takes: []string{"channels", "rows", "columns"},
			shape: sliceShape, train: trainMoves},
		KindPad: {name: "pad", role: roleMean, op: quantized.Pad, takes: []string{"padding", "extra_channels", "value"},
			shape: padShape, train: trainPad},
		KindShuffle: {name: "shuffle", role: roleMove, op: quantized.Shuffle, takes: []string{"groups"},
			shape: shuffleShape, train: trainMoves},
		KindAdd:         {name: "add", role: roleSum, op: quantized.Add, shape: pairShape, train: trainAdd},
		KindSub:         {name: "sub", role: roleSum, op: quantized.Sub, shape: pairShape, train: difference.train},
		KindMax:         {name: "max", role: roleJoin, op: quantized.Max, shape: pairShape, train: greater.train},
		KindMin:         {name: "min", role: roleJoin, op: quantized.Min, shape: pairShape, train: less.train},
		KindConcat:      {name: "concat", role: roleJoin, op: quantized.Concat, shape: concatShape, train: trainConcat},
		KindDropout:     {name: "dropout", role: roleMove, takes: []string{"rate"}, train: trainDropout},
		KindIdentity:    {name: "identity", role: roleMove, train: trainIdentity},
		KindHardSigmoid: ofFunction(roleFunction, quantized.HardSigmoid, elementwise(hardSigmoidSlope)),
		KindSiLU:        ofFunction(roleFunction, quantized.SiLU, elementwise(siluSlope)),
		KindGELU:        ofFunction(roleFunction, quantized.GELU, elementwise(geluSlope)),
		KindELU:         ofFunction(roleFunction, quantized.ELU, elementwise(eluSlope)),
		KindMul:         {name: "mul", role: roleSum, op: quantized.Mul, shape: pairShape, train: times.train},
		KindSoftplus:    ofFunction(roleFunction, quantized.Softplus, elementwise(softplusSlope)),
		KindClip:        ofFunction(roleFunction, quantized.Clip, elementwise(clipSlope), "min", "max"),
	}
}

// Kinds lists all kinds, in the order of their declaration.
func Kinds() []Kind {
	kinds := make([]Kind, 0, len(rows)-1)
	for k := range rows[1:] {
		kinds = append(kinds, Kind(k+1))
	}
	return kinds
}

func (k Kind) known() bool { return k > 0 && int(k) < len(rows) }

// String is the kind's name in a configuration, such as "conv2d".
func (k Kind) String() string {
	if !k.known() {
		return fmt.Sprintf("Kind(%d)", uint8(k))
	}
	return rows[k].name
}

// Takes lists the settings that have an effect on layers of the kind, by their
// names in a configuration.
func (k Kind) Takes() []string { return rows[k].takes }

// ParseKind is the inverse of [Kind.String].
func ParseKind(text string) (Kind, error) {
	for _, k := range Kinds() {
		if k.String() == text {
			return k, nil
		}
	}
	return 0, fmt.Errorf("graph: layer kind %q: want one of %v", text, Kinds())
}

// MarshalText writes [Kind.String].
func (k Kind) MarshalText() ([]byte, error) { return []byte(k.String()), nil }

// UnmarshalText is the inverse of [Kind.MarshalText].
func (k *Kind) UnmarshalText(text []byte) (err error) {
	*k, err = ParseKind(string(text))
	return err
}

// is reports whether the kind has one of the given roles.
func (k Kind) is(roles ...role) bool {
	return slices.Contains(roles, rows[k].role)
}

// nonNegative reports whether the kind's function is never negative.
func (k Kind) nonNegative() bool {
	lo, _, _ := rows[k].function.Range()
	return lo >= 0
}

// takes reports whether a setting has an effect.
func (k Kind) takes(setting string) bool { return slices.Contains(rows[k].takes, setting) }

// ships reports whether the frozen model has an operation for such a layer. A
// layer that has none is only a name for its input.
func (k Kind) ships() bool { return rows[k].op != 0 || rows[k].role == roleNorm }

// output is the shape of the layer's output and whether that is a vector,
// given the inputs' shapes and whether the first is a vector; or an error
// that says what the layer expected.
func (l Layer) output(ins []Shape, vector bool) (out Shape, flat bool, err error) {
	r := rows[l.Kind]
	switch {
	case r.wants == vectors && !vector:
		return out, false, fmt.Errorf("%v wants a vector, got an image %v: put flatten before it", l.Kind, ins[0])
	case r.wants == images && vector:
		return out, false, fmt.Errorf("%v wants an image, got a vector of %d: put reshape before it", l.Kind, ins[0].C)
	}
	out, flat = ins[0], vector
	if r.shape != nil {
		if out, flat, err = r.shape(l, ins, vector); err != nil {
			return out, flat, err
		}
	}
	if n := float64(out.C) * float64(out.H) * float64(out.W); n > most {
		return out, flat, fmt.Errorf("output of shape %v: want at most %d elements", out, most)
	}
	if n := float64(out.C) * float64(l.fan(ins[0])); n > most {
		return out, flat, fmt.Errorf("%.0f weights: want at most %d", n, most)
	}
	return out, flat, nil
}

// most limits the elements of an activation of one image and the weights of a
// layer. Times a batch, more would be memory that nobody means to ask for, and
// Go can refuse it only by ending the process.
const most = 1 << 28

// ofFunction is the row of a function of one number.
func ofFunction(r role, f quantized.Func, train trainer, takes ...string) row {
	return row{name: f.String(), role: r, takes: takes, op: quantized.Activate, function: f, train: train}
}

// elementwise is the trainer of a function of one number, computed in float64,
// whose slope at x, where it is y, is given.
func elementwise(slope func(l Layer, x, y float64) float64) trainer {
	return func(_ *builder, u *unit, in []*gorgonia.Node) (*gorgonia.Node, error) {
		n := u.layer.function()
		f := n.Function()
		return unary{
			name: u.name(),
			run: func(y, x []float32) {
				inBlocks(len(y), func(from, to int) {
					for i := from; i < to; i++ {
						y[i] = float32(f(float64(x[i])))
					}
				})
			},
			grad: func(dx, dy, x, y []float32) {
				inBlocks(len(dx), func(from, to int) {
					for i := from; i < to; i++ {
						dx[i] = float32(float64(dy[i]) * slope(u.layer, float64(x[i]), float64(y[i])))
					}
				})
			},
		}.apply(in[0])
	}
}

// function is the node of the layer's function, without the rest.
func (l Layer) function() quantized.Node {
	return quantized.Node{Func: rows[l.Kind].function, Slope: l.Slope, Min: l.Min, Max: l.Max}
}

func sigmoidSlope(_ Layer, _, y float64) float64 { return y * (1 - y) }

func tanhSlope(_ Layer, _, y float64) float64 { return 1 - float64(y*y) }

func leakySlope(l Layer, x, _ float64) float64 {
	if x > 0 {
		return 1
	}
	return float64(l.Slope)
}

func hardSigmoidSlope(_ Layer, x, _ float64) float64 {
	if x <= -3 || x >= 3 {
		return 0
	}
	return 1.0 / 6
}

func hardSwishSlope(_ Layer, x, _ float64) float64 {
	switch {
	case x <= -3:
		return 0
	case x >= 3:
		return 1
	}
	return (2*x + 3) / 6
}

// logistic is 1/(1 + e⁻ˣ).
func logistic(x float64) float64 { return 1 / (1 + portable.Exp(-x)) }

func siluSlope(_ Layer, x, _ float64) float64 { return logistic(x) * (1 + float64(x*logistic(-x))) }

// geluSlope is Φ(x) + x·φ(x), with the normal distribution and its density.
func geluSlope(_ Layer, x, _ float64) float64 {
	return float64(portable.Erfc(-x/math.Sqrt2)/2) + float64(x*portable.Exp(-x*x/2))/math.Sqrt(2*math.Pi)
}

func eluSlope(_ Layer, x, _ float64) float64 { return portable.Exp(min(x, 0)) }

func clipSlope(l Layer, x, _ float64) float64 {
	if x > float64(l.Min) && x < float64(l.Max) {
		return 1
	}
	return 0
}

func softplusSlope(_ Layer, x, _ float64) float64 { return logistic(x) }

// ReLU is max(0, x).
func ReLU() Layer { return Layer{Kind: KindReLU} }

// ReLU6 is min(max(0, x), 6).
func ReLU6() Layer { return Layer{Kind: KindReLU6} }

// Clip is min(max(x, least), greatest), where −[Unbounded] and Unbounded bound
// nothing.
func Clip(least, greatest float32) Layer { return Layer{Kind: KindClip, Min: least, Max: greatest} }

// LeakyReLU is x for x ≥ 0 and slope·x below.
func LeakyReLU(slope float32) Layer { return Layer{Kind: KindLeakyReLU, Slope: slope} }

// HardSwish is x·min(max(0, x+3), 6)/6 (Howard et al., “Searching for
// MobileNetV3”, ICCV 2019, section 5.2).
func HardSwish() Layer { return Layer{Kind: KindHardSwish} }

// HardSigmoid is min(max(0, x+3), 6)/6 (Howard et al., “Searching for
// MobileNetV3”, ICCV 2019, section 5.2).
func HardSigmoid() Layer { return Layer{Kind: KindHardSigmoid} }

// SiLU is x/(1 + e⁻ˣ), also called swish (Elfwing et al., “Sigmoid-weighted linear
// units”, Neural Networks 107, 2018).
func SiLU() Layer { return Layer{Kind: KindSiLU} }

// GELU is x·Φ(x), with the normal distribution Φ(x) = (1 + erf(x/√2))/2 (Hendrycks and
// Gimpel, “Gaussian error linear units”, 2016); not the approximation by a tanh.
func GELU() Layer { return Layer{Kind: KindGELU} }

// ELU is x for x ≥ 0 and eˣ − 1 below (Clevert et al., “Fast and accurate deep network
// learning by exponential linear units”, ICLR 2016, with α = 1).
func ELU() Layer { return Layer{Kind: KindELU} }

// Softplus is ln(1 + eˣ).
func Softplus() Layer { return Layer{Kind: KindSoftplus} }

// Sigmoid is 1/(1 + e⁻ˣ).
func Sigmoid() Layer { return Layer{Kind: KindSigmoid} }

// Tanh is (eˣ − e⁻ˣ)/(eˣ + e⁻ˣ).
func Tanh() Layer { return Layer{Kind: KindTanh} }
