package graph

import (
	"errors"
	"fmt"
	"regexp"

	"petrify/fakequant"
	"petrify/fakequant/affine"
)

// Quantization says which quantizer each tensor of a network gets. The zero
// value leaves everything float.
//
// The scheme of a layer is that of the first rule in Names whose pattern
// matches the layer's whole name, else that of its kind in Kinds, else
// Default: the precedence of Core ML Tools. A nil scheme leaves the layer
// float.
type Quantization struct {
	Default *fakequant.Scheme
	Kinds   map[Kind]*fakequant.Scheme
	Names   []NameRule

	// EdgeBits, if not 0, is the number of bits for the network's input, the
	// weights of its first and last layer, the last layer's input and its
	// output, whatever the scheme says; 8 is the custom where the rest has
	// fewer (Esser et al., “Learned Step Size Quantization”, ICLR 2020,
	// section 2.3).
	EdgeBits int

	// FloatOutput leaves the network's output unquantized.
	FloatOutput bool
}

// NameRule gives a scheme to the layers of matching name.
type NameRule struct {
	Pattern string // a regular expression for the whole name
	Scheme  *fakequant.Scheme
}

// Uniform quantizes every layer by one scheme.
func Uniform(s fakequant.Scheme) Quantization { return Quantization{Default: &s} }

// Validate lists everything that is wrong with the quantization of a network.
func (q Quantization) Validate() error {
	var errs []error
	check := func(where string, s *fakequant.Scheme) {
		if s == nil {
			return
		}
		faults := []error{s.Weights.Validate(), s.Activations.Validate()}
		if bits := max(s.Weights.Format.Bits, s.Activations.Format.Bits); bits > 8 {
			faults = append(faults, fmt.Errorf("graph: %d bits: want at most 8, which every runtime's integer kernels have", bits))
		}
		if s.Activations.Granularity != (affine.Granularity{}) {
			faults = append(faults, fmt.Errorf("graph: granularity %v of activations: want one scale for the tensor", s.Activations.Granularity))
		}
		if err := errors.Join(faults...); err != nil {
			errs = append(errs, fmt.Errorf("graph: quantization of %s: %w", where, err))
		}
	}
	check("every layer", q.Default)
	for _, k := range Kinds() {
		check(k.String()+" layers", q.Kinds[k])
	}
	for _, r := range q.Names {
		if _, err := regexp.Compile(r.Pattern); err != nil {
			errs = append(errs, fmt.Errorf("graph: quantization of layers named %q: %w", r.Pattern, err))
		}
		check(fmt.Sprintf("layers named %q", r.Pattern), r.Scheme)
	}
	if q.EdgeBits != 0 {
		if q.EdgeBits < 2 || q.EdgeBits > 8 {
			errs = append(errs, fmt.Errorf("graph: edge bits %d: want 2 to 8, or 0", q.EdgeBits))
		}
	}
	return errors.Join(errs...)
}

// scheme is that of a unit; nil leaves it float.
func (q Quantization) scheme(u *unit) *fakequant.Scheme {
	for _, r := range q.Names {
		if regexp.MustCompile(`^(?:` + r.Pattern + `)$`).MatchString(u.name()) {
			return r.Scheme
		}
	}
	if s, ok := q.Kinds[u.layer.Kind]; ok {
		return s
	}
	return q.Default
}

// placement is the quantizers' configurations around one unit.
type placement struct{ weights, output fakequant.Config }

// place decides the configurations for the network's input and for each
// unit. An activation is quantized where the layer that makes it or the layer
// that takes it asks for quantized activations; units that only move elements
// keep the scale of their input.
func (q Quantization) place(units []*unit) (input fakequant.Config, places []placement) {
	places = make([]placement, len(units))
	consumer := fakequant.Config{} // what the units behind ask of their input
	first, last := edges(units)
	for i := len(units) - 1; i >= 0; i-- {
		u := units[i]
		if u.keeps() {
			continue
		}
		scheme := q.scheme(u)
		if scheme == nil {
			scheme = &fakequant.Scheme{}
		}
		output := scheme.Activations
		if output.Format.IsFloat() {
			output = consumer
		}
		if u.last && q.FloatOutput {
			output = fakequant.Config{}
		}
		consumer = scheme.Activations
		if u.layer.weighted() {
			places[i].weights = scheme.Weights
		}
		places[i].output = activation(output, u.relu)
		if i == first || i == last {
			places[i].weights = q.edge(places[i].weights)
		}
		if i == last || feeds(units, i, last) {
			places[i].output = q.edge(places[i].output)
		}
	}
	return q.edge(activation(consumer, false)), places
}

// edges are the places of the first and the last unit with weights.
func edges(units []*unit) (first, last int) {
	first, last = -1, -1
	for i, u := range units {
		if u.layer.weighted() {
			if first < 0 {
				first = i
			}
			last = i
		}
	}
	return first, last
}

// feeds reports whether unit i's output is unit last's input.
func feeds(units []*unit, i, last int) bool {
	i++
	for i < last && units[i].keeps() {
		i++
	}
	return i == last
}

// edge widens the format to EdgeBits.
func (q Quantization) edge(c fakequant.Config) fakequant.Config {
	if q.EdgeBits != 0 && !c.Format.IsFloat() {
		c.Format.Bits = q.EdgeBits
	}
	return c
}

// activation fits an activation's configuration to its sign, as Core ML Tools
// does: symmetric activations are unsigned behind a ReLU and signed elsewhere,
// affine ones unsigned always, with a zero point.
func activation(c fakequant.Config, relu bool) fakequant.Config {
	if relu || c.Scheme == affine.Affine {
		return c.NonNegative()
	}
	return c
}
