package graph

import (
	"fmt"

	"petrify/fakequant"
)

// Placement is a quantizer and where its fake-quant nodes are.
type Placement struct {
	Tensor string   // the weight, or the activation that the quantizer is named for
	Shared []string // the other activations on the same grid
	Layer  string   // whose rule gave Config, see [Model.Domains]
	Config fakequant.Config
}

// Placements lists the quantizers in the order of the layers: what
// "petrify inspect --graph" prints.
func (m *Model) Placements() (all []Placement) {
	place := map[*fakequant.Quantizer]int{}
	add := func(q *fakequant.Quantizer, tensor string) {
		if q == nil {
			return
		}
		if i, known := place[q]; known {
			all[i].Shared = append(all[i].Shared, tensor)
			return
		}
		place[q] = len(all)
		all = append(all, Placement{Tensor: tensor, Layer: m.owner[q].name(), Config: q.Config()})
	}
	for _, u := range m.all {
		add(u.weights, u.name()+".weight")
		add(u.output, u.name())
	}
	return all
}

// DOT is the Gorgonia graph of a training step of the given batch size, in
// Graphviz's language.
func (m *Model) DOT(batch int, quantized bool) (string, error) {
	b := newBuilder(m, batch, quantized)
	if _, _, err := b.pass(); err != nil {
		return "", err
	}
	text := b.graph.ToDot()
	if text == "" {
		return "", fmt.Errorf("graph: Gorgonia drew nothing")
	}
	return text, nil
}
