package coreml

import (
	"fmt"
	"slices"

	"petrify/fakequant/affine"
	"petrify/quantized"
	"petrify/quantized/coreml/mil"
)

// Write writes the model as the folder dir, whose name customarily ends in
// .mlpackage. The package appears whole or not at all. It replaces an older
// package of that name, but nothing else. Equal models and options give equal
// bytes.
func Write(dir string, m *quantized.Model, o Options) error {
	p, err := Translate(m, o)
	if err != nil {
		return err
	}
	if err := p.Write(dir); err != nil {
		return fmt.Errorf("coreml: %w", err)
	}
	return nil
}

// Translate returns the package that [Write] writes.
func Translate(m *quantized.Model, o Options) (*mil.Package, error) {
	b, err := translate(m, o)
	if err != nil {
		return nil, err
	}
	return b.pkg, nil
}

func translate(m *quantized.Model, o Options) (*builder, error) {
	if err := o.Validate(); err != nil {
		return nil, err
	}
	if err := validate(m); err != nil {
		return nil, err
	}
	target, err := choose(o.Target, m)
	if err != nil {
		return nil, err
	}
	o.Target = target
	if o.WeightsEncoding == Unsigned && !anyWeights(m, func(f affine.Format) bool { return !f.Unsigned }) {
		return nil, fmt.Errorf("coreml: weights encoding %v: the model has no signed integer weights",
			o.WeightsEncoding)
	}
	if o.WeightsEncoding == Palette && !anyWeights(m, func(f affine.Format) bool { return f.Bits <= paletteBits }) {
		return nil, fmt.Errorf("coreml: weights encoding %v: the model has no weights of %d bits or fewer",
			o.WeightsEncoding, paletteBits)
	}
	b := newBuilder(m, o)
	b.input()
	for i := range m.Nodes {
		if b.err != nil {
			return nil, b.err
		}
		b.node(&m.Nodes[i])
	}
	if b.err == nil {
		b.output()
	}
	if b.err != nil {
		return nil, b.err
	}
	if b.pkg.Model.Metadata, err = metadata(m, o); err != nil {
		return nil, err
	}
	if err := b.check(); err != nil {
		return nil, err
	}
	return b, nil
}

// anyWeights reports whether the model has integer weights of such a format.
func anyWeights(m *quantized.Model, such func(affine.Format) bool) bool {
	return slices.ContainsFunc(m.Nodes, func(n quantized.Node) bool {
		return n.Weights != nil && n.Weights.Q != nil && such(n.Weights.Format)
	})
}
