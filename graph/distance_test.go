package graph_test

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"petrify/fakequant"
	"petrify/graph"
	"petrify/quantized"
)

// TestDistanceIsThatOfATrainingStep counts by hand, in a network without batch
// norm: there, a step with observers on computes with the ranges that it leaves.
func TestDistanceIsThatOfATrainingStep(t *testing.T) {
	const batch = 16
	network, err := graph.Builtin("lenet5", 10)
	if err != nil {
		t.Fatal(err)
	}
	rng, in := rand.New(rand.NewPCG(3, 4)), graph.Shape{C: 1, H: 28, W: 28}
	m := stepped(t, network, in, graph.Uniform(fakequant.Bits(3)))
	m.SetObservers(true)
	m.SetFakeQuant(true)
	trainer, err := m.WholeTrainer(batch, true)
	if err != nil {
		t.Fatal(err)
	}
	defer trainer.Close()
	x, labels := images(rng, batch, in), make([]int32, batch)
	if _, err := trainer.Step(x, labels); err != nil {
		t.Fatal(err)
	}
	model, err := m.Freeze()
	if err != nil {
		t.Fatal(err)
	}
	differing, count, steps := 0, len(x), 0
	shipped := activations(t, model, x, batch)
	for _, n := range model.Nodes {
		if n.Op == quantized.MaxPool || n.Op == quantized.Flatten {
			continue
		}
		y := shipped[n.Name]
		for i, v := range trainer.Output(n.Name) {
			if d := int(math.Round(math.Abs(float64(v-y[i])) / float64(n.Output.Quant.Scale))); d > 0 {
				differing, steps = differing+1, max(steps, d)
			}
			count++
		}
	}
	trained, outputs := greatest(trainer.Output(model.Output), batch), greatest(shipped[model.Output], batch)
	correct := -batch
	for i := range labels {
		labels[i] = int32(trained[i])
		if outputs[i] == trained[i] {
			correct++
		}
	}
	d, err := m.Distance(batch)
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	want := graph.Difference{Share: float64(differing) / float64(count), Steps: steps,
		Correct: correct}
	if got, err := d.Compare(x, labels); err != nil || got != want || got.Steps == 0 || got.Correct == 0 {
		t.Errorf("%+v, %v: want %+v, which is not 0", got, err, want)
	}
	m.SetObservers(false)
	m.FreezeBatchNorm(true)
	if got, err := d.Compare(x, labels); err != nil || got != (graph.Difference{}) {
		t.Errorf("at rest: %+v, %v: want none", got, err)
	}
}

// greatest is the place of each row's greatest number.
func greatest(y []float32, rows int) (places []int) {
	for row := range slices.Chunk(y, len(y)/rows) {
		places = append(places, slices.Index(row, slices.Max(row)))
	}
	return places
}
