package agree

import (
	"fmt"
	"slices"

	"petrify/quantized"
	"petrify/quantized/integer"
)

// Checker compares a runtime's activations with a model.
type Checker struct {
	model  *quantized.Model
	layers []*layer
}

// New compiles the layers of a valid model one by one. The options are those of
// the engine whose arithmetic the runtime should have.
func New(m *quantized.Model, o integer.Options) (*Checker, error) {
	c := &Checker{model: m}
	if !m.Input.Quant.IsFloat() {
		c.layers = append(c.layers, &layer{inputs: []string{""}, output: m.Input.Activation})
	}
	for i := range m.Nodes {
		n := &m.Nodes[i]
		c.layers = append(c.layers, &layer{node: n, inputs: n.Inputs, output: n.Output})
	}
	for _, l := range c.layers {
		if err := l.compile(m, o); err != nil {
			return nil, fmt.Errorf("agree: %s: %w", l.output.Name, err)
		}
	}
	return c, nil
}

// Add compares the activations of n inputs: real numbers, C H W, by the names
// of the model's activations, and under the empty name the network's input.
// Float activations that only additions read may be missing.
func (c *Checker) Add(activations map[string][]float32, n int) error {
	values := map[string]reals{"": {r: pixels(activations[""], c.model.Input.Shape, n)}}
	if c.model.Input.Quant.IsFloat() {
		values[c.model.Input.Name] = values[""]
	}
	for _, l := range c.layers {
		in := make([]reals, len(l.inputs))
		for i, name := range l.inputs {
			in[i] = values[name]
		}
		theirs, given := activations[l.output.Name]
		if want := n * elements(l.output.Shape); given && len(theirs) != want {
			return fmt.Errorf("agree: %s: %d elements of %d inputs: want %d", l.output.Name, len(theirs), n, want)
		}
		y, err := l.add(pixels(theirs, l.output.Shape, n), given, in, n)
		if err != nil {
			return fmt.Errorf("agree: %s: %w", l.output.Name, err)
		}
		values[l.output.Name] = y
	}
	return nil
}

// Layers returns the layers in which an element differed, in the model's order.
func (c *Checker) Layers() (differing []quantized.LayerComparison) {
	for _, l := range c.layers {
		if l.tally.Differing > 0 {
			differing = append(differing, l.tally)
		}
	}
	return differing
}

// pixels converts n activations from C H W to H W C.
func pixels(x []float32, shape []int, n int) []float32 {
	if len(shape) != 3 || shape[1]*shape[2] == 1 || shape[0] == 1 || x == nil {
		return x
	}
	channels, area := shape[0], shape[1]*shape[2]
	y := make([]float32, len(x))
	for i := range n {
		from, to := x[i*channels*area:], y[i*channels*area:]
		for k := range channels {
			for p := range area {
				to[p*channels+k] = from[k*area+p]
			}
		}
	}
	return y
}

// activation is one of the model's, by name; the empty name is the unquantized
// input.
func activation(m *quantized.Model, name string) quantized.Activation {
	a, ok := m.Activation(name)
	if !ok {
		a = m.Input.Activation
		a.Name, a.Quant = "", quantized.Quant{}
	}
	return a
}

// unique returns the indices of names without duplicates: a layer may add a
// number to itself.
func unique(names []string) (places []int) {
	for i, name := range names {
		if slices.Index(names, name) == i {
			places = append(places, i)
		}
	}
	return places
}
