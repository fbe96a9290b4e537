package graph

import (
	"fmt"

	"gorgonia.org/gorgonia"

	"petrify/internal/kernel"
	"petrify/internal/node"
)

// lossOp is the state of a loss's node.
type lossOp struct {
	labels  []int32 // set before each run; −1 marks a row that only fills the batch
	loss    float64
	correct int
	dy      []float32 // the gradient with respect to the network's output
	custom  LossFunc  // in place of cross-entropy; nil: none
}

// LossFunc computes a loss of the network's outputs y, N × K, against the
// labels, −1 for rows that only fill the batch. It writes the gradient of the
// loss with respect to y to dy, all of it, and returns the loss and the number
// of rows whose greatest output is their label's.
type LossFunc func(dy, y []float32, labels []int32) (loss float64, correct int)

// SetLoss makes the trainer's steps minimise f in place of the cross-entropy;
// nil goes back to that.
func (t *Trainer) SetLoss(f LossFunc) { t.loss.custom = f }

// add adds the loss of the network's output, of which input is the input.
func (op *lossOp) add(kind Loss, y, input *gorgonia.Node) (*gorgonia.Node, error) {
	op.labels = make([]int32, y.Shape()[0])
	op.dy = make([]float32, y.Shape().TotalSize())
	if kind == MeanSquare {
		return op.meanSquare(y, input)
	}
	return op.crossEntropy(y)
}

// crossEntropy adds softmax cross-entropy, the mean over the rows that have a
// label:
//
//	L = −1/N · Σₙ log softmax(x[n])[label[n]]        dx = (softmax(x) − onehot)/N
func (op *lossOp) crossEntropy(logits *gorgonia.Node) (*gorgonia.Node, error) {
	n, classes := logits.Shape()[0], logits.Shape()[1]
	return op.node(func(in [][]float32) {
		if op.custom != nil {
			op.loss, op.correct = op.custom(op.dy, in[0], op.labels)
			return
		}
		op.loss, op.correct = kernel.SoftmaxCrossEntropy(op.dy, in[0], op.labels, n, classes)
	}, logits)
}

// meanSquare adds the mean square of y − x over the elements of the rows that
// have a label, where x is the network's input:
//
//	L = 1/(N·F) · Σ (y − x)²        dy = 2·(y − x)/(N·F)
func (op *lossOp) meanSquare(y, x *gorgonia.Node) (*gorgonia.Node, error) {
	x, err := flatten("target", x)
	if err != nil {
		return nil, err
	}
	f := y.Shape()[1]
	if x.Shape()[1] != f {
		return nil, fmt.Errorf("graph: mean_square compares the output with the input: %d and %d elements", f, x.Shape()[1])
	}
	return op.node(func(in [][]float32) {
		scale := 1 / float64(max(counted(op.labels), 1)*f)
		op.loss = 0
		for i, y := range in[0] {
			d := float64(y) - float64(in[1][i])
			if op.labels[i/f] < 0 {
				d = 0
			}
			op.loss += d * d * scale
			op.dy[i] = float32(2 * d * scale)
		}
	}, y, x)
}

// node adds the loss's node: run computes op.loss and op.dy.
func (op *lossOp) node(run func(in [][]float32), inputs ...*gorgonia.Node) (*gorgonia.Node, error) {
	constant := []int{1}[:len(inputs)-1]
	return node.Apply(node.Spec{
		Name:  "loss",
		Const: constant,
		Run: func(y []float32, in [][]float32) error {
			run(in)
			y[0] = float32(op.loss)
			return nil
		},
		Grad: func(in gorgonia.Nodes, y, dy *gorgonia.Node) (gorgonia.Nodes, error) {
			dx, err := node.Apply(node.Spec{
				Name:  "dloss",
				Shape: in[0].Shape(),
				Run: func(dx []float32, args [][]float32) error {
					for i, d := range op.dy {
						dx[i] = args[0][0] * d
					}
					return nil
				},
			}, dy, y) // y is there for the order: it makes op.dy
			return append(gorgonia.Nodes{dx}, make(gorgonia.Nodes, len(in)-1)...), err
		},
	}, inputs...)
}
