package coreml

import (
	"fmt"
	"math"

	"petrify/quantized"
	"petrify/quantized/coreml/mil"
)

// The outputs of a classifier.
const (
	labelName  = "classLabel"
	scoresName = "classLabel_probs"
)

// input appends what comes before the first layer: cast, normalise, quantize.
func (b *builder) input() {
	in := &b.model.Input
	b.layer = in.Name
	name := EncodeName(in.Name)
	b.pkg.Model.Program.Inputs = []mil.Named{{Name: name, Type: b.shape(mil.Float32, &in.Activation)}}
	b.pkg.Model.Inputs = []mil.Feature{b.inputFeature(name)}
	value, s := name, float64(in.Quant.Scale)
	if b.float != mil.Float32 {
		value = b.emit("cast", b.fresh(name+"_cast"), b.shape(b.float, &in.Activation),
			param{"x", value}, param{"dtype", mil.StringValue(b.float.String())})
	}
	if b.options.Image || b.options.Normalize {
		per := 1.0 // units
		if !in.Quant.IsFloat() {
			s, per = unit(s), unit(s)/s
		}
		value = b.normalise(name, value, per)
	}
	t := &tensor{&in.Activation, value}
	if t.quantized() {
		t.value = b.quantize(name, &in.Activation, value, s)
	}
	b.tensors[in.Name] = t
}

func (b *builder) inputFeature(name string) mil.Feature {
	in := &b.model.Input
	f := mil.Feature{Name: name, Kind: mil.Array, Element: mil.Float32,
		Shape: b.shape(mil.Float32, &in.Activation).Shape}
	switch {
	case b.options.Image:
		if len(in.Shape) != 3 || in.Shape[0] != 1 && in.Shape[0] != 3 {
			b.fail("shape %v as an image: want 1 or 3 channels, height, width", in.Shape)
			return f
		}
		f = mil.Feature{Name: name, Kind: mil.Image, Width: in.Shape[2], Height: in.Shape[1], Color: mil.RGB}
		if in.Shape[0] == 1 {
			f.Color = mil.Gray
		}
		if err := in.CheckImage(); err != nil {
			b.fail("%w", err)
		}
		f.Description = "pixels 0 to 255"
		if in.Raw != nil {
			f.Description = "pixels: " + in.Raw.String()
		}
	case b.options.Normalize:
		f.Description = "raw values" + saying(": ", in.Raw)
	default:
		f.Description = "already normalised: " + normalisation(in) + saying(", with x: ", in.Raw)
	}
	return f
}

// saying is what is known of raw values, after words that introduce it.
func saying(words string, raw *quantized.Raw) string {
	if raw == nil {
		return ""
	}
	return words + raw.String()
}

// normalise appends r = a·x + c with a = PixelScale/Std and c = −Mean/Std, one
// of each per channel, or one for all, in units of which 1 has per.
func (b *builder) normalise(name, value string, per float64) string {
	in := &b.model.Input
	mean, std := in.Mean, in.Std
	if len(std) == 0 {
		mean, std = []float32{0}, []float32{1}
	}
	scale, shift := make([]float64, len(std)), make([]float64, len(std))
	for i := range std {
		scale[i] = per * float64(in.PixelScale) / float64(std[i])
		shift[i] = -per * float64(mean[i]) / float64(std[i])
	}
	shape := make([]int, len(in.Shape)+1)
	for i := range shape {
		shape[i] = 1
	}
	shape[1] = len(std)
	t := b.shape(b.float, &in.Activation)
	a := b.store("normalisation, scale", b.float, shape, scale)
	if same(scale) {
		a = b.scalar("normalisation, scale", scale[0])
	}
	value = b.emit("mul", b.fresh(name+"_scaled"), t, param{"x", value}, param{"y", a})
	return b.emit("add", b.fresh(name+"_normalised"), t, param{"x", value},
		param{"y", b.store("normalisation, shift", b.float, shape, shift)})
}

