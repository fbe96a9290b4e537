package main

import (
	"bytes"
	"context"
	"io"
	"slices"

	"petrify/quantized"
	"petrify/quantized/agree"
	"petrify/quantized/integer"
	"petrify/quantized/onnx"
)

// atATime is roughly how many activations are compared at a time.
const atATime = 1 << 22

// compareLayers compares all activations of the chosen images and returns the
// layers that differ. It returns none if reading activations changes the
// runtime's outputs, since they then belong to another computation.
func (s *subject) compareLayers(ctx context.Context, x execution, chosen []int) ([]quantized.LayerComparison, error) {
	checker, err := agree.New(s.file, integer.Options{})
	if err != nil {
		return nil, err
	}
	tapped, taps, err := x.tapped(x.file, s.file)
	if err != nil {
		return nil, err
	}
	send := func(w io.Writer) error { return s.send(w, chosen) }
	shipped, err := x.start(ctx, x.file, send)
	if err != nil {
		return nil, err
	}
	defer shipped.stop()
	reading, err := x.start(ctx, tapped, send)
	if err != nil {
		return nil, err
	}
	defer reading.stop()
	for images, err := range s.images(chosen, min(verifyBatch, 1+atATime/elements(taps))) {
		if err != nil {
			return nil, err
		}
		activations, same, err := s.activations(shipped, reading, taps, len(images.indices))
		if err != nil || !same {
			return nil, err
		}
		activations[""] = planar(images.x, s.data.Shape)
		if err := checker.Add(activations, len(images.indices)); err != nil {
			return nil, err
		}
	}
	if err := shipped.end(); err != nil {
		return nil, err
	}
	return checker.Layers(), reading.end()
}

// activations reads the activations of n images, by name, and reports whether
// the outputs are the same with and without reading them.
func (s *subject) activations(shipped, reading *process, taps []onnx.Tap, n int) (
	all map[string][]float32, same bool, err error,
) {
	all = map[string][]float32{}
	size := 4 * outputSize(s.file)
	for range n {
		y, err := shipped.read(size)
		if err != nil {
			return nil, false, err
		}
		again, err := reading.read(size)
		if err != nil || len(again) < size || !bytes.Equal(y, again) {
			return nil, false, err
		}
		output := floats(again)
		for _, t := range taps {
			raw, err := reading.read(t.Bytes())
			if err != nil || len(raw) < t.Bytes() {
				return nil, false, err
			}
			all[t.Name] = append(all[t.Name], t.Reals(raw)...)
		}
		if out := s.file.Output; !slices.ContainsFunc(taps, func(t onnx.Tap) bool { return t.Name == out }) {
			all[out] = append(all[out], output...)
		}
	}
	return all, true, nil
}

// outputSize is the number of elements of a model's output.
func outputSize(m *quantized.Model) int {
	out, _ := m.Activation(m.Output)
	n := 1
	for _, d := range out.Shape {
		n *= d
	}
	return n
}

// elements are those of all taps of one image.
func elements(taps []onnx.Tap) (n int) {
	for _, t := range taps {
		n += t.Bytes() // at least
	}
	return n
}
