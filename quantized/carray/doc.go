// Package carray writes a frozen model as C for a microcontroller: constants
// and short functions in C99 that need no library, no heap and no operating
// system.
//
//	err := carray.Write("firmware/src", model, carray.Options{Name: "digits"})
//
// # Files
//
// NAME.h says what to feed and what comes out, which model and proof it belongs
// to, and how much flash and RAM it takes. NAME.c holds the constants and
//
//	void NAME_run(uint8_t *out, const uint8_t *in, uint8_t *arena);
//
// which computes in the caller's memory. NAME_test.c feeds eight inputs on the
// target and compares the outputs with petrify's. [Verify] recreates all three
// and names what differs.
//
// # What is computed
//
// The code computes what package integer does, byte for byte. Every activation
// is in unsigned bytes, even with fewer bits; a signed format is shifted up by
// 128 together with its zero point, which represents the same real numbers.
// Images are H W C, as input and output. A layer sums
//
//	a[o] = Σ q_x·q_w − z_x·Σ q_w + q_b[o]
//
// modulo 2³², which is enough as a[o] fits int32. The bias includes the second
// term; taps outside the image take z_x. It rounds once, as [Options] say: with a
// float32 multiplication, the arithmetic of training and of ONNX Runtime, or in
// fixed point for processors without floats. ReLUs are limits of integers;
// other functions of one number, and changes of scale, are tables of 256 bytes.
//
// The float32 arithmetic gives the same results on every IEEE 754 processor,
// and with compilers that fuse multiplications and additions, as products are
// clipped before they are rounded. If a processor's floats or a compiler's flags
// cannot give these results, the file does not compile.
//
// The sum or the difference of two activations is one of integers in every
// arithmetic: a·A + b·B + C, shifted. The export looks for A, B and C that give
// what the engine gives for each pair of bytes; where there are none, it lists the
// pairs that differ.
//
// In the fixed-point modes, the mean of a whole image multiplies by a float32
// as its two integers, without floats. Softmax, layer normalisation and means of
// windows that change the scale need floats; the header says where.
//
// # Memory
//
// Activations that are never alive at the same time share the arena. A function
// of one number, or a sum, overwrites an input that is not read again. The
// first layer reads the caller's input in place, and the last one writes
// directly to the caller's output.
//
// Weights of 1 and 2 bits are packed four to a byte, those of 3 and 4 bits two to
// a byte, unless [Options] say otherwise; others take a byte.
//
// # Real numbers
//
// What the model leaves in float32, and weights with scales for blocks, are
// computed with real numbers as in package reference, to the last bit. Sums of
// products are in double: first the bias, then channel by channel and row by
// row. Products are exact there, so fusing them with the sum changes nothing.
// If any activation is float, the arena is an array of floats. Smooth functions
// of floats, such as a sigmoid, call those of math.h; so do layer normalisations of
// integers.
//
// # Sources
//
// B. Jacob et al., "Quantization and Training of Neural Networks for Efficient
// Integer-Arithmetic-Only Inference", CVPR 2018, sections 2.2 to 2.4: integer
// layers and fixed-point multipliers. S. Boldo and G. Melquiond, "Emulation of
// a FMA and Correctly Rounded Sums: Proved Algorithms Using Rounding to Odd",
// IEEE Transactions on Computers 57(4), 2008, figure 2. ISO/IEC 9899:1999.
package carray
