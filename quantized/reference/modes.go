package reference

import (
	"fmt"

	"petrify/quantized"
)

// Mode names the runtime that rounds as the definition does.
type Mode uint8

// The modes.
const (
	ONNXRuntime     Mode = iota // on x86-64
	ONNXRuntimeInt8             // on x86-64, in sessions with kernels for int8
	XNNPACK                     // TensorFlow Lite with XNNPACK
	XNNPACKInt4                 // the same, of files with weights two to a byte
	Gemmlowp                    // fixed point, rounded twice: TensorFlow Lite's reference kernels, CMSIS-NN
	Single                      // fixed point, rounded once: the same with single rounding
	CoreML                      // ML programs in float32: see coreml.go
	CoreMLFloat16               // ML programs in float16
)

// rules are the operations in which the modes differ. A whole number that they
// return is q_y − z_y before it is clipped.
type rules struct {
	name      string
	rescale   rescaleRule
	packed    rescaleRule // of convolutions with windows whose weights are two to a byte
	sum       sumRule
	product   productRule                                 // of two activations; nil: rescale
	mean      meanRule                                    // of a window
	meanImage meanRule                                    // of an image
	share     func(d []float64, sx, sy float32) []float64 // of a softmax
	functions map[quantized.Func]fixedFunction            // that are not computed with real numbers
	program   program                                     // computes it all with real numbers; nil: the above do

	realDifference bool // a difference is of real numbers
}

type (
	rescaleRule   func(a int64, sx, sw, sy float32) float64
	sumRule       func(a, b, y quantized.Quant, sign int64) func(qa, qb int64) float64
	productRule   func(product int64, a, b, y quantized.Quant) float64
	meanRule      func(l *layer, window seen) float64
	fixedFunction func(n *quantized.Node, d int64, sx, sy float32) float64
)

var modes = [...]rules{
	ONNXRuntime: {"onnxruntime", rescale, rescale, sumFused(asUnsigned), productShifted(asUnsigned),
		meanOfReals(asUnsigned), meanOfImage,
		shareONNXRuntime, nil, nil, true},
	ONNXRuntimeInt8: {"onnxruntime-int8", rescale, rescale, sumFused(asSigned), productShifted(asSigned),
		meanOfReals(asSigned), meanOfImage,
		shareONNXRuntime, nil, nil, true},
	XNNPACK: {"xnnpack", rescale, rescale, sumXNNPACK, nil, meanOfIntegers(topAt127, meanOfReals(asUnsigned)),
		meanOfImage,
		shareTFLite, fixedFunctions, nil, false},
	XNNPACKInt4: {"xnnpack-int4", rescale, rescaleFixed(once), sumXNNPACK, nil,
		meanOfIntegers(topAt127, meanOfReals(asUnsigned)), meanOfImage, shareTFLite, fixedFunctions, nil, false},
	Gemmlowp: {"gemmlowp", rescaleFixed(twice), rescaleFixed(twice), sumFixed(twice), nil,
		meanOfIntegers(asSigned, meanOfReals(asUnsigned)), meanOfIntegers(asSigned, meanOfImage), shareONNXRuntime,
		nil, nil, false},
	Single: {"single", rescaleFixed(once), rescaleFixed(once), sumFixed(once), nil,
		meanOfIntegers(asSigned, meanOfReals(asUnsigned)), meanOfIntegers(asSigned, meanOfImage), shareONNXRuntime,
		nil, nil, false},
	CoreML:        {name: "coreml-float32", program: toFloat32},
	CoreMLFloat16: {name: "coreml-float16", program: toFloat16},
}

// Modes lists those that compute with integers: all but Core ML's.
func Modes() []Mode {
	return []Mode{ONNXRuntime, ONNXRuntimeInt8, XNNPACK, XNNPACKInt4, Gemmlowp, Single}
}

// String is the mode's name, such as "xnnpack".
func (m Mode) String() string {
	if int(m) >= len(modes) {
		return fmt.Sprintf("Mode(%d)", uint8(m))
	}
	return modes[m].name
}

// check returns an error if there is no such mode.
func (m Mode) check() error {
	if int(m) < len(modes) {
		return nil
	}
	return fmt.Errorf("reference: %v: want one of %v, %v, %v", m, Modes(), CoreML, CoreMLFloat16)
}

// offset is what a file adds to an activation's integers, and to its zero point.
type offset func(q quantized.Quant) int64

// asUnsigned is the offset of files of uint8.
func asUnsigned(q quantized.Quant) int64 {
	if q.Format.Unsigned {
		return 0
	}
	return half
}

// asSigned is the offset of files of int8.
func asSigned(q quantized.Quant) int64 { return asUnsigned(q) - half }

// topAt127 is the offset of .tflite files: the greatest integer is 127, however
// few the bits.
func topAt127(q quantized.Quant) int64 { return 127 - int64(q.Format.Max()) }

// half is the shift between int8 and uint8.
const half = 128
