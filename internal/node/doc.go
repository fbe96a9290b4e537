// Package node turns a function on float32 slices into a Gorgonia operator.
//
// Gorgonia's operators are interfaces of ten methods; petrify's are one
// function each. [Apply] bridges the two: it gives the function a node, an
// output buffer that lives as long as the graph (so that a training step
// allocates nothing that grows with the batch), and a gradient. [Share] lets
// outputs lie in the same memory that are not needed at the same time.
//
//	y, err := node.Apply(node.Spec{
//		Name:  "double",
//		Shape: x.Shape(),
//		Run:   func(y []float32, in [][]float32) error { … },
//		Grads: []node.Func{func(dx []float32, in [][]float32) error { … }},
//	}, x)
//
// Two rules of Gorgonia shape the package. Nodes with equal hash and equal
// children are merged, so every operator hashes as its own identity. A scalar
// has another pointer type than a tensor, so both kinds of output exist.
package node
