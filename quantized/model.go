package quantized

import "petrify/fakequant/affine"

// Model is a frozen network: integers, scales, and what a user of the exported
// file must know. It is plain data; nothing in it moves any more.
//
// Shapes are without the batch: C H W (channels, height, width) for images,
// F (features) for vectors. Weights are laid out as in PyTorch and ONNX:
// O I KH KW for convolutions (I is per group), O F for linear layers.
type Model struct {
	Name    string   // the network's name, such as "cnn"
	Input   Input    // what to feed
	Nodes   []Node   // in topological order
	Output  string   // the name of the activation that is the result
	Classes []string // class names, index = label; empty for regression
	Origin  Origin   // where the model comes from
}

// Input describes what the model is fed: r = (pixel·PixelScale − Mean) / Std
// per channel, then quantized with Activation.Quant.
type Input struct {
	Activation
	PixelScale float32   // 1/255 for images of bytes, 1 for data that is taken as it is
	Mean, Std  []float32 // per channel, measured on the training split
}

// Activation is a tensor that flows from node to node.
type Activation struct {
	Name  string
	Shape []int
	Quant Quant // zero Format: float32
}

// Quant is a frozen per-tensor quantizer, r = Scale·(q − Zero).
type Quant struct {
	Format affine.Format
	Scale  float32
	Zero   int32
	Origin string // where the numbers come from, such as "moving_average_min_max over 1,407 steps"
}

// Op names what a node computes.
type Op uint8

// The operations.
const (
	Conv2D        Op = iota + 1 // Weights, Bias, Window, Dilation, Groups
	Linear                      // Weights, Bias
	MaxPool                     // Window; output quantized as the input
	AvgPool                     // Window
	GlobalAvgPool               // C H W → C 1 1
	Flatten                     // C H W → C·H·W, in that order; output quantized as the input
	Reshape                     // to the output's shape; output quantized as the input
	Add                         // two inputs
	Concat                      // along channels
	Activate                    // Activation function alone: sigmoid, tanh, softmax, hard_swish, leaky_relu …
)

// Func names an activation function.
type Func uint8

// The activation functions. Identity, ReLU and ReLU6 may be fused into
// Conv2D, Linear and Add, where the output's range implies them; the others
// stand in Activate nodes.
const (
	Identity Func = iota
	ReLU
	ReLU6
	LeakyReLU
	HardSwish
	Sigmoid
	Tanh
	Softmax
)

// Node is one layer of the frozen network.
type Node struct {
	Name    string
	Op      Op
	Inputs  []string   // names of activations: the input's or earlier outputs'
	Output  Activation // its name is the node's name
	Func    Func       // fused activation function, or the function of Activate
	Slope   float32    // LeakyReLU's slope for r < 0
	Window  Window     // convolutions and pools
	Groups  int        // convolutions: 1, or C for depthwise
	Weights *Weights   // Conv2D, Linear
	Bias    *Bias      // Conv2D, Linear; nil if there is none
}

// Window is the geometry of a convolution or a pool, as {vertical, horizontal}.
type Window struct {
	Kernel, Stride, Dilation [2]int
	PadBegin, PadEnd         [2]int // zeros before and after; explicit also where the network said "same"
}

// Weights are integers with scales, or floats where the layer was excluded
// from quantization: exactly one of Q and Float is set.
type Weights struct {
	Shape  []int
	Format affine.Format
	Axis   int // the channel axis of Scale; −1: one scale for the tensor
	Block  int // > 0: one scale per Block elements along axis 1, Scale is O × F/Block
	Scale  []float32
	Zero   []int32 // one per scale; nil where all are zero
	Q      []int8  // one integer an element, also below 8 bits (uint8 formats are stored as their bits)
	Float  []float32
	Origin string // where the scales come from
}

// Bias is int32 with Scale[o] = float32(s_in · s_w[o]) and zero point 0, or
// float where weights or input are not quantized: one of Q and Float is set.
type Bias struct {
	Q     []int32
	Scale []float32
	Float []float32
}

// Origin says where a model comes from.
type Origin struct {
	Version string // of petrify
	Dataset string
	Seed    uint64
	Method  string // "qat" or "ptq"
	Epochs  int    // of quantization-aware training
}
