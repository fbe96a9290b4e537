// Package coreml writes a frozen network as a Core ML ML program: an .mlpackage
// folder that Xcode, Core ML and coremltools open like their own.
//
// The actors:
//
//   - [Write] translates a [quantized.Model]; [Options] choose the oldest
//     system that must run it, the precision of arithmetic, and the forms of
//     input and output. - [NewRunner] runs what [Write] writes, by the
//     definitions of its operations. - [Inspect] prints a package's program,
//     scales and sizes as text. - Package mil knows the file format and can run
//     a program.
//
// # What a layer becomes
//
// A quantized tensor is a pair of quantize and dequantize; the layer between
// two pairs is an ordinary operation on dequantized numbers, which the Neural
// Engine fuses into integer arithmetic:
//
//	x → quantize → dequantize → conv(weight = constexpr, bias) → relu → quantize → dequantize → …
//
// Weights stay integers in the file: constexpr_affine_dequantize holds 8-bit
// ones, constexpr_blockwise_shift_scale 4-bit and per-block ones. Formats below
// 8 bits are stored in the next larger type (1 to 3 bits in 4, 5 to 7 in 8),
// which the metadata says; with the option Palette, 1 and 2 bits are indices of
// constexpr_lut_to_dense. An activation of fewer bits, or of a narrow range,
// is clipped to its range before the 8-bit quantize, which gives the same
// integers. Reshapes run on the integers. Biases are floats.
//
// Floats count in powers of two near the scales, by which float16 multiplies and
// divides exactly. In float32, layers with weights sum integers and scale the
// sums. See docs/coreml.md, "The arithmetic".
//
// # What needs which system
//
//	iOS 16, macOS 13   8-bit weights, float activations
//	iOS 17, macOS 14   8-bit activations
//	iOS 18, macOS 15   weights of 4 bits and fewer, scales per block
//
// # Names
//
// Core ML's names match [A-Za-z_][A-Za-z0-9_]*. [EncodeName] maps any name to
// such a name, most of them to themselves, and [DecodeName] maps it back.
//
// # Sources
//
// Apple Inc., Core ML Tools guide, "Quantization overview" and "Quantization
// algorithms" (apple.github.io/coremltools); the op definitions of opsets
// CoreML6 to CoreML8.
package coreml
