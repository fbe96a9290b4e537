package coreml

import (
	"fmt"

	"petrify/fakequant/affine"
	"petrify/quantized"
)

// need is the lowest target that has everything the model uses, with the layer
// and the feature that require it.
func need(m *quantized.Model) (t Target, layer, feature string) {
	t = IOS16
	raise := func(to Target, by, what string) {
		if to > t {
			t, layer, feature = to, by, what
		}
	}
	activation := func(a *quantized.Activation, by string) {
		if !a.Quant.Format.IsFloat() {
			raise(IOS17, by, fmt.Sprintf("%v activations", a.Quant.Format))
		}
	}
	activation(&m.Input.Activation, m.Input.Name)
	for i := range m.Nodes {
		n := &m.Nodes[i]
		activation(&n.Output, n.Name)
		if n.Weights == nil || n.Weights.Q == nil {
			continue
		}
		if n.Weights.Format.Bits <= 4 {
			raise(IOS18, n.Name, fmt.Sprintf("%v weights", n.Weights.Format))
		}
		if n.Weights.Block > 0 {
			raise(IOS18, n.Name, fmt.Sprintf("weights with a scale per block of %d", n.Weights.Block))
		}
	}
	return t, layer, feature
}

// choose is the target to write for.
func choose(asked Target, m *quantized.Model) (Target, error) {
	lowest, layer, feature := need(m)
	switch {
	case asked == Lowest:
		return lowest, nil
	case asked < lowest:
		return 0, fmt.Errorf("coreml: layer %q: %s need %v, the target is %v: the lowest target that fits the "+
			"model is %v",
			layer, feature, lowest, asked, lowest)
	}
	return asked, nil
}

// container is the format that weights of format f are stored in: 4 or 8 bits.
func container(f affine.Format) affine.Format {
	bits := 8
	if f.Bits <= 4 {
		bits = 4
	}
	return affine.Format{Bits: bits, Unsigned: f.Unsigned}
}
