package schema

import "fmt"

// Type is the type of a tensor's elements.
type Type int8

// The types that petrify writes.
const (
	Float32 Type = 0
	Int32   Type = 2
	Int8    Type = 9
	Int4    Type = 17 // two in a byte, the first in the low half
)

// String is the type's name in the schema, such as "INT8".
func (t Type) String() string {
	switch t {
	case Float32:
		return "FLOAT32"
	case Int32:
		return "INT32"
	case Int8:
		return "INT8"
	case Int4:
		return "INT4"
	}
	return fmt.Sprintf("Type(%d)", int8(t))
}

// Code is what an operator computes.
type Code int32

// The operators that petrify writes.
const (
	Add             Code = 0
	AveragePool2D   Code = 1
	Concatenation   Code = 2
	Conv2D          Code = 3
	DepthwiseConv2D Code = 4
	Dequantize      Code = 6
	FullyConnected  Code = 9
	Logistic        Code = 14
	MaxPool2D       Code = 17
	Mul             Code = 18
	ReLU            Code = 19
	ReLU6           Code = 21
	Reshape         Code = 22
	Softmax         Code = 25
	Tanh            Code = 28
	Pad             Code = 34
	Gather          Code = 36
	Transpose       Code = 39
	Mean            Code = 40
	Sub             Code = 41
	Exp             Code = 47
	Cast            Code = 53
	Maximum         Code = 55
	Minimum         Code = 57
	Neg             Code = 59
	PadV2           Code = 60
	Slice           Code = 65
	Log             Code = 73
	ResizeNearest   Code = 97
	LeakyReLU       Code = 98
	Abs             Code = 101
	ELU             Code = 111
	Quantize        Code = 114
	HardSwish       Code = 117
	GELU            Code = 150
)

// Values of the attribute "padding".
const (
	Same  = 0
	Valid = 1
)

// Values of the attribute "fused_activation_function".
const (
	NoActivation    = 0
	ReLUActivation  = 1
	ReLU6Activation = 3
)

// String is the operator's name in the schema, such as "CONV_2D".
func (c Code) String() string {
	if k, ok := kindOf(c); ok {
		return k.name
	}
	return fmt.Sprintf("Code(%d)", int32(c))
}

// kind describes an operator: its name, and the table of its options.
type kind struct {
	code    Code
	name    string
	options uint8 // type of the table in the union BuiltinOptions; 0: none
	slots   []slot
}

// slot is one field of a table; its place in the list is its number.
type slot struct {
	name string
	form form
}

// form is how a field's value is written.
type form uint8

const (
	byteForm form = iota // also of booleans and enumerations
	intForm
	floatForm
	intsForm
)

// fused is the field that most operators have.
var fused = slot{"fused_activation_function", byteForm}

// kindOf finds an operator.
func kindOf(c Code) (k kind, ok bool) {
	for _, k := range kinds {
		if k.code == c {
			return k, true
		}
	}
	return kind{}, false
}

// kinds are the operators of schema.fbs that petrify writes.
var kinds = []kind{
	{Add, "ADD", 11, []slot{fused}},
	{AveragePool2D, "AVERAGE_POOL_2D", 5, pool},
	{Concatenation, "CONCATENATION", 10, []slot{{"axis", intForm}, fused}},
	{Conv2D, "CONV_2D", 1, []slot{{"padding", byteForm}, {"stride_w", intForm}, {"stride_h", intForm}, fused,
		{"dilation_w_factor", intForm}, {"dilation_h_factor", intForm}}},
	{DepthwiseConv2D, "DEPTHWISE_CONV_2D", 2, []slot{{"padding", byteForm}, {"stride_w", intForm},
		{"stride_h", intForm},
		{"depth_multiplier", intForm}, fused, {"dilation_w_factor", intForm}, {"dilation_h_factor", intForm}}},
	{Dequantize, "DEQUANTIZE", 38, nil},
	{FullyConnected, "FULLY_CONNECTED", 8, []slot{fused, {"weights_format", byteForm}, {"keep_num_dims", byteForm}}},
	{Logistic, "LOGISTIC", 0, nil},
	{MaxPool2D, "MAX_POOL_2D", 5, pool},
	{Mul, "MUL", 21, []slot{fused}},
	{ReLU, "RELU", 0, nil},
	{ReLU6, "RELU6", 0, nil},
	{Reshape, "RESHAPE", 17, []slot{{"new_shape", intsForm}}},
	{Softmax, "SOFTMAX", 9, []slot{{"beta", floatForm}}},
	{Tanh, "TANH", 0, nil},
	{Pad, "PAD", 22, nil},
	{Gather, "GATHER", 23, nil},
	{Cast, "CAST", 37, []slot{{"in_data_type", byteForm}, {"out_data_type", byteForm}}},
	{Slice, "SLICE", 48, nil},
	{Transpose, "TRANSPOSE", 26, nil},
	{Sub, "SUB", 28, []slot{fused}},
	{Mean, "MEAN", 27, []slot{{"keep_dims", byteForm}}},
	{Maximum, "MAXIMUM", 39, nil},
	{Minimum, "MINIMUM", 39, nil},
	{PadV2, "PADV2", 43, nil},
	{ResizeNearest, "RESIZE_NEAREST_NEIGHBOR", 74, []slot{{"align_corners", byteForm},
		{"half_pixel_centers", byteForm}}},
	{LeakyReLU, "LEAKY_RELU", 75, []slot{{"alpha", floatForm}}},
	{Quantize, "QUANTIZE", 89, nil},
	{HardSwish, "HARD_SWISH", 91, nil},
	{Exp, "EXP", 33, nil},
	{Neg, "NEG", 42, nil},
	{Log, "LOG", 0, nil},
	{Abs, "ABS", 78, nil},
	{ELU, "ELU", 0, nil},
	{GELU, "GELU", 0, nil},
}

var pool = []slot{{"padding", byteForm}, {"stride_w", intForm}, {"stride_h", intForm},
	{"filter_width", intForm}, {"filter_height", intForm}, fused}
