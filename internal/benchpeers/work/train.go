package work

import (
	"math"
	"math/rand/v2"

	"petrify/graph"
	"petrify/internal/benchpeers/turns"
	"petrify/internal/kernel"
)

// learningRate is small, so that the network does not learn the few random
// batches by heart: vanishing gradients would be denormal numbers, with which
// processors are slow. All sides use it.
const learningRate = 1e-5

// batches is how many random batches a side cycles through.
const batches = 8

// Train takes one training step: forward, backward, Adam. A unit is an image.
func Train(network string, batch int, quantized bool) (turns.Work, error) {
	m, err := model(network)
	if err != nil {
		return nil, err
	}
	t, err := m.Trainer(batch, quantized)
	if err != nil {
		return nil, err
	}
	rng := rand.New(rand.NewPCG(3, 4))
	var x [batches][]float32
	var labels [batches][]int32
	for i := range batches {
		x[i], labels[i] = normal(rng, batch*m.Input().Size()), classes(rng, batch, m.Classes())
	}
	optimizer, step := newAdam(m.Params()), 0
	return func() (float64, error) {
		i := step % batches
		step++
		if _, err := t.Step(x[i], labels[i]); err != nil {
			return 0, err
		}
		optimizer.update()
		return float64(batch), nil
	}, nil
}

func classes(rng *rand.Rand, n, classes int) []int32 {
	labels := make([]int32, n)
	for i := range labels {
		labels[i] = rng.Int32N(int32(classes))
	}
	return labels
}

// adam updates the parameters as package train does.
type adam struct {
	params []*graph.Param
	m, v   [][]float32
	steps  float64
}

func newAdam(params []*graph.Param) *adam {
	a := &adam{params: params}
	for _, p := range params {
		a.m = append(a.m, make([]float32, len(p.Value)))
		a.v = append(a.v, make([]float32, len(p.Value)))
	}
	return a
}

func (a *adam) update() {
	a.steps++
	for i, p := range a.params {
		kernel.Adam(p.Value, a.m[i], a.v[i], p.Grad, kernel.AdamStep{
			LR: learningRate, Beta1: 0.9, Beta2: 0.999, Eps: 1e-8,
			Correction1: float32(1 - math.Pow(0.9, a.steps)), Correction2: float32(1 - math.Pow(0.999, a.steps)),
		})
	}
}
