package main

import (
	"slices"
	"time"

	"petrify/quantized"
	"petrify/quantized/integer"
)

// latency names the respect that is measured on this machine, in nanoseconds.
const latency = "latency"

// times are those of a network for one input, on one processor.
type times struct {
	nodes []time.Duration // the least of each node
	whole time.Duration   // the least of all nodes together
}

// sum is that of the nodes: the additive model.
func (t times) sum() (sum time.Duration) {
	for _, n := range t.nodes {
		sum += n
	}
	return sum
}

// A network is timed on as many inputs as fit into the time, but some at least. Differences
// below a share of a node's time are taken for noise.
const (
	clockLasts = 50 * time.Millisecond
	clockLeast = 10
	clockNoise = 0.1
)

// clock times networks on inputs of zeros, whose time is that of any others, in turn. What
// disturbs a measurement only makes it longer: so the least counts.
func clock(models ...*quantized.Model) ([]times, error) {
	engines, all := make([]*integer.Engine, len(models)), make([]times, len(models))
	for i, m := range models {
		var err error
		if engines[i], err = integer.New(m, integer.Options{}); err != nil {
			return nil, err
		}
	}
	begun := time.Now()
	for round := 0; round < clockLeast || time.Since(begun) < clockLasts; round++ {
		for i, e := range engines {
			one := times{nodes: make([]time.Duration, len(models[i].Nodes))}
			if err := e.Times(one.nodes, make([]float32, e.InputSize())); err != nil {
				return nil, err
			}
			if one.whole = one.sum(); round == 0 {
				all[i] = one
			}
			all[i].whole = min(all[i].whole, one.whole)
			for n, d := range one.nodes {
				all[i].nodes[n] = min(all[i].nodes[n], d)
			}
		}
	}
	return all, nil
}

// slower is by how many nanoseconds the nodes of a network are slower whose bits differ from
// those of the network with 8 bits everywhere.
func (s *seeker) slower(m *quantized.Model) (sum int64, err error) {
	t, err := s.clock(s.whole, m)
	if err != nil {
		return 0, err
	}
	for i, before := range t[0].nodes {
		d := t[1].nodes[i] - before
		if !sameBits(s.whole, m, i) && float64(max(d, -d)) > clockNoise*float64(before) {
			sum += d.Nanoseconds()
		}
	}
	return sum, nil
}

// sameBits reports whether node i of two networks that differ in bits only has the same ones.
func sameBits(a, b *quantized.Model, i int) bool {
	bits := func(m *quantized.Model) (all []int) {
		n := &m.Nodes[i]
		for _, in := range n.Inputs {
			act, _ := m.Activation(in)
			all = append(all, act.Quant.Format.Bits)
		}
		if n.Weights != nil {
			all = append(all, n.Weights.Format.Bits)
		}
		return append(all, n.Output.Quant.Format.Bits)
	}
	return slices.Equal(bits(a), bits(b))
}
