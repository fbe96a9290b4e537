package analysis

import (
	"context"
	"fmt"

	"petrify/datasets"
	"petrify/graph"
	"petrify/quantized"
	"petrify/quantized/integer"
)

// Mixed is the network with the given bits by tensor, and 8 for the others, rounded to
// nearest. It says of itself what a model of the run does, so that its exports are as long.
func (s *Study) Mixed(bits map[string]int) (*quantized.Model, error) {
	of := map[string]*graph.Model{}
	for tensor, b := range bits {
		of[tensor] = s.models[b]
	}
	m, err := s.base().Mix(of)
	if err != nil {
		return nil, fmt.Errorf("analysis: %w", err)
	}
	s.Config.Describe(m, s.checksum)
	return m, nil
}

// Measure measures a network of the same data on the images of the analysis.
func (s *Study) Measure(ctx context.Context, m *quantized.Model) (Measure, error) {
	engine, err := integer.New(m, integer.Options{})
	if err != nil {
		return Measure{}, fmt.Errorf("analysis: %w", err)
	}
	sum := s.measurer()
	y := make([]float32, s.block()*engine.OutputSize())
	for b, err := range s.Config.Data.Batches(s.held, datasets.BatchOptions{Size: s.block()}) {
		if err != nil {
			return Measure{}, fmt.Errorf("analysis: %w", err)
		}
		if ctx.Err() != nil {
			return Measure{}, context.Cause(ctx)
		}
		b = s.cut(b)
		y := y[:b.N*engine.OutputSize()]
		if err := engine.Run(y, b.X, b.N); err != nil {
			return Measure{}, fmt.Errorf("analysis: %w", err)
		}
		if err := sum.Add(b, y); err != nil {
			return Measure{}, fmt.Errorf("analysis: %w", err)
		}
	}
	return s.found(sum), nil
}

// Model is the network with 8 bits everywhere.
func (s *Study) Model() *graph.Model { return s.base() }

// Held is the images of the analysis.
func (s *Study) Held() *datasets.Split { return s.held }
