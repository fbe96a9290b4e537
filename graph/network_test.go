package graph_test

import (
	"testing"

	"petrify/graph"
)

// A batch norm needs two values in each channel to learn a scale from them.
func TestOneValue(t *testing.T) {
	vectors := graph.Chain(graph.Flatten(), graph.Linear(3), graph.BatchNorm())
	images := graph.Chain(graph.BatchNorm(), graph.Flatten(), graph.Linear(3))
	for _, c := range []struct {
		network graph.Network
		side    int
		batch   int
		want    string
	}{{vectors, 2, 1, "batch_norm_1"}, {vectors, 2, 2, ""}, {images, 1, 1, "batch_norm_1"}, {images, 2, 1, ""}} {
		if got := c.network.OneValue(graph.Shape{C: 2, H: c.side, W: c.side}, c.batch); got != c.want {
			t.Errorf("%+v: %q", c, got)
		}
	}
}
