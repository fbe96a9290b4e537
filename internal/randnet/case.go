package randnet

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"

	"petrify/fakequant"
	"petrify/fakequant/affine"
	"petrify/graph"
	"petrify/observers"
)

// Case is a network and its quantization.
type Case struct {
	Network      graph.Network
	Input        graph.Shape
	Quantization graph.Quantization
}

// Draw draws a case.
func Draw(rng *rand.Rand, o Options) Case {
	var c Case
	c.Network, c.Input = Network(rng, o)
	c.Quantization = Quantization(rng, c.Network, c.Input)
	return c
}

// Model makes the model of a case.
func (c Case) Model(rng *rand.Rand) (*graph.Model, error) {
	return graph.New(c.Network, c.Input, c.Quantization, rng)
}

// String lists the layers, then the rest.
func (c Case) String() string {
	var b strings.Builder
	for _, l := range c.Network.Layers {
		fmt.Fprintf(&b, "\t%+v\n", l)
	}
	fmt.Fprintf(&b, "\tinput %v, %v\n", c.Input, c.Network.Loss)
	text, err := json.Marshal(c.Quantization)
	if err != nil {
		panic(err) // no field of it can fail
	}
	fmt.Fprintf(&b, "\t%s\n", text)
	return b.String()
}

// Shrink makes c smaller while it still fails, until nothing more can go, so
// that the failing case is small enough to read.
func Shrink[T fmt.Stringer](c T, smaller func(T) []T, fails func(T) bool) T {
	for {
		fewer := slices.DeleteFunc(smaller(c), func(d T) bool { return d.String() == c.String() })
		i := slices.IndexFunc(fewer, fails)
		if i < 0 {
			return c
		}
		c = fewer[i]
	}
}

// Smaller lists the cases with one layer or one setting less. Not all of them
// are valid.
func (c Case) Smaller() (all []Case) {
	for i := range c.Network.Layers {
		all = append(all, c.without(i))
	}
	for _, clear := range []func(*graph.Quantization){
		func(q *graph.Quantization) { q.Names = nil },
		func(q *graph.Quantization) { q.Kinds = nil },
		func(q *graph.Quantization) { q.EdgeBits = 0 },
		func(q *graph.Quantization) { q.FloatOutput = true },
		func(q *graph.Quantization) { q.Folding = graph.FoldRunning },
	} {
		d := c
		clear(&d.Quantization)
		all = append(all, d)
	}
	if c.Quantization.Default != nil {
		for _, s := range simpler(*c.Quantization.Default) {
			d := c
			d.Quantization.Default = &s
			all = append(all, d)
		}
	}
	return all
}

// without leaves out layer i: its readers read its first input instead.
func (c Case) without(i int) Case {
	name, from := c.Network.Layers[i].Name, source(c.Network.Layers, i)
	var layers []graph.Layer
	for j, l := range c.Network.Layers {
		if j == i {
			continue
		}
		if len(l.From) == 0 {
			l.From = []string{source(c.Network.Layers, j)}
		}
		l.From = slices.Clone(l.From)
		for k := range l.From {
			if l.From[k] == name {
				l.From[k] = from
			}
		}
		layers = append(layers, l)
	}
	c.Network.Layers = layers
	return c
}

// source is the first input of layer i.
func source(layers []graph.Layer, i int) string {
	switch {
	case len(layers[i].From) > 0:
		return layers[i].From[0]
	case i > 0:
		return layers[i-1].Name
	}
	return graph.InputName
}

// simpler lists the schemes that have one setting less.
func simpler(s fakequant.Scheme) (all []fakequant.Scheme) {
	for _, clear := range []func(*fakequant.Config){
		func(c *fakequant.Config) { *c = fakequant.Config{} },
		func(c *fakequant.Config) { c.Method, c.LRFactor, c.Decay, c.Seed = fakequant.STE, 0, 0, 0 },
		func(c *fakequant.Config) { c.Observer = observers.Config{} },
		func(c *fakequant.Config) { c.Scheme, c.Format.Unsigned = affine.Symmetric, false },
		func(c *fakequant.Config) { c.Dialect = affine.Default },
		func(c *fakequant.Config) { c.Rounding = affine.HalfEven },
		func(c *fakequant.Config) { c.Ramp = fakequant.Ramp{} },
		func(c *fakequant.Config) { c.Granularity = affine.Granularity{} },
		func(c *fakequant.Config) { c.LRFactor = 0 },
		func(c *fakequant.Config) { c.Decay = 0 },
	} {
		w, a := s, s
		clear(&w.Weights)
		clear(&a.Activations)
		all = append(all, w, a)
	}
	return all
}
