package graph

import "math"

// Layer is one line of a network's description. Make it with [Conv2D] and
// similar functions and refine it with the methods, or write the struct itself.
type Layer struct {
	Name string // unique in the network; the empty name becomes the kind and a number, such as "conv2d_1"
	Kind Kind

	// From names the layers whose outputs the layer takes; [InputName] is the
	// network's input. Empty: the layer before.
	From []string

	Units           int     // filters of a convolution, features of a linear layer
	Groups          int     // of a convolution; 0 means 1, [Depthwise] as many as channels; of a shuffle, 2 or more
	Kernel          [2]int  // convolution and pool: height, width
	Stride          [2]int  // 0 means: 1 for a convolution, the kernel for a pool
	Dilation        [2]int  // convolution: distance of the kernel's taps; 0 means 1
	Padding         Padding // zeros, or a pad's value, around the image; of conv_transpose, what is cut off the output
	OutputPadding   [2]int  // conv_transpose: what the output has more at the end
	CeilMode        bool    // pool: a last window that starts in the image may end beyond the padding
	CountIncludePad bool    // avg_pool: the mean is of the padding's zeros, too
	Shape           Shape   // reshape: the output
	Factor          [2]int  // resize: how often each row and each column is repeated
	Channels        [2]int  // slice: the first, and the one after the last; 0, 0: all
	Rows, Columns   [2]int  // slice: likewise
	ExtraChannels   [2]int  // pad: how many before and after
	Value           float32 // pad: of what it adds; rounded to the grid of its input
	Min, Max        float32 // clip: the bounds; [Unbounded] and −Unbounded are none
	Slope           float32 // leaky_relu: the slope for x < 0
	Epsilon         float64 // batch_norm, layer_norm: what is added to the variance; 0 means 1e−5
	Heads           int     // attention_scores: the parts of the channels that are multiplied by themselves
	Scale           float32 // attention_scores: the factor; 0 means 1/√channels of a head
	Rate            float32 // dropout: the share of elements that training sets to 0
}

// Unbounded, as a clip's upper bound, is none, and its negative as the lower one.
const Unbounded = math.MaxFloat32

// InputName is the name of the network's input in [Layer.From].
const InputName = "input"

// Depthwise, as a convolution's Groups, gives every channel filters of its own.
const Depthwise = -1

// Padding is the rows and columns of zeros around an image.
type Padding struct {
	Same                     bool // as much as makes the output ⌈input/stride⌉, the odd one at the end
	Top, Left, Bottom, Right int  // otherwise, so much
}
