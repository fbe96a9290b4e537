package fromonnx

import (
	"fmt"
	"slices"

	"petrify/internal/onnxeval"
)

// perChannel gives a constant that is broadcast over the value a number for
// each channel of the layer's output.
func (m *mapping) perChannel(s *signal, c *onnxeval.Tensor) ([]float64, error) {
	if c.S != nil {
		return nil, refuse("", "a constant of strings")
	}
	if _, vector := m.source(s.layer); !vector && len(s.shape) == 2 && c.Size() > 1 {
		if _, err := m.vector(s); err != nil {
			return nil, err
		}
	}
	out, _ := m.source(s.layer)
	return m.spread(s, c, out.H*out.W)
}

// perPosition is why a constant has no number for each channel.
type perPosition struct{ refused }

// spread gives a constant that is broadcast over the value one number for each plane of the
// layer's output; plane is its number of elements.
func (m *mapping) spread(s *signal, c *onnxeval.Tensor, plane int) ([]float64, error) {
	out, _ := m.source(s.layer)
	all := make([]float64, out.Size()/plane)
	numbers := c.Numbers()
	if i := slices.IndexFunc(numbers, func(v float64) bool { return v-v != 0 }); i >= 0 {
		return nil, refuse("", "element %d of a constant is %v", i, numbers[i])
	}
	if len(numbers) == 1 {
		for i := range all {
			all[i] = numbers[0]
		}
		return all, nil
	}
	if wide, err := onnxeval.Broadcast(s.shape, c.Shape); err != nil || !slices.Equal(wide, s.shape) {
		return nil, refuse("", "a constant of shape %v for a value of shape %v", c.Shape, s.shape)
	}
	if s.shape[0] > 1 && len(c.Shape) == len(s.shape) && c.Shape[0] > 1 {
		return nil, refuse("", "a constant of shape %v with a number for each input of a batch", c.Shape)
	}
	seen := make([]bool, len(all))
	steps := broadcastSteps(c.Shape, s.shape)
	index := make([]int, len(s.shape))
	for i := range s.size() {
		from := offset(index, steps)
		at := s.at(i) / plane
		if seen[at] && all[at] != numbers[from] {
			const why = "a constant of shape %v with a number for each position, not for each channel"
			return nil, perPosition{refused{fmt.Sprintf(why, c.Shape), ""}}
		}
		all[at], seen[at] = numbers[from], true
		advance(index, s.shape)
	}
	return all, nil
}

// broadcastSteps are the steps by which a constant is read along the axes of a
// wider shape.
func broadcastSteps(shape, wide []int) []int {
	steps, step := make([]int, len(wide)), 1
	for i := len(shape) - 1; i >= 0; i-- {
		if shape[i] > 1 {
			steps[len(wide)-len(shape)+i] = step
		}
		step *= shape[i]
	}
	return steps
}
