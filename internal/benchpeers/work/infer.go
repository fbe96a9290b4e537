package work

import (
	"math/rand/v2"

	"petrify/internal/benchpeers/turns"
	"petrify/quantized"
	"petrify/quantized/integer"
)

// Infer runs a frozen network with integers, a batch at a time; a unit is an
// image.
func Infer(network string, batch int) (turns.Work, error) {
	m, err := Frozen(network)
	if err != nil {
		return nil, err
	}
	e, err := integer.New(m, integer.Options{})
	if err != nil {
		return nil, err
	}
	x := normal(rand.New(rand.NewPCG(7, 8)), batch*e.InputSize())
	y := make([]float32, batch*e.OutputSize())
	return func() (float64, error) { return float64(batch), e.Run(y, x, batch) }, nil
}

// Evaluate runs a network with float32 numbers, a batch at a time; a unit is an
// image.
func Evaluate(network string, batch int) (turns.Work, error) {
	m, err := model(network)
	if err != nil {
		return nil, err
	}
	e, err := m.Evaluator(batch, false)
	if err != nil {
		return nil, err
	}
	rng := rand.New(rand.NewPCG(7, 8))
	x, labels := normal(rng, batch*m.Input().Size()), classes(rng, batch, m.Classes())
	return func() (float64, error) {
		_, err := e.Run(x, labels)
		return float64(batch), err
	}, nil
}

// Frozen is a network after two training steps on noise, so that its ranges are
// those of real activations. It is the same in each process.
func Frozen(network string) (*quantized.Model, error) {
	m, err := model(network)
	if err != nil {
		return nil, err
	}
	const batch = 4
	t, err := m.Trainer(batch, true)
	if err != nil {
		return nil, err
	}
	defer t.Close()
	rng := rand.New(rand.NewPCG(9, 10))
	optimizer := newAdam(m.Params())
	for range 2 {
		if _, err := t.Step(normal(rng, batch*m.Input().Size()), classes(rng, batch, m.Classes())); err != nil {
			return nil, err
		}
		optimizer.update()
	}
	if err := m.Settle(); err != nil {
		return nil, err
	}
	return m.Freeze()
}
