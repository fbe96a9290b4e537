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
	// output, whatever the scheme says; 8 is customary if the rest has fewer
	// (Esser et al., “Learned Step Size Quantization”, ICLR 2020, section 2.3).
	EdgeBits int

	// FloatOutput leaves the network's output unquantized.
	FloatOutput bool

	// Folding is how training folds batch normalisations into weights.
	Folding Folding
}

// NameRule gives a scheme to the layers of matching name.
type NameRule struct {
	Pattern string // a regular expression for the whole name
	Scheme  *fakequant.Scheme
}

// Uniform quantizes every layer with one scheme.
func Uniform(s fakequant.Scheme) Quantization { return Quantization{Default: &s} }

// Validate reports everything that is wrong with the quantization of a network.
func (q Quantization) Validate() error {
	var errs []error
	check := func(where string, s *fakequant.Scheme) {
		if s == nil {
			return
		}
		faults := []error{s.Weights.Validate(), s.Activations.Validate()}
		if g := s.Weights.Granularity; g.Kind == affine.PerChannel && g.Axis != 0 ||
			g.Kind == affine.PerGroup && g.Axis != 1 {
			faults = append(faults,
				fmt.Errorf("graph: granularity %v of weights: want channels along axis 0 or blocks along axis 1", g))
		}
		if m := s.Activations.Method; s.Activations.Validate() == nil && m.Traits().OwnGrid {
			faults = append(faults,
				fmt.Errorf("graph: method %v of activations: no runtime rounds to its values, which are "+
					"for weights", m))
		}
		if s.Activations.Granularity != (affine.Granularity{}) {
			faults = append(faults,
				fmt.Errorf("graph: granularity %v of activations: want one scale for the tensor",
					s.Activations.Granularity))
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
		if r.Pattern == "" {
			errs = append(errs, errors.New("graph: quantization of layers without a name: every layer has one"))
		}
		check(fmt.Sprintf("layers named %q", r.Pattern), r.Scheme)
	}
	if b := q.EdgeBits; b != 0 && (b < affine.MinBits || b > affine.MaxBits) {
		errs = append(errs, fmt.Errorf("graph: edge bits %d: want %d to %d, or 0", b, affine.MinBits, affine.MaxBits))
	}
	if _, err := ParseFolding(q.Folding.String()); err != nil {
		errs = append(errs, err)
	}
	return errors.Join(errs...)
}

// Rule names a rule of a [Quantization]: the one with that pattern in Names, or
// the one for that kind in Kinds. The zero Rule is Default; none has both a
// kind and a pattern.
type Rule struct {
	Kind    Kind
	Pattern string
}

// String is "default", the kind's name, or the pattern in quotes.
func (r Rule) String() string {
	switch {
	case r.Pattern != "":
		return `"` + r.Pattern + `"`
	case r.Kind != 0:
		return r.Kind.String()
	}
	return "default"
}

// Rule is the one that applies to a layer of the given name and kind.
func (q Quantization) Rule(name string, k Kind) Rule {
	for _, r := range q.Names {
		if regexp.MustCompile(`^(?:` + r.Pattern + `)$`).MatchString(name) {
			return Rule{Pattern: r.Pattern}
		}
	}
	if _, ok := q.Kinds[k]; ok {
		return Rule{Kind: k}
	}
	return Rule{}
}

// Scheme is the scheme that a rule gives, nil if it leaves its layers float;
// false if there is no such rule.
func (q Quantization) Scheme(r Rule) (s *fakequant.Scheme, ok bool) {
	switch {
	case r == Rule{}:
		return q.Default, true
	case r.Pattern == "":
		s, ok = q.Kinds[r.Kind]
		return s, ok
	}
	for _, n := range q.Names {
		if r == (Rule{Pattern: n.Pattern}) {
			return n.Scheme, true
		}
	}
	return nil, false
}
