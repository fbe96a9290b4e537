package tflite

import (
	"fmt"
	"math"

	"petrify/fakequant/affine"
	"petrify/quantized"
	"petrify/quantized/tflite/schema"
)

// If TensorFlow Lite has no operator for a function of one number on the given
// grids, the file has a table of its 256 values: CAST and ADD turn a byte into
// an index, and GATHER looks it up. Nothing is computed, so every runtime gives
// what training gave.

// fixedGrid is the grid in the file of a sigmoid's and a softmax's output, or a tanh's.
func fixedGrid(f quantized.Func) (s float32, z int64, ok bool) {
	switch f {
	case quantized.Sigmoid, quantized.Softmax:
		return 1.0 / 256, qmin, true
	case quantized.Tanh:
		return 1.0 / 128, 0, true
	}
	return 0, 0, false
}

// tabulated are the functions that are tables wherever they compute with integers:
// TensorFlow Lite has no operator, or one whose table differs between versions.
var tabulated = map[quantized.Func]bool{quantized.HardSigmoid: true, quantized.SiLU: true, quantized.GELU: true,
	quantized.ELU: true, quantized.Softplus: true, quantized.Clip: true}

// looksUp reports whether a function of integers on the grid x ends in a table:
// TensorFlow Lite has no operator for it, its output is on another grid than the
// operator requires, or the kernels do not accept the quotients of the scales.
func looksUp(n *quantized.Node, x quantized.Quant) bool {
	y := quantOf(n.Output.Quant)
	if s, z, ok := fixedGrid(n.Func); ok {
		return y.Scale[0] != s || y.Zero[0] != z
	}
	quotient, least := x.Scale/n.Output.Quant.Scale, float32(1.0/256)
	far := quotient < least || quotient >= 128
	if n.Func == quantized.LeakyReLU {
		down := float32(math.Abs(float64(quotient * n.Slope)))
		far = far || down < least || down >= 128
	}
	return far || tabulated[n.Func]
}

// function writes a function as its operator, or as a table.
func (w *writer) function(l *layer) {
	switch {
	case !l.integers || !looksUp(l.Node, l.x.Quant):
		functions[l.Func](w, l)
	case l.Func == quantized.Softmax:
		w.softmaxElsewhere(l)
	default:
		w.lookup(l.Name, l.in[0], tableOf(l.x.Quant, l.y.Quant, l.Function()), l.out)
	}
}

func (w *writer) softmax(l *layer) {
	w.operator(schema.Softmax, l.version(), l.in, l.out, schema.Attribute{Name: "beta", Float: 1})
}

// softmaxElsewhere is TensorFlow Lite's softmax in steps of 1/256, which a
// table converts to another grid.
func (w *writer) softmaxElsewhere(l *layer) {
	shares := l.Output
	shares.Quant = quantized.Quant{Format: affine.Uint8, Scale: 1.0 / 256}
	own := *l
	own.out = w.integer(l.Name+"/shares", shares)
	w.softmax(&own)
	w.lookup(l.Name, own.out, tableOf(shares.Quant, l.y.Quant, identity), l.out)
}

func identity(x float64) float64 { return x }

// tableOf is a function of each byte of the grid x, in the order of the signed bytes
// in the file: clip(rne(f(r_x)/s_y) + z_y).
func tableOf(x, y quantized.Quant, f func(float64) float64) []byte {
	table := make([]byte, 256)
	for i := range table {
		q := max(int32(i)+qmin-shift(x), x.Format.Min()) // fewer bits are next to 127
		r := f(float64(affine.Dequantize(q, x.Scale, x.Zero)))
		table[i] = byte(affine.Quantize(float32(r), y.Scale, y.Zero, y.Format) + shift(y))
	}
	return table
}

// lookup writes the operators that map the bytes x by a table.
func (w *writer) lookup(name string, x int32, table []byte, y int32) {
	places := schema.Tensor{Name: name + "/signed_places", Type: schema.Int32, Shape: w.file.Graph.Tensors[x].Shape}
	at := w.tensor(places)
	w.operator(schema.Cast, 1, []int32{x}, at, attribute("in_data_type", int(schema.Int8)),
		attribute("out_data_type", int(schema.Int32)))
	places.Name = name + "/places"
	from := w.tensor(places)
	w.operator(schema.Add, 1, []int32{at, w.int32s(name+"/first", -qmin)}, from, fused(quantized.Identity))
	values := w.constant(schema.Tensor{Name: name + "/table", Type: schema.Int8, Shape: []int32{int32(len(table))},
		Quant: w.file.Graph.Tensors[y].Quant}, table)
	w.operator(schema.Gather, 2, []int32{values, from}, y)
}

// concat joins the channels of its inputs, after converting them to its own
// grid.
func (w *writer) concat(l *layer) {
	w.operator(schema.Concatenation, l.version(), w.converted(l), l.out, attribute("axis", len(l.Output.Shape)))
}

// choose is the greater or the less of its inputs, after converting them to its own grid.
func (w *writer) choose(l *layer) {
	code := schema.Maximum
	if l.Op == quantized.Min {
		code = schema.Minimum
	}
	w.operator(code, l.version(), w.converted(l), l.out)
}

// converted are the inputs of a layer on its output's grid.
func (w *writer) converted(l *layer) (in []int32) {
	in = append(in, l.in...)
	for i, input := range l.Inputs {
		if x := w.values[input]; l.integers && !same(x.Quant, l.y.Quant) {
			name, a := fmt.Sprintf("%s/input%d", l.Name, i), x.Activation
			a.Quant = l.y.Quant
			in[i] = w.like(name, a, w.file.Graph.Tensors[x.tensor].Shape)
			w.lookup(name, x.tensor, tableOf(x.Quant, a.Quant, identity), in[i])
		}
	}
	return in
}
