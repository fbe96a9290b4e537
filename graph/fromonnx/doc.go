// Package fromonnx makes a network of an ONNX file: its layers, its weights,
// and an account of what became of everything else.
//
//	m, err := fromonnx.Read("model.onnx", fromonnx.Options{})
//	m.Network            // layers, for graph.New
//	m.Input, m.Weights   // for train.SetWeights
//
// It goes three steps. The graph is evaluated once, on zeros, so that every
// shape is known and everything that does not depend on the input is a constant
// (trace.go). Then each operator becomes a layer, part of one, or nothing, by
// the function that its row in the table names (operators.go). What is left
// gets names and a place in the list of layers (assemble.go).
//
// A [signal] is what one value of the graph has become: the output of a layer,
// its elements perhaps in another order, perhaps scaled and shifted, perhaps
// with zeros around it that no layer has added yet. So a transposition, a
// constant factor or a Pad costs nothing where the next layer can take it into
// its weights or its padding.
//
// Everything that cannot be imported is reported at once, as [Refusals].
package fromonnx
