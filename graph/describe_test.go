package graph_test

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"petrify/fakequant"
	"petrify/graph"
)

func TestDOTNamesTheNodes(t *testing.T) {
	m := trained(t, graph.Uniform(fakequant.Int8()))
	text, err := m.DOT(1, true)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"digraph", "conv1.weight", "fc2"} {
		if !strings.Contains(text, want) {
			t.Errorf("no %q in the drawing", want)
		}
	}
}

func ExampleModel_Placements() {
	network := graph.Chain(
		graph.Conv2D(8, 3).Same().Named("a"), graph.ReLU().Named("a_relu"),
		graph.Conv2D(8, 3).Same().Named("b"),
		graph.Add("a_relu", "b").Named("sum"), graph.MaxPool(2).Named("pool"),
		graph.Flatten().Named("flat"), graph.Linear(10).Named("fc"))
	m, err := graph.New(network, graph.Shape{C: 1, H: 8, W: 8}, graph.Uniform(fakequant.Int8()),
		rand.New(rand.NewPCG(1, 2)))
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, p := range m.Placements() {
		fmt.Println(p.Tensor, p.Config.Format, p.Shared)
	}
	// Output:
	// input int8 []
	// a.weight int8_narrow []
	// a uint8 []
	// b.weight int8_narrow []
	// b int8 []
	// sum int8 [pool flat]
	// fc.weight int8_narrow []
	// fc int8 []
}