// output appends what follows the last layer: dequantize, cast, or the
// classifier.
func (b *builder) output() {
	out := b.tensors[b.model.Output]
	b.layer = out.Name
	name := EncodeName(out.Name)
	if b.options.Classifier {
		b.classify(out)
		return
	}
	value := out.value
	if out.quantized() {
		dequantized := name
		if b.float != mil.Float32 {
			dequantized = b.fresh(name + "_r")
		}
		value = b.dequantize(out, dequantized, float64(out.Quant.Scale))
	}
	if b.float != mil.Float32 {
		value = b.emit("cast", name, b.shape(mil.Float32, out.Activation), param{"x", value},
			param{"dtype", mil.StringValue("fp32")})
	}
	if value != name {
		b.fail("the output is %q itself: want a layer that computes", value)
		return
	}
	b.pkg.Model.Outputs = []mil.Feature{{Name: name, Kind: mil.Array, Element: mil.Float32,
		Shape: b.shape(mil.Float32, out.Activation).Shape}}
	b.pkg.Model.Program.Outputs = []string{name}
}

func (b *builder) classify(out *tensor) {
	classes := b.model.Classes
	if len(out.Shape) != 1 || out.Shape[0] != len(classes) {
		b.fail("output of shape %v with %d class names: want one number a class for a classifier", out.Shape,
			len(classes))
		return
	}
	name := EncodeName(out.Name)
	value := b.read(out.Name, float64(out.Quant.Scale))
	if b.producer(out.Name).Func != quantized.Softmax {
		value = b.emit("softmax", b.fresh(name+"_probabilities"), b.shape(b.float, out.Activation),
			param{"x", value}, param{"axis", mil.IntValue(1)})
	}
	if b.float != mil.Float32 {
		value = b.emit("cast", b.fresh(name+"_cast"), b.shape(mil.Float32, out.Activation),
			param{"x", value}, param{"dtype", mil.StringValue("fp32")})
	}
	list := mil.Value{Type: mil.ListOf(mil.TensorOf(mil.String), len(classes))}
	for _, class := range classes {
		list.List = append(list.List, mil.StringValue(class))
	}
	b.append(mil.Operation{
		Type: "classify",
		Inputs: []mil.Argument{
			{Name: "probabilities", Bindings: []mil.Binding{{Name: value}}},
			{Name: "classes", Bindings: []mil.Binding{{Value: &list}}},
		},
		Outputs: []mil.Named{
			{Name: labelName, Type: mil.TensorOf(mil.String)},
			{Name: scoresName, Type: mil.DictOf(mil.TensorOf(mil.String), mil.TensorOf(mil.Float64))},
		},
		Attributes: []mil.Attribute{{Name: "name", Value: mil.StringValue(labelName)}},
	})
	m := &b.pkg.Model
	m.Outputs = []mil.Feature{{Name: labelName, Kind: mil.Text}, {Name: scoresName, Kind: mil.TextTable}}
	m.Program.Outputs = []string{labelName, scoresName}
	m.Label, m.Scores = labelName, scoresName
}

// producer is the layer that computes an activation.
func (b *builder) producer(name string) *quantized.Node {
	for i := range b.model.Nodes {
		if b.model.Nodes[i].Name == name {
			return &b.model.Nodes[i]
		}
	}
	return &quantized.Node{}
}

// normalisation is the formula that gives the network's input from raw values.
func normalisation(in *quantized.Input) string {
	x := "x"
	switch n := 1 / float64(in.PixelScale); {
	case in.PixelScale == 1:
	case float32(1/math.Round(n)) == in.PixelScale:
		x = fmt.Sprintf("x / %.0f", n)
	default:
		x = fmt.Sprintf("x * %v", in.PixelScale)
	}
	for i, std := range in.Std {
		if std != 1 || in.Mean[i] != 0 {
			return fmt.Sprintf("(%s - %v) / %v", x, in.Mean, in.Std)
		}
	}
	return x
}
