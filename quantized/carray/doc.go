// Package carray writes a frozen model as C for a microcontroller: constants
// and short functions in C99 that need no library, no heap and no system.
//
//	err := carray.Write("firmware/src", model, carray.Options{Name: "digits"})
//
// # Files
//
// NAME.h says what to feed and what comes out, which model and proof it is of,
// and what it takes in flash and RAM. NAME.c holds the constants and
//
//	void NAME_run(uint8_t *out, const uint8_t *in, uint8_t *arena);
//
// which computes in the caller's memory. NAME_test.c feeds eight inputs on the
// target and compares the outputs with petrify's. [Verify] makes all three
// again and names what differs.
//
// # What is computed
//
// What package integer computes, byte for byte. Every activation is unsigned
// bytes, also of fewer bits; a signed format is shifted up by 128 with its zero
// point, which names the same real numbers. Images are H W C, in and out. A
// layer sums
//
//	a[o] = Σ q_x·q_w − z_x·Σ q_w + q_b[o]
//
// modulo 2³², as a[o] fits int32; where it has no padding, the second term is in
// its bias. It rounds once, as [Options] say: by a float32 product, the arithmetic
// of training and of ONNX Runtime, or in fixed point for processors without
// floats. ReLUs are limits of integers; other functions of one number, and changes
// of scale, are tables of 256 bytes.
//
// The float32 arithmetic is written so that it is the same on every IEEE 754
// processor, and with compilers that fuse products and sums: what is rounded
// is a product that is clipped first; a sum of two activations, for which ONNX
// Runtime fuses, emulates that (see kernels/add_float32.c). Where a processor's
// floats or a compiler's flags cannot give these results, the file does not
// compile.
//
// In the fixed-point modes, the mean of a whole image multiplies by a float32
// as its two integers, without floats. Softmax and means of windows that change
// the scale need floats; the header says where.
//
// # Memory
//
// Activations that never live at the same time share the arena. A function of
// one number, or a sum, takes the place of an input that is read no more. The
// first layer reads the caller's input where it is, the last writes where the
// caller wants the output.
//
// Weights are one byte each, also of fewer bits: to unpack two from a byte
// costs the inner loop more than its multiply-add on processors without
// instructions for it.
//
// # Real numbers
//
// What the model leaves in float32, and weights with a scale a block, are
// computed with real numbers as package reference does, to the last bit. Sums of
// products are in double, from the bias on, channel after channel, row after row:
// products are exact there, so that fusing them with the sum changes nothing. Any
// activation of floats makes the arena one of floats. Sigmoid, tanh and softmax of
// floats call exp and tanh of math.h.
//
// # Sources
//
// B. Jacob et al., "Quantization and Training of Neural Networks for Efficient
// Integer-Arithmetic-Only Inference", CVPR 2018, sections 2.2 to 2.4: integer
// layers and fixed-point multipliers. S. Boldo and G. Melquiond, "Emulation of
// a FMA and Correctly Rounded Sums: Proved Algorithms Using Rounding to Odd",
// IEEE Transactions on Computers 57(4), 2008, figure 2. ISO/IEC 9899:1999.
package carray
