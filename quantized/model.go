package quantized

import "petrify/fakequant/affine"

// Model is a frozen network: integers, scales, and what a user of the exported
// file must know. It is plain data that no longer changes.
//
// Shapes are without the batch: C H W (channels, height, width) for images,
// F (features) for vectors. Weights are laid out as in PyTorch and ONNX:
// O I KH KW for convolutions (I is per group), O F for linear layers.
type Model struct {
	Name    string   `json:"name"`              // the network's name, such as "cnn"
	Input   Input    `json:"input"`             // what to feed
	Nodes   []Node   `json:"layers"`            // in topological order
	Output  string   `json:"output"`            // the name of the activation that is the result
	Classes []string `json:"classes,omitempty"` // class names, index = label; empty where nothing is classified
	Task    string   `json:"task,omitempty"`    // what Targets are: regression, in their own units, labels, as logits, or Pixels; or anomaly
	Targets []string `json:"targets,omitempty"` // names of the outputs, or of their channels, where they are not a sample's classes
	Origin  Origin   `json:"origin"`            // where the model comes from
}

// Pixels is the Task of a model with an output, a logit, for each of Targets at each pixel.
const Pixels = "pixels"

// Input describes what the model is fed: r = (pixel·PixelScale − Mean) / Std
// per channel, then quantized with Activation.Quant.
type Input struct {
	Activation
	PixelScale float32   `json:"pixel_scale"`    // 1/255 for images of bytes, 1 for data that is taken as it is
	Mean       []float32 `json:"mean,omitempty"` // per channel, measured on the training split
	Std        []float32 `json:"std,omitempty"`  // standard deviation, as Mean
	Raw        *Raw      `json:"raw,omitempty"`  // the pixels or values before that; nil: not known
}

// Activation is a tensor that flows from node to node.
type Activation struct {
	Name  string `json:"name"`
	Shape []int  `json:"shape"`
	Quant Quant  `json:"quantized,omitzero"` // zero Format: float32
}

// Quant is a frozen per-tensor quantizer, r = Scale·(q − Zero).
type Quant struct {
	Format affine.Format `json:"format"`
	Scale  float32       `json:"scale"`
	Zero   int32         `json:"zero"`
	// Origin says where the numbers come from, such as "moving_average_min_max over 1,407 steps".
	Origin string `json:"origin,omitempty"`
}

// Op names what a node computes.
type Op uint8

// The operations.
const (
	Conv2D          Op = iota + 1 // Weights, Bias, Window, Dilation, Groups
	Linear                        // Weights, Bias
	MaxPool                       // Window; output quantized as the input
	AvgPool                       // Window
	GlobalAvgPool                 // C H W → C 1 1
	Flatten                       // C H W → C·H·W, in that order; output quantized as the input
	Reshape                       // to the output's shape; output quantized as the input
	ResizeNearest                 // to the output's height and width, multiples of the input's; quantized as the input
	Stretch                       // likewise, with zeros between and after the elements instead of repetitions
	Slice                         // what begins at Begin and has the output's shape; output quantized as the input
	Pad                           // puts the input at Begin of the output, and Value around it; quantized as the input
	Shuffle                       // channel i·C/Groups + k becomes k·Groups + i; output quantized as the input
	Add                           // two inputs; the second may be one number per channel, C 1 1
	Sub                           // two inputs, as Add
	Concat                        // along channels
	Max                           // the greater of two inputs, as Add
	Min                           // the less of two inputs, as Add
	Activate                      // Activation function alone: sigmoid, tanh, softmax, hard_swish, leaky_relu …
	Mul                           // two inputs, as Add
	PReLU                         // Slopes: a leaky ReLU with a slope for each channel
	LayerNorm                     // Norm: of the channels of each pixel
	AttentionScores               // queries D 1 Q and keys D 1 K → K Heads Q: their products in each head, times Factor
	AttentionValues               // shares K heads Q and values D 1 K → D 1 Q: their products in each head
)

