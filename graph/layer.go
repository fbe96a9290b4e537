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
	KindMaxPool
	KindFlatten
)

var kindNames = [...]string{
	KindConv2D: "conv2d", KindLinear: "linear", KindBatchNorm: "batch_norm",
	KindReLU: "relu", KindMaxPool: "max_pool", KindFlatten: "flatten",
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

// Layer is one line of a network's description. Make it with [Conv2D] and its
// like, refine it with the methods, or write the struct itself.
type Layer struct {
	Name    string // unique in the network; the empty name becomes the kind and a number, such as "conv2d_1"
	Kind    Kind
	Units   int     // filters of a convolution, features of a linear layer
	Kernel  [2]int  // convolution and pool: height, width
	Stride  [2]int  // 0 means: 1 for a convolution, the kernel for a pool
	Padding Padding // zeros around the image
}

// Padding is the rows and columns of zeros around an image.
type Padding struct {
	Same                     bool // as much as makes the output ⌈input/stride⌉, the odd one at the end
	Top, Left, Bottom, Right int  // otherwise, so much
}

// Conv2D is a two-dimensional convolution (in truth, a cross-correlation, as
// in all the field) with square kernels and no padding:
//
//	y[n,o,p,q] = b[o] + Σ_{i,u,v} w[o,i,u,v] · x[n, i, S·p+u, S·q+v]
//
// It has a bias unless a batch normalisation follows.
func Conv2D(filters, kernel int) Layer {
	return Layer{Kind: KindConv2D, Units: filters, Kernel: [2]int{kernel, kernel}}
}

// Linear is a fully connected layer, y = x·wᵀ + b. It has a bias unless a
// batch normalisation follows.
func Linear(features int) Layer { return Layer{Kind: KindLinear, Units: features} }

// BatchNorm normalises each channel (Ioffe and Szegedy, “Batch Normalization”,
// ICML 2015, algorithm 1), with ε = 1e−5 and a momentum of 0.1 as in PyTorch.
// It must follow a convolution or a linear layer, into which it is folded when
// the network is quantized.
func BatchNorm() Layer { return Layer{Kind: KindBatchNorm} }

// ReLU is max(0, x).
func ReLU() Layer { return Layer{Kind: KindReLU} }

// MaxPool is the maximum over squares of the given size, which do not overlap
// unless a stride is given.
func MaxPool(kernel int) Layer {
	return Layer{Kind: KindMaxPool, Kernel: [2]int{kernel, kernel}}
}

// Flatten makes a vector of an image, in the order C H W.
func Flatten() Layer { return Layer{Kind: KindFlatten} }

// Same returns the layer padded such that stride 1 keeps the image's size.
func (l Layer) Same() Layer { l.Padding = Padding{Same: true}; return l }

// Padded returns the layer with n rows and columns of zeros on each side.
func (l Layer) Padded(n int) Layer {
	l.Padding = Padding{Top: n, Left: n, Bottom: n, Right: n}
	return l
}

// Strided returns the layer with the given stride in both directions.
func (l Layer) Strided(n int) Layer { l.Stride = [2]int{n, n}; return l }

// Named returns the layer with the given name.
func (l Layer) Named(name string) Layer { l.Name = name; return l }
