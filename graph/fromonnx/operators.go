package fromonnx

import "petrify/internal/onnxeval"

// operators is the table of the operators that can be imported: what each makes
// of its inputs. An operator that is not here is refused by name.
var operators map[string]func(v *visit) (*signal, error)

// It is filled in by init, because functions of it read it.
func init() {
	operators = map[string]func(v *visit) (*signal, error){
		"Conv":               conv,
		"ConvTranspose":      convTranspose,
		"Gemm":               gemm,
		"MatMul":             matMul,
		"BatchNormalization": batchNorm,
		"LayerNormalization": layerNormalization,

		"Relu": relu, "Clip": clipped, "LeakyRelu": leakyRelu, "PRelu": prelu,
		"Sigmoid": function, "Tanh": function, "HardSwish": function, "HardSigmoid": hardSigmoid,
		"Softmax": softmax, "Softplus": function, "Elu": elu, "Gelu": geluWhole, "Erf": erf,

		"MaxPool": maxPool, "AveragePool": averagePool,
		"GlobalAveragePool": global, "GlobalMaxPool": global,
		"ReduceMean": reduce, "ReduceSum": reduce, "ReduceMax": reduce,

		"Add": sum, "Sub": difference, "Mul": times, "Div": quotient, "Neg": negative, "Sum": sum,
		"Pow": power,
		"Max": bound, "Min": bound,
		"Concat": concat,
		"Pad":    pad,
		"Resize": resize, "Upsample": resize,

		"Flatten": reshape, "Reshape": reshape, "Squeeze": reshape, "Unsqueeze": reshape,
		"Transpose": transpose,
		"Slice":     pick, "Split": pick, "Gather": pick, "Expand": whole,
		"Identity": nothing, "Dropout": nothing, "Cast": cast, "CastLike": cast,

		"ai.onnx.ml.Scaler": scaler,
	}
}

// advice says what would help with an operator that cannot be imported.
func advice(n *onnxeval.Node) string {
	switch n.Op {
	case "LSTM", "GRU", "RNN":
		return "petrify has no recurrent layers; a convolution over time often does the work"
	case "If", "Loop", "Scan":
		return "export the network with fixed shapes, so that its graph has no branches and loops"
	case "QuantizeLinear", "DequantizeLinear", "QLinearConv", "QLinearMatMul", "ConvInteger", "MatMulInteger":
		return "export the float network: petrify quantizes it itself"
	case "Erf", "Sqrt", "Exp", "Log", "Reciprocal":
		return "as part of GELU, layer norm, softmax, sigmoid and SiLU it is imported"
	case "Attention", "MultiHeadAttention", "Einsum":
		return "attention of MatMul, Softmax and MatMul is imported, as PyTorch exports it up to opset 22"
	case "Selu", "Celu", "Softsign", "Mish", "ThresholdedRelu":
		return "Relu, LeakyRelu, Elu, HardSwish, Sigmoid, Softplus, Tanh, SiLU and GELU are imported"
	case "InstanceNormalization", "GroupNormalization", "LRN", "LpNormalization":
		return "batch norm and layer norm are imported"
	}
	if n.Domain != "" {
		return "export with the standard's own operators, such as opset 13 of ai.onnx"
	}
	return ""
}
