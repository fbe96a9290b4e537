package graph

import "fmt"

// Kind is what a layer computes.
type Kind uint8

// The kinds of layers.
const (
	KindConv2D Kind = iota + 1
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
	KindAdd
	KindConcat
	KindDropout
	KindIdentity
)

var kindNames = [...]string{
	KindConv2D: "conv2d", KindLinear: "linear", KindBatchNorm: "batch_norm",
	KindReLU: "relu", KindReLU6: "relu6", KindLeakyReLU: "leaky_relu", KindHardSwish: "hard_swish",
	KindSigmoid: "sigmoid", KindTanh: "tanh", KindSoftmax: "softmax",
	KindMaxPool: "max_pool", KindAvgPool: "avg_pool", KindGlobalAvgPool: "global_avg_pool",
	KindFlatten: "flatten", KindReshape: "reshape", KindAdd: "add", KindConcat: "concat",
	KindDropout: "dropout", KindIdentity: "identity",
}

// Kinds lists all kinds, in the order of their declaration.
func Kinds() []Kind {
	kinds := make([]Kind, 0, len(kindNames)-1)
	for k := KindConv2D; int(k) < len(kindNames); k++ {
		kinds = append(kinds, k)
	}
	return kinds
}

// String is the kind's name in a configuration, such as "conv2d".
func (k Kind) String() string {
	if k == 0 || int(k) >= len(kindNames) {
		return fmt.Sprintf("Kind(%d)", k)
	}
	return kindNames[k]
}

// ParseKind is the inverse of [Kind.String].
func ParseKind(text string) (Kind, error) {
	for _, k := range Kinds() {
		if k.String() == text {
			return k, nil
		}
	}
	return 0, fmt.Errorf("graph: layer kind %q: want one of %v", text, Kinds())
}

// weighted reports whether such a layer has weights.
func (k Kind) weighted() bool { return k == KindConv2D || k == KindLinear }

// windowed reports whether such a layer slides a window.
func (k Kind) windowed() bool { return k == KindConv2D || k == KindMaxPool || k == KindAvgPool }

// joins reports whether such a layer takes several inputs.
func (k Kind) joins() bool { return k == KindAdd || k == KindConcat }

// clips reports whether such a layer is a ReLU that integers clip for free.
func (k Kind) clips() bool { return k == KindReLU || k == KindReLU6 }

// moves reports whether such a layer only selects or moves elements.
func (k Kind) moves() bool {
	switch k {
	case KindMaxPool, KindFlatten, KindReshape, KindDropout, KindIdentity:
		return true
	}
	return false
}

// bounded reports whether such a layer's output has a range by definition, to
// which its quantizer's is fixed.
func (k Kind) bounded() bool { return k == KindSigmoid || k == KindTanh || k == KindSoftmax }

// averages reports whether such a layer's output lies within its input's
// range, so that it is rounded to its input's scale.
func (k Kind) averages() bool { return k == KindAvgPool || k == KindGlobalAvgPool }

// Layer is one line of a network's description. Make it with [Conv2D] and its
// like, refine it with the methods, or write the struct itself.
type Layer struct {
	Name string // unique in the network; the empty name becomes the kind and a number, such as "conv2d_1"
	Kind Kind

	// From names the layers whose outputs the layer takes; [InputName] is the
	// network's input. Empty: the layer before.
	From []string

	Units    int     // filters of a convolution, features of a linear layer
	Groups   int     // of a convolution; 0 means 1, [Depthwise] as many as channels
	Kernel   [2]int  // convolution and pool: height, width
	Stride   [2]int  // 0 means: 1 for a convolution, the kernel for a pool
	Dilation [2]int  // convolution: distance of the kernel's taps; 0 means 1
	Padding  Padding // zeros around the image
	Shape    Shape   // reshape: the output
	Slope    float32 // leaky_relu: the slope for x < 0
	Rate     float32 // dropout: the share of elements that training sets to 0
}

// InputName is the name of the network's input in [Layer.From].
const InputName = "input"

// Depthwise, as a convolution's Groups, gives every channel filters of its own.
const Depthwise = -1

// Padding is the rows and columns of zeros around an image.
type Padding struct {
	Same                     bool // as much as makes the output ⌈input/stride⌉, the odd one at the end
	Top, Left, Bottom, Right int  // otherwise, so much
}
