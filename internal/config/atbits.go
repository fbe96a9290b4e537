package config

import (
	"petrify/fakequant"
	"petrify/graph"
)

// AtBits is the quantization with as many bits for every integer, those of the first
// and the last layer included. What is float stays float; methods and formats of two or
// three values give way. Settings that have no effect at those bits are no fault.
func (c *Config) AtBits(bits int) graph.Quantization {
	as := *c
	as.Quantization = c.Quantization.atBits(bits)
	q, _ := as.quantization()
	return q
}

func (q Quantization) atBits(bits int) Quantization {
	q.Global, q.EdgeBits = q.Global.atBits(bits), bits
	each := func(rules []Rule) (all []Rule) {
		for _, r := range rules {
			all = append(all, Rule{r.Pattern, r.Module.atBits(bits)})
		}
		return all
	}
	q.Types, q.Names = each(q.Types), each(q.Names)
	return q
}

func (m *Module) atBits(bits int) *Module {
	if m == nil {
		return nil
	}
	as := *m
	as.WeightBits, as.ActivationBits = bits, bits
	if method, err := fakequant.ParseMethod(m.WeightMethod); err == nil && !method.Traits().Format.IsFloat() {
		as.WeightMethod = ""
	}
	return &as
}
