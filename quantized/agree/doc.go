// Package agree says, layer by layer, whether a runtime computed what a frozen
// model asks for.
//
//	c, err := agree.New(model, integer.Options{})
//	err = c.Add(activations, n) // of n inputs, as the runtime had them
//	layers := c.Layers()
//
// # What is compared
//
// Each layer is computed from the inputs that the runtime itself had, so that a
// difference is counted where it arises and not again in later layers. If every
// layer agrees, so does the whole, by induction.
//
// # What is allowed
//
// No difference is allowed where numbers are quantized: a layer whose inputs,
// weights and output are integers must give exactly these integers, whatever
// its function. The same holds for maxima, sums of two numbers, ReLUs and
// reshapes of real numbers, which round at most once.
//
// Processors do not agree on an order for sums of real products. With u = 2⁻²⁴,
// n products and a bias added in float32, in any order, fused or not, are
// within
//
//	γ·(Σ |x·w| + |b|)        γ = (n+1)·u/(1 − (n+1)·u)
//
// of the exact sum (Higham, section 3.1). So two such sums of the same numbers
// differ by at most e, twice as much. A mean of n numbers is such a sum and a
// quotient: e is 2γ·Σ|x|/n. Where the output is quantized, the runtime's
// integer is one of those that the numbers r − e..r + e round to, and at most
// one step from the engine's. An element may differ only if a tie of the grid
// lies in that interval; these are counted.
//
// Functions of real numbers are approximations in float32: e is 12u·max(1, |y|).
//
// # Sources
//
// N. Higham, "Accuracy and Stability of Numerical Algorithms", second edition,
// SIAM 2002, section 3.1, inequality 3.4 with lemma 3.1.
package agree
