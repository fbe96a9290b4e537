package graph

import (
	"fmt"
	"math"

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
	custom  LossFunc  // in place of the network's loss; nil: none
}

// LossFunc computes a loss of the network's outputs y, N × K, against the
// labels, −1 for rows that only fill the batch. It writes the gradient of the
// loss with respect to y to dy, all of it, and returns the loss and the number
// of rows whose greatest output is their label's.
type LossFunc func(dy, y []float32, labels []int32) (loss float64, correct int)

// SetLoss makes f the loss of the batches instead of the network's own, which nil
// restores. A network whose loss is [Targeted] cannot be trained without.
func (p *pass) SetLoss(f LossFunc) { p.loss.custom = f }

// add adds the loss of the output y of a network with the given input.
func (op *lossOp) add(kind Loss, y, input *gorgonia.Node) (*gorgonia.Node, error) {
	n, outputs := y.Shape()[0], y.Shape()[1]
	op.labels, op.dy = make([]int32, n), make([]float32, n*outputs)
	inputs := gorgonia.Nodes{y}
	if kind == MeanSquare {
		target, err := flatten("target", input)
		if err != nil {
			return nil, err
		}
		if f := target.Shape()[1]; f != outputs {
			return nil, fmt.Errorf("graph: mean_square compares the output with the input: %d and %d elements",
				outputs, f)
		}
		inputs = append(inputs, target)
	}
	return node.Apply(node.Spec{
		Name: "loss",
		Run: func(loss []float32, in [][]float32) error {
			if op.custom != nil {
				op.loss, op.correct = op.custom(op.dy, in[0], op.labels)
			} else {
				op.loss, op.correct = kind.of(op.dy, in[0], optional(in, 1), op.labels)
			}
			if loss[0] = float32(op.loss); !op.finite() {
				return ErrNotFinite // while the layers' values are there, see diagnose
			}
			return nil
		},
		Grads: []node.Func{func(dy []float32, in [][]float32) error {
			for i, d := range op.dy {
				dy[i] = in[0][0] * d
			}
			return nil
		}},
		Reads: [][]int{{0}},
	}, inputs...)
}

// finite reports whether the last loss was.
func (op *lossOp) finite() bool { return !math.IsNaN(op.loss) && !math.IsInf(op.loss, 0) }

// of computes the loss of the outputs y, N × K, and its gradient dy, which may
// be nil; correct is the number of rows whose greatest output is their label's.
//
//	cross_entropy   L = −1/N · Σₙ log softmax(y[n])[label[n]]    dy = (softmax(y) − onehot)/N
//	mean_square     L = 1/(N·K) · Σ (y − x)²                     dy = 2·(y − x)/(N·K)
//	targets         0, since they are not known here
//
// The sums are over the rows that have a label, N of them, and x is the
// network's input in the order C H W, used only by mean_square.
func (l Loss) of(dy, y, x []float32, labels []int32) (loss float64, correct int) {
	k := len(y) / len(labels)
	if l == CrossEntropy {
		return kernel.SoftmaxCrossEntropy(dy, y, labels, len(labels), k)
	}
	if l == Targeted {
		return 0, 0
	}
	scale := 1 / float64(max(counted(labels), 1)*k)
	for i, v := range y {
		d := float64(v) - float64(x[i])
		if labels[i/k] < 0 {
			d = 0
		}
		loss += float64(d * d * scale)
		if dy != nil {
			dy[i] = float32(2 * d * scale)
		}
	}
	return loss, 0
}
