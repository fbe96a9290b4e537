package onnx

import "petrify/quantized"

// attentionScores multiplies keys, N heads K D/heads, by queries, N heads D/heads Q. The
// factor is part of the scale by which the queries are dequantized.
func (w *writer) attentionScores(n *quantized.Node, in []string, output string) string {
	p := w.headsOf(n)
	queries := p.pair("queries", p.apart("queries_apart", in[0], p.x[0].Shape), p.x[0].Quant, n.Factor)
	if !p.integers {
		queries = w.node("Mul", n.Name+"/scaled", []string{queries, w.floats(n.Name+"/factor", []float32{n.Factor})})
	}
	keys := p.pair("keys", p.apart("keys_apart", in[1], p.x[1].Shape), p.x[1].Quant, 1)
	keys = p.pair("keys_last", w.node("Transpose", n.Name+"/keys_swapped", []string{keys},
		intsAttribute("perm", 0, 1, 3, 2)), p.x[1].Quant, 1)
	y := p.pair("product", w.node("MatMul", n.Name+"/multiplied", []string{keys, queries}), n.Output.Quant, 1)
	return w.node("Transpose", output, []string{y}, intsAttribute("perm", 0, 2, 1, 3))
}

// attentionValues multiplies values, N heads D/heads K, by shares, N heads K Q.
func (w *writer) attentionValues(n *quantized.Node, in []string, output string) string {
	p := w.headsOf(n)
	shares := p.pair("shares", w.node("Transpose", n.Name+"/shares_swapped", in[:1], intsAttribute("perm", 0, 2, 1, 3)),
		p.x[0].Quant, 1)
	values := p.pair("values", p.apart("values_apart", in[1], p.x[1].Shape), p.x[1].Quant, 1)
	y := p.pair("product", w.node("MatMul", n.Name+"/multiplied", []string{values, shares}), n.Output.Quant, 1)
	return w.reshape(n, []string{y}, output)
}

// heads writes the products of two activations in the heads of an attention.
type heads struct {
	*writer
	n        *quantized.Node
	x        [2]quantized.Activation
	count    int
	integers bool // all are quantized
}

func (w *writer) headsOf(n *quantized.Node) *heads {
	p := &heads{writer: w, n: n, count: n.Heads, integers: !n.Output.Quant.IsFloat()}
	for i, name := range n.Inputs {
		p.x[i], _ = w.model.Activation(name)
		p.integers = p.integers && !p.x[i].Quant.IsFloat()
	}
	if n.Op == quantized.AttentionValues {
		p.count = p.x[0].Shape[1]
	}
	return p
}

// apart gives each head its channels: N D 1 T becomes N heads D/heads T.
func (p *heads) apart(name, x string, shape []int) string {
	name = p.n.Name + "/" + name
	to := p.int64s(name+"/shape", -1, int64(p.count), int64(shape[0]/p.count), int64(shape[2]))
	return p.node("Reshape", name, []string{x, to})
}

// pair quantizes x, whose numbers are on a grid, again, so that ONNX Runtime finds the
// integers around each operator, and dequantizes it as numbers that are larger by a
// factor; real numbers stay as they are.
func (p *heads) pair(name, x string, q quantized.Quant, factor float32) string {
	if !p.integers {
		return x
	}
	name = p.n.Name + "/" + name
	c := p.container(q)
	zero := p.integer(name+"/zero", c.t, q.Zero+c.shift)
	scale := p.floats(name+"/scale", []float32{q.Scale})
	x = p.node("QuantizeLinear", name+"/quantized", []string{x, scale, zero})
	if factor != 1 {
		scale = p.floats(name+"/scaled", []float32{q.Scale * factor})
	}
	return p.node("DequantizeLinear", name+"/dequantized", []string{x, scale, zero})
}
