package graph

// Conv2D is a two-dimensional convolution (strictly speaking a
// cross-correlation, as is usual) with square kernels and no padding:
//
//	y[n,o,p,q] = b[o] + Σ_{i,u,v} w[o,i,u,v] · x[n, i, S·p+u, S·q+v]
//
// It has a bias unless a batch normalisation follows.
func Conv2D(filters, kernel int) Layer {
	return Layer{Kind: KindConv2D, Units: filters, Kernel: [2]int{kernel, kernel}}
}

// DepthwiseConv2D convolves each channel with one filter of its own.
func DepthwiseConv2D(kernel int) Layer {
	return Layer{Kind: KindConv2D, Groups: Depthwise, Kernel: [2]int{kernel, kernel}}
}

// Separable is a separable convolution: a depthwise one with square kernels
// and no padding, then a pointwise one that mixes its channels.
//
//	y[n,o,p,q] = b[o] + Σ_i v[o,i] · (a[i] + Σ_{u,w} d[i,u,w] · x[n, i, p+u, q+w])
//
// It does the work of a Conv2D of the same size whose weights are products,
// v[o,i]·d[i,u,w], with 1/filters + 1/kernel² of the multiplications (Howard et
// al., “MobileNets”, arXiv:1704.04861, section 3.1). Each of the two layers is
// quantized by itself. Set stride, padding and dilation on the first one, and
// the name that other layers refer to on the second:
//
//	s := graph.Separable(64, 3)
//	s[0] = s[0].Same().Strided(2)
func Separable(filters, kernel int) []Layer {
	return []Layer{DepthwiseConv2D(kernel), Conv2D(filters, 1)}
}

// Conv1D is a convolution along the width, for signals C 1 L.
func Conv1D(filters, kernel int) Layer {
	return Layer{Kind: KindConv2D, Units: filters, Kernel: [2]int{1, kernel}}
}

// ConvTranspose2D is a transposed convolution, which enlarges an image by the stride:
// each pixel adds the kernel, times itself, to the output, of which the padding is cut
// off (Dumoulin and Visin, “A guide to convolution arithmetic for deep learning”, 2016,
// chapter 4):
//
//	y[n,o,S·p+u,S·q+v] += w[i,o,u,v]·x[n,i,p,q]
func ConvTranspose2D(filters, kernel, stride int) Layer {
	return Layer{Kind: KindConvTranspose, Units: filters, Kernel: [2]int{kernel, kernel},
		Stride: [2]int{stride, stride}}
}

// Linear is a fully connected layer, y = x·wᵀ + b. It has a bias unless a
// batch normalisation follows.
func Linear(features int) Layer { return Layer{Kind: KindLinear, Units: features} }

// BatchNorm normalises each channel (Ioffe and Szegedy, “Batch Normalization”,
// ICML 2015, algorithm 1), with [Layer.Epsilon] as ε and a momentum of 0.1 as in PyTorch.
// After a convolution or linear layer whose output nothing else reads, it is
// folded into that layer's weights when the network is quantized.
//
// Anywhere else it is a unit of its own: on the input, after a sum, before the
// activation of a pre-activation network. Quantized, it is then a depthwise
// convolution of one pixel by γ/√(σ² + ε). Its rule is that of its own name and
// kind. The scheme decides only whether its weights are quantized; they are
// int8 with one scale per channel, which always follows γ and rounds nothing,
// since a channel has one weight.
func BatchNorm() Layer { return Layer{Kind: KindBatchNorm} }

// Softmax is eˣ/Σeˣ over the features of a vector. Do not end a classifier with
// it: the loss includes a softmax.
func Softmax() Layer { return Layer{Kind: KindSoftmax} }

// MaxPool is the maximum over squares of the given size, which do not overlap
// unless a stride is given.
func MaxPool(kernel int) Layer {
	return Layer{Kind: KindMaxPool, Kernel: [2]int{kernel, kernel}}
}

// AvgPool is the mean over squares of the given size. Padding does not count,
// unless [Layer.CountIncludePad] says that it does, as PyTorch has it.
func AvgPool(kernel int) Layer {
	return Layer{Kind: KindAvgPool, Kernel: [2]int{kernel, kernel}}
}