// Node is one layer of the frozen network.
type Node struct {
	Name    string     `json:"name"`
	Op      Op         `json:"op"`
	Inputs  []string   `json:"inputs"`            // names of activations: the input's or earlier outputs'
	Func    Func       `json:"function,omitzero"` // fused activation function, or the function of Activate
	Slope   float32    `json:"slope,omitzero"`    // LeakyReLU's slope for r < 0
	Min     float32    `json:"min,omitzero"`      // Clip's bounds; the greatest float32 of a sign bounds nothing
	Max     float32    `json:"max,omitzero"`
	Window  Window     `json:"window,omitzero"`  // convolutions and pools
	Groups  int        `json:"groups,omitzero"`  // convolutions: 1, or C for depthwise; Shuffle: 2 or more
	Begin   []int      `json:"begin,omitempty"`  // Slice: the first element of each axis; Pad: what comes before it
	Value   float32    `json:"value,omitzero"`   // Pad: is quantized as the output is
	Heads   int        `json:"heads,omitzero"`   // AttentionScores
	Factor  float32    `json:"factor,omitzero"`  // AttentionScores: what the queries are multiplied by
	Weights *Weights   `json:"weights,omitzero"` // Conv2D, Linear
	Bias    *Bias      `json:"bias,omitzero"`    // Conv2D, Linear; nil if there is none
	Norm    *Norm      `json:"norm,omitzero"`    // LayerNorm
	Slopes  []float32  `json:"-"`                // PReLU: for r < 0, of each channel
	Output  Activation `json:"output"`           // its name is the node's name
}

// Pointwise reports whether n is a convolution that computes each pixel from the same
// pixel of all channels, as a linear layer would.
func (n *Node) Pointwise() bool {
	w := n.Window
	one := [2]int{1, 1}
	return n.Op == Conv2D && n.Groups <= 1 && w.Kernel == one && w.Stride == one && w.PadBegin == [2]int{} &&
		w.PadEnd == [2]int{}
}

// Window is the geometry of a convolution or a pool, as {vertical, horizontal}.
type Window struct {
	Kernel   [2]int `json:"kernel"`
	Stride   [2]int `json:"stride"`
	Dilation [2]int `json:"dilation,omitzero"`
	PadBegin [2]int `json:"pad_begin"` // zeros before; explicit also where the network said "same"
	PadEnd   [2]int `json:"pad_end"`   // zeros after

	// Of AvgPool: the mean is of the padding's zeros, too, except for the last rows and
	// columns of PadEnd, which only let a last window end beyond the padding.
	CountIncludePad bool   `json:"count_include_pad,omitzero"`
	Overhang        [2]int `json:"overhang,omitzero"`
}

// Weights are integers with scales, or floats if the layer was excluded from
// quantization: exactly one of Q and Float is set.
type Weights struct {
	Shape  []int         `json:"shape"`
	Format affine.Format `json:"format"`
	// of FinestStep, for a finer scale of the bias: Q and Zero are multiples of it, and
	// Format is that of the quotients; 0: it is that of Q
	Step  int32     `json:"step,omitzero"`
	Axis  int       `json:"axis"`           // the channel axis of Scale; −1: one scale for the tensor
	Block int       `json:"block,omitzero"` // > 0: one scale per Block elements along axis 1, Scale is O × F/Block
	Scale []float32 `json:"scale,omitempty"`
	Zero  []int32   `json:"zero,omitempty"` // one per scale; nil where all are zero
	// one integer per element, also below 8 bits (uint8 formats are stored as
	// their bits)
	Q      []int8    `json:"-"`
	Float  []float32 `json:"-"`
	Origin string    `json:"origin,omitempty"` // where the scales come from
}

// Bias is int32 with Scale[o] = float32(s_in · s_w[o]) and zero point 0, or
// float if weights or input are not quantized, or weights have blocks: one of Q
// and Float is set.
type Bias struct {
	Q     []int32   `json:"-"`
	Scale []float32 `json:"scale,omitempty"`
	Float []float32 `json:"-"`
}

// Norm is what a layer normalisation does after it has made the channels' mean 0 and
// their variance 1: factors and shifts, one for each channel.
type Norm struct {
	Epsilon float32   `json:"epsilon"` // added to the variance
	Gamma   []float32 `json:"-"`
	Beta    []float32 `json:"-"`
}

// Origin says where a model comes from.
type Origin struct {
	Version string `json:"version"` // of petrify
	Dataset string `json:"dataset"`
	Data    string `json:"data_sha256,omitempty"` // of both splits, as a [Proof] names them
	Seed    uint64 `json:"seed"`
	Method  string `json:"method"` // "qat" or "ptq"
	Epochs  int    `json:"epochs"` // of quantization-aware training
}
