package train

import (
	"math/rand/v2"

	"petrify/datasets"
	"petrify/graph"
)

// teacher is the float network that a QAT stage learns from. It is a separate
// model, because the student's weights move.
type teacher struct {
	model     *graph.Model
	evaluator *graph.Evaluator
}

// newTeacher makes a teacher from the present weights of the run's model.
func newTeacher(r *run) (*teacher, error) {
	fresh := rand.New(rand.NewPCG(0, 0)) // its values are overwritten
	m, err := graph.New(r.Network, r.input(), graph.Quantization{}, fresh)
	if err != nil {
		return nil, err
	}
	if err := take(floatState(m), floatState(r.model)); err != nil {
		return nil, err
	}
	e, err := m.Evaluator(r.Batch, false)
	return &teacher{m, e}, err
}

// logits returns the teacher's outputs for a batch, until the next call.
func (t *teacher) logits(b datasets.Batch) ([]float32, error) {
	_, err := t.evaluator.Run(b.X, b.Labels)
	return t.evaluator.Logits(), err
}
