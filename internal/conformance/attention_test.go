package conformance_test

import (
	"maps"
	"math/rand/v2"
	"strings"
	"testing"

	"petrify/internal/conformance"
	"petrify/quantized"
	"petrify/quantized/integer"
	"petrify/quantized/onnx"
	"petrify/quantized/quantizedtest"
	"petrify/quantized/reference"
)

// pointwise is a convolution of one pixel.
func pointwise(b *quantizedtest.Builder, x string, filters int) string {
	return b.Conv(x, filters, quantizedtest.Valid(1, 1), 1, quantized.Identity)
}

// attending add attentions of signals with 8 channels: of a signal to itself, in one head
// and in several; to another of other length; of what is its own query and key; and a
// block of a transformer.
var attending = map[string]func(b *quantizedtest.Builder, f quantized.Func) string{
	"one head": func(b *quantizedtest.Builder, f quantized.Func) string {
		x := b.Input()
		return b.Attend(1, pointwise(b, x, 8), pointwise(b, x, 8), pointwise(b, x, 6), f)
	},
	"four heads": func(b *quantizedtest.Builder, f quantized.Func) string {
		x := b.Input()
		return b.Attend(4, pointwise(b, x, 12), pointwise(b, x, 12), pointwise(b, x, 8), f)
	},
	"to other positions": func(b *quantizedtest.Builder, f quantized.Func) string {
		w := quantizedtest.Valid(1, 2)
		w.Kernel, w.Stride = [2]int{1, 2}, [2]int{1, 2}
		y := b.Conv(b.Input(), 8, w, 1, quantized.ReLU)
		return b.Attend(2, pointwise(b, b.Input(), 8), y, pointwise(b, y, 4), f)
	},
	"to itself": func(b *quantizedtest.Builder, f quantized.Func) string {
		x := pointwise(b, b.Input(), 8)
		return b.Attend(2, x, x, x, f)
	},
	"a block": func(b *quantizedtest.Builder, f quantized.Func) string {
		x := b.Input()
		y := b.LayerNorm(x)
		y = b.Attend(2, pointwise(b, y, 8), pointwise(b, y, 8), pointwise(b, y, 8), f)
		x = b.Add(x, pointwise(b, y, 8), quantized.Identity)
		y = pointwise(b, b.Activate(pointwise(b, b.LayerNorm(x), 16), quantized.GELU), 8)
		return b.Add(x, y, quantized.Identity)
	},
}

// attentions are the models, in a scheme, with softmax and with another function.
func attentions(scheme quantizedtest.Scheme) map[string]*attention {
	all := map[string]*attention{}
	for name, build := range attending {
		for _, f := range []quantized.Func{quantized.Softmax, quantized.ReLU6} {
			b := quantizedtest.New(rand.New(rand.NewPCG(81, 82)), scheme, 8, 1, 6)
			m := b.Model(build(b, f))
			all[name+"/"+f.String()] = &attention{m, b.Inputs(m, 12)}
		}
	}
	return all
}

type attention struct {
	model *quantized.Model
	x     []float32
}

// TestAttentions: in ONNX Runtime, in files of uint8 and of int8, no element differs.
// Where a layer sums floats, the others are near.
func TestAttentions(t *testing.T) {
	all := maps.Clone(schemes)
	maps.Copy(all, floating)
	for schemeName, scheme := range all {
		_, sums := floating[schemeName]
		for name, a := range attentions(scheme) {
			inONNXRuntime(t, schemeName+"/"+name, a.model, a.x, sums, 1e-5)
		}
	}
}

// inONNXRuntime holds a file of uint8 and one of int8 against the definition: no element
// differs, or where floats are summed none by more than a part of the greatest. A softmax
// has no file of int8.
func inONNXRuntime(t *testing.T, name string, m *quantized.Model, x []float32, sums bool, part float64) {
	for mode, o := range map[reference.Mode]onnx.Options{reference.ONNXRuntime: {},
		reference.ONNXRuntimeInt8: {Signed: true}} {
		t.Run(name+"/"+mode.String(), func(t *testing.T) {
			settings := conformance.Settings{Threads: 1}
			if o.Signed {
				settings = signed
			}
			if _, err := o.Encode(m); o.Signed && err != nil && strings.Contains(err.Error(), "softmax") {
				return
			}
			want, y := defined(t, mode, m, x), outputs(t, o, settings, m, x)
			if sums {
				alike(t, want, y, part)
				return
			}
			equal(t, want, y)
		})
	}
}

// TestAttentionsInC: the engine's integers in every requantization, and the definition's
// real numbers.
func TestAttentionsInC(t *testing.T) {
	var p program
	for _, schemeName := range []string{"W8A8", "zero points", "ties"} {
		for name, a := range attentions(schemes[schemeName]) {
			how := requantizations
			if name != "four heads/softmax" && name != "to other positions/relu6" {
				how = how[len(p.names)%3:][:1]
			}
			p.add(schemeName+" "+name, a.model, byteInputs(rand.New(rand.NewPCG(3, 4)), a.model, 5), how...)
		}
	}
	p.check(t, plain)
	var reals program
	var inputs [][]float32
	for _, schemeName := range []string{"weight-only", "float output"} {
		for name, a := range attentions(floating[schemeName]) {
			reals.add(schemeName+" "+name, a.model, nil, integer.Float32)
			inputs = append(inputs, a.x)
		}
	}
	reals.checkReals(t, conformance.Toolchain{Flags: gnu}, inputs)
}
