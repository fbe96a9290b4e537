package report

import "petrify/quantized"

// Cost is what a layer takes.
type Cost struct {
	Name, Op                              string
	Weights, Scales, Biases, Float, Total int64 // bytes; Scales with zero points
	MACs                                  int64
	Alive                                 int64   // bytes of the activations that exist while it runs
	Time                                  float64 // microseconds; 0: not measured
	OfTotal, OfMACs, OfTime, OfAlive      float64 // in percent: of all, and of the greatest
}

// costs are those of all layers, the input first.
func (r *Run) costs() (all []Cost) {
	size := r.Model.Size()
	alive := alive(r.Model)
	most := int64(1)
	for _, n := range alive {
		most = max(most, n)
	}
	for i, l := range size.Layers {
		c := Cost{Name: l.Name, Op: "input", Weights: l.Weights, Scales: l.Scales + l.Zeros, Biases: l.Biases,
			Float: l.Float, Total: l.Total(), MACs: l.MACs, Alive: alive[i]}
		if i > 0 {
			c.Op = operation(&r.Model.Nodes[i-1])
			if c.Time = r.Times.of(l.Name); c.Time > 0 {
				c.OfTime = 100 * c.Time / r.Times.Total()
			}
		}
		c.OfTotal = percent(l.Total(), size.Total())
		c.OfMACs = percent(l.MACs, size.MACs)
		c.OfAlive = percent(c.Alive, most)
		all = append(all, c)
	}
	return all
}

// alive counts the bytes of the activations that exist while each layer runs: what
// it reads and computes, and what later layers still read. The first is the input's
// own. An activation of integers takes a byte per element, a float one four.
func alive(m *quantized.Model) []int64 {
	last := map[string]int{m.Output: len(m.Nodes)}
	for i, n := range m.Nodes {
		for _, in := range n.Inputs {
			last[in] = max(last[in], i)
		}
	}
	bytes := map[string]int64{m.Input.Name: bytesOf(m.Input.Activation)}
	counts := []int64{bytes[m.Input.Name]}
	for i := range m.Nodes {
		n := &m.Nodes[i]
		bytes[n.Name] = bytesOf(n.Output)
		total := int64(0)
		for name, size := range bytes {
			if last[name] >= i || name == n.Name {
				total += size
			}
		}
		counts = append(counts, total)
		for name := range bytes {
			if last[name] <= i && name != n.Name {
				delete(bytes, name)
			}
		}
	}
	return counts
}

func bytesOf(a quantized.Activation) int64 {
	n := int64(1)
	for _, d := range a.Shape {
		n *= int64(d)
	}
	if a.Quant.IsFloat() {
		return 4 * n
	}
	return n
}

func percent(part, whole int64) float64 {
	if whole == 0 {
		return 0
	}
	return 100 * float64(part) / float64(whole)
}
