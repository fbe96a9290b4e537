package graph

import "slices"

// Switches say what training steps do in a layer.
type Switches struct {
	Observe         bool // observers follow the ranges
	Quantize        bool // fake-quant nodes round; else they pass on what they get
	BatchNormFrozen bool // batch norm uses its running statistics, which stay
}

// Domain is what the rule of one layer determines, and so what [Model.Switch]
// switches for it.
type Domain struct {
	Layer     string
	Rule      Rule
	Tensors   []string // whose quantizers have the configuration of the rule's scheme, by the names of [Placement]
	Learns    bool     // one of these quantizers learns
	BatchNorm bool     // the layer has a batch norm
}

// Domains lists the layers that have something to switch, in their order.
//
// A layer's weights and batch norm are its own. A grid of activations, which
// several layers may share, belongs to one of them: to the layer whose rule
// configures the quantizer. That is the layer that computes the activation, if
// its scheme quantizes activations, or else the first that reads it and whose
// scheme does. So the network's input belongs to the layer after it. For a
// concatenation it is the first of the layers that compute the parts, in the
// order of concatenation; pools, flatten and the like ask for nothing.
func (m *Model) Domains() (all []Domain) {
	tensors, learns := map[string][]string{}, map[string]bool{}
	for _, p := range m.Placements() {
		tensors[p.Layer] = append(tensors[p.Layer], p.Tensor)
	}
	for q := range m.learned {
		learns[m.owner[q].name()] = true
	}
	for _, u := range m.units {
		name := u.name()
		d := Domain{Layer: name, Rule: u.rule, Tensors: tensors[name], Learns: learns[name], BatchNorm: u.norm != nil}
		if d.BatchNorm || len(d.Tensors) > 0 {
			all = append(all, d)
		}
	}
	return all
}

// Follows reports whether a rule holds for any layer.
func (m *Model) Follows(r Rule) bool {
	return slices.ContainsFunc(m.units, func(u *unit) bool { return u.rule == r })
}

// Switch sets the switches of each layer; [Model.Domains] says what they
// affect. Evaluation and freezing quantize whatever the switches say. Observers
// of tensors with frozen weights stay off, see [Model.FreezeOscillating]; those
// of the weights of batch norms that are units of their own stay on, see
// [BatchNorm].
func (m *Model) Switch(of func(layer string) Switches) {
	for _, q := range m.quantizers() {
		s := of(m.owner[q].name())
		q.SetObserving(s.Observe)
		q.SetEnabled(s.Quantize)
	}
	m.restHeld()
	m.followAlone()
	for _, u := range m.units {
		if u.norm != nil {
			u.norm.frozen = of(u.name()).BatchNormFrozen
		}
	}
}

// SetObservers switches whether training steps move the observers' ranges, in
// all layers. The exceptions are those of [Model.Switch].
func (m *Model) SetObservers(on bool) {
	for _, q := range m.quantizers() {
		q.SetObserving(on)
	}
	m.restHeld()
	m.followAlone()
}

// restHeld switches off the observers of tensors with frozen weights.
func (m *Model) restHeld() {
	for u, o := range m.oscillations {
		if o.held > 0 {
			u.weights.SetObserving(false)
		}
	}
}

// FollowObservers updates the parameters that quantizers learn with what their
// observers have seen. Quantizers that round do so by themselves; call it
// before reading the others, for example to average them.
func (m *Model) FollowObservers() {
	for q := range m.learned {
		q.Learned() // which brings them up to date
	}
}

// SetFakeQuant switches whether training steps quantize, in all layers.
func (m *Model) SetFakeQuant(on bool) {
	for _, q := range m.quantizers() {
		q.SetEnabled(on)
	}
}

// FreezeBatchNorm switches, in all layers, whether training steps normalise
// with the running statistics and keep them, instead of using the batch's.
func (m *Model) FreezeBatchNorm(on bool) {
	for _, u := range m.units {
		if u.norm != nil {
			u.norm.frozen = on
		}
	}
}
