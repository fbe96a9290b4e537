package train

import (
	"fmt"

	"petrify/graph"
)

// SetWeights gives a model the weights of a float network, as [ReadWeights]
// returns them. The error lists everything that does not match.
func SetWeights(m *graph.Model, weights []graph.State) error {
	if err := load(m, weights); err != nil {
		return fmt.Errorf("train: %w", err)
	}
	return nil
}
