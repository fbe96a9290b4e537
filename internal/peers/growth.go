package main

import (
	"context"
	"fmt"

	"petrify/graph"
)

// growthRow says how time grows with one size of the training step.
type growthRow struct {
	Name  string    `json:"name"`
	Sizes []int     `json:"sizes"`
	Cost  []float64 `json:"cost"` // of a unit of work, the first is 1
}

// growth measures the cost of a unit of work at four sizes each, where a linear
// step costs always the same: an image, and an image's channels².
func growth(ctx context.Context) ([]growthRow, error) {
	base := job{network: "cnn", shape: [3]int{1, 28, 28}, classes: 10, batch: 64, steps: 16, qat: true}
	wide := job{shape: [3]int{1, 16, 16}, classes: 10, batch: 16, steps: 4, qat: true}
	rows := []growthRow{
		{Name: "images", Sizes: []int{1024, 2048, 4096, 8192}},
		{Name: "batch", Sizes: []int{32, 64, 128, 256}},
		{Name: "channels²", Sizes: []int{32, 64, 128, 256}},
	}
	for i := range rows {
		for _, size := range rows[i].Sizes {
			j, work := base, 1.0
			switch i {
			case 0:
				j.steps = size / j.batch
			case 1:
				j.batch, j.steps = size, 2048/size
			default:
				j, work = wide, float64(size*size)
				j.layers = []graph.Layer{graph.Conv2D(size, 1), graph.ReLU(), graph.Conv2D(size, 3).Same(), graph.ReLU(), graph.GlobalAvgPool(), graph.Flatten(), graph.Linear(10)}
			}
			rate, err := best(ctx, j)
			if err != nil {
				return nil, fmt.Errorf("growth with %s: %w", rows[i].Name, err)
			}
			rows[i].Cost = append(rows[i].Cost, 1/(rate*work))
		}
		for k := len(rows[i].Cost) - 1; k >= 0; k-- {
			rows[i].Cost[k] /= rows[i].Cost[0]
		}
	}
	return rows, nil
}

// best is the highest rate of three runs: what disturbs a run only slows it.
func best(ctx context.Context, j job) (rate float64, err error) {
	for range 3 {
		r, err := j.run(ctx)
		if err != nil {
			return 0, err
		}
		rate = max(rate, r)
	}
	return rate, nil
}
