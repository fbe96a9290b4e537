// Package repair chooses the integers of weights, and the biases, of a network that
// is quantized after training, so that its layers compute what the float network's do.
//
// A layer is described by a [Problem]: its weights, their grid, and the moments of
// its inputs. x is what the layer gets in the float network and x̂ what it gets in the
// quantized one, in which the layers before it have been repaired. A row of weights
// w should then be replaced by integers q for which
//
//	E[(w·x − s·(q − z)·x̂)²]
//
// is small. Where a bias is free to absorb it, the mean of that error does not count,
// and the moments are about the mean; [Bias] sets the bias to it.
//
// The package works on slices and knows no network: package graph gathers the
// moments, layer after layer, and computes the gradients by which [Relaxed] weights of
// several layers are rounded together.
//
// Sources: M. Nagel, M. van Baalen, T. Blankevoort and M. Welling, "Data-Free
// Quantization Through Weight Equalization and Bias Correction", ICCV 2019; E. Frantar,
// S. Ashkboos, T. Hoefler and D. Alistarh, "GPTQ: Accurate Post-Training Quantization
// for Generative Pre-trained Transformers", ICLR 2023; M. Nagel, R. A. Amjad, M. van
// Baalen, C. Louizos and T. Blankevoort, "Up or Down? Adaptive Rounding for
// Post-Training Quantization", ICML 2020.
package repair
