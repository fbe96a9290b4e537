package main

import (
	"context"
	"errors"
	"fmt"

	"petrify/quantized"
	"petrify/quantized/integer"
	"petrify/quantized/reference"
)

// sampled is how many images of the test split a proof also computes by the
// definition, in plain loops.
const sampled = 8

// sample chooses a number of images of the test split, evenly spread.
func (s *subject) sample(number int) []int {
	n := s.data.Test.Len()
	number = min(number, n)
	chosen := make([]int, number)
	for i := range chosen {
		chosen[i] = i * n / number
	}
	return chosen
}

// compareDefinition compares every activation of the engine with the
// definition, layer by layer, for the chosen images; nil: for all. Each layer
// of the definition reads the engine's activations, so that a difference is
// counted where it begins.
func (s *subject) compareDefinition(ctx context.Context, chosen []int) (quantized.Comparison, error) {
	c := quantized.Comparison{A: theEngine, B: theDefinition, Samples: len(chosen)}
	layers, err := layersOf(s.file)
	if err != nil {
		return c, err
	}
	for images, err := range s.images(chosen, 1) {
		if err != nil {
			return c, err
		}
		if ctx.Err() != nil {
			return c, context.Cause(ctx)
		}
		made, err := s.made(layers, images.x)
		if err != nil {
			return c, err
		}
		input := planar(images.x, s.data.Shape)
		values := map[string]*reference.Tensor{s.file.Input.Name: reference.Of(s.file.Input.Activation, input)}
		for i := range s.file.Nodes {
			n := &s.file.Nodes[i]
			want, err := reference.Layer(n, reference.ONNXRuntime, values)
			if err != nil {
				return c, err
			}
			y := planar(made[n.Name], imageOf(n.Output.Shape))
			c.Add(y, allowed(want, y))
			values[n.Name] = reference.Of(n.Output, y)
		}
	}
	return c, nil
}

// made returns the engine's activations for one image, H W C.
func (s *subject) made(layers []*integer.Layer, x []float32) (map[string][]float32, error) {
	all := map[string][]float32{s.file.Input.Name: x}
	for i := range s.file.Nodes {
		n := &s.file.Nodes[i]
		var in [][]float32
		for _, name := range n.Inputs {
			in = append(in, all[name])
		}
		all[n.Name] = make([]float32, layers[i].OutputSize())
		if err := layers[i].Run(all[n.Name], in, 1); err != nil {
			return nil, err
		}
	}
	return all, nil
}

// proveAll compares all activations of the whole test split with the
// definition.
func (c *command) proveAll(ctx context.Context, s *subject) error {
	all, err := s.compareDefinition(ctx, nil)
	if err != nil {
		return err
	}
	fmt.Fprintf(c.stdout, "%s images, %s activations: %s differ (%s = %s)\n", thousands(int64(s.data.Test.Len())),
		thousands(int64(all.Elements)), thousands(int64(all.Differing)), theEngine, theDefinition)
	if !all.Holds() {
		return errors.New("the engine does not compute what the definition says")
	}
	return nil
}

// allowed is y where the definition allows it, and the definition's number
// elsewhere.
func allowed(want *reference.Tensor, y []float32) []float32 {
	all := make([]float32, len(y))
	for i, v := range y {
		if all[i] = v; !want.Allows(i, v) {
			all[i] = want.Real(i)
		}
	}
	return all
}

// layersOf returns the engine's layers, one for each node.
func layersOf(m *quantized.Model) ([]*integer.Layer, error) {
	layers := make([]*integer.Layer, len(m.Nodes))
	for i, n := range m.Nodes {
		var inputs []quantized.Activation
		for _, name := range n.Inputs {
			a, _ := m.Activation(name)
			inputs = append(inputs, a)
		}
		var err error
		if layers[i], err = integer.NewLayer(m.Nodes[i:i+1], inputs, integer.Options{}); err != nil {
			return nil, err
		}
	}
	return layers, nil
}

// imageOf turns a shape into that of an image; a vector becomes a single pixel.
func imageOf(shape []int) [3]int {
	if len(shape) == 1 {
		return [3]int{shape[0], 1, 1}
	}
	return [3]int(shape)
}
