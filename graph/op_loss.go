package graph

import (
	"gorgonia.org/gorgonia"

	"petrify/internal/kernel"
	"petrify/internal/node"
)

// lossOp is softmax cross-entropy, the mean over the rows that have a label:
//
//	L = −1/N · Σₙ log softmax(x[n])[label[n]]        dx = (softmax(x) − onehot)/N
type lossOp struct {
	labels  []int32 // set before each run; −1 marks a row that only fills the batch
	loss    float64
	correct int
	dlogits []float32
}

// crossEntropy adds the loss of the logits N × K.
func crossEntropy(logits *gorgonia.Node, op *lossOp) (*gorgonia.Node, error) {
	n, classes := logits.Shape()[0], logits.Shape()[1]
	op.labels = make([]int32, n)
	op.dlogits = make([]float32, n*classes)
	return node.Apply(node.Spec{
		Name: "loss",
		Run: func(y []float32, in [][]float32) error {
			op.loss, op.correct = kernel.SoftmaxCrossEntropy(op.dlogits, in[0], op.labels, n, classes)
			y[0] = float32(op.loss)
			return nil
		},
		Grad: func(in gorgonia.Nodes, y, dy *gorgonia.Node) (gorgonia.Nodes, error) {
			dx, err := node.Apply(node.Spec{
				Name:  "dloss",
				Shape: in[0].Shape(),
				Run: func(dx []float32, args [][]float32) error {
					for i, d := range op.dlogits {
						dx[i] = args[0][0] * d
					}
					return nil
				},
			}, dy, y) // y is there for the order: it makes dlogits
			return gorgonia.Nodes{dx}, err
		},
	}, logits)
}