// GlobalAvgPool is each channel's mean, C H W → C 1 1.
func GlobalAvgPool() Layer { return Layer{Kind: KindGlobalAvgPool} }

// Flatten turns an image into a vector, in the order C H W.
func Flatten() Layer { return Layer{Kind: KindFlatten} }

// Reshape reads the elements, in the order C H W, as an image of another shape, which may be
// of one pixel.
func Reshape(s Shape) Layer { return Layer{Kind: KindReshape, Shape: s} }

// Resize enlarges an image: each row and each column is repeated as often as the
// factor says, which is PyTorch's nearest interpolation.
func Resize(factor int) Layer { return Layer{Kind: KindResize, Factor: [2]int{factor, factor}} }

// Slice takes some channels, from first on and before end. [Layer.Rows] and
// [Layer.Columns] cut an image.
func Slice(first, end int) Layer { return Layer{Kind: KindSlice, Channels: [2]int{first, end}} }

// Pad puts rows and columns around an image, and [Layer.ExtraChannels] before and after its
// channels. They have the value [Layer.Value], 0 at first, rounded to the grid of the
// input, and are limited to its range.
func Pad(n int) Layer { return Layer{Kind: KindPad}.Padded(n) }

// Shuffle takes the channels of groups by turns: channel i·C/groups + k becomes
// k·groups + i (Zhang et al., “ShuffleNet”, CVPR 2018, section 3.1).
func Shuffle(groups int) Layer { return Layer{Kind: KindShuffle, Groups: groups} }

// Add is the sum of the outputs of the two named layers. The second may have one
// number per channel, C×1×1, which is added to all pixels of the channel.
func Add(from ...string) Layer { return Layer{Kind: KindAdd, From: from} }

// Sub is the first layer's output without the second's, which may be as that of [Add].
func Sub(from ...string) Layer { return Layer{Kind: KindSub, From: from} }

// Max is the greater of the outputs of two layers, the second as that of [Add]. Where
// they are equal, each has half of the gradient, as in PyTorch.
func Max(from ...string) Layer { return Layer{Kind: KindMax, From: from} }

// Min is the less of the outputs of two layers, as [Max].
func Min(from ...string) Layer { return Layer{Kind: KindMin, From: from} }

// Mul multiplies the outputs of two layers. The second may be as that of [Add]: one
// number per channel, by which its pixels are multiplied, as in a squeeze and
// excitation (Hu et al., “Squeeze-and-excitation networks”, CVPR 2018).
func Mul(from ...string) Layer { return Layer{Kind: KindMul, From: from} }

// Concat joins the outputs of the named layers along the channels.
func Concat(from ...string) Layer { return Layer{Kind: KindConcat, From: from} }

// Dropout sets a share of the elements to 0 while training, and divides the
// others by 1 − rate (Srivastava et al., “Dropout”, JMLR 15, 2014).
func Dropout(rate float32) Layer { return Layer{Kind: KindDropout, Rate: rate} }

// Identity passes its input on unchanged, under a name of its own.
func Identity() Layer { return Layer{Kind: KindIdentity} }

// Same returns the layer padded so that stride 1 keeps the image's size.
func (l Layer) Same() Layer { l.Padding = Padding{Same: true}; return l }

// Padded returns the layer with n rows and columns of zeros on each side.
func (l Layer) Padded(n int) Layer {
	l.Padding = Padding{Top: n, Left: n, Bottom: n, Right: n}
	return l
}

// Strided returns the layer with the given stride in both directions.
func (l Layer) Strided(n int) Layer { l.Stride = [2]int{n, n}; return l }

// Dilated returns the layer with the kernel's taps n apart.
func (l Layer) Dilated(n int) Layer { l.Dilation = [2]int{n, n}; return l }

// Grouped returns the convolution with its channels in n groups.
func (l Layer) Grouped(n int) Layer { l.Groups = n; return l }

// Named returns the layer with the given name.
func (l Layer) Named(name string) Layer { l.Name = name; return l }

// Taking returns the layer with the named layers as its inputs.
func (l Layer) Taking(from ...string) Layer { l.From = from; return l }
