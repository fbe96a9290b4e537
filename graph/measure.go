package graph

import (
	"fmt"
	"math"
	"slices"
)

// Measure computes the metrics of the model's outputs y, N × C·H·W, such as
// those of an engine that runs the frozen model: x is the inputs, N H W C, and
// labels are −1 for samples that only fill the batch.
func (m *Model) Measure(y, x []float32, labels []int32) (Metrics, error) {
	n, pixels := len(labels), m.in.H*m.in.W
	if len(y) != n*m.Classes() || len(x) != n*m.in.Size() {
		return Metrics{}, fmt.Errorf("graph: %d outputs of %d numbers for %d labels: want %d and %d",
			len(y), len(x), n, n*m.Classes(), n*m.in.Size())
	}
	if m.network.Loss == MeanSquare && pixels > 1 && m.in.C > 1 {
		moved := slices.Clone(x)
		for i := range n {
			from, to := i*m.in.Size(), (i+1)*m.in.Size()
			transpose(moved[from:to], x[from:to], 1, pixels, m.in.C)
		}
		x = moved
	}
	loss, correct := m.network.Loss.of(nil, y, x, labels)
	if math.IsNaN(loss) || math.IsInf(loss, 0) {
		return Metrics{}, fmt.Errorf("graph: the loss is %w", ErrNotFinite)
	}
	return Metrics{Loss: loss, Correct: correct, Count: counted(labels)}, nil
}
