package mil

import (
	"strings"
	"testing"
)

// perceptron is a valid program with one of each kind of parameter: an
// attribute, a constant, a reference.
func perceptron() *sketch {
	s := newSketch(8, 1, 2)
	s.op("quantize", "q", TensorOf(Int8, 1, 2), "input", "x", "scale", s.scalar(0.5), "output_dtype",
		StringValue("int8"))
	s.op("dequantize", "r", TensorOf(Float32, 1, 2), "input", "q", "scale", s.scalar(0.5))
	s.op("constexpr_affine_dequantize", "w", TensorOf(Float32, 2, 2), "quantized_data",
		s.tensor(Int8, []int{2, 2}, 1, 2, 3, 4),
		"zero_point", s.tensor(Int8, nil, 0), "scale", s.tensor(Float32, []int{2}, 1, 2), "axis", IntValue(0))
	return s.op("linear", "y", TensorOf(Float32, 1, 2), "x", "r", "weight", "w", "bias",
		s.tensor(Float32, []int{2}, 0, 0))
}

// find is the operation of that name.
func (s *sketch) find(name string) *Operation {
	for i := range s.p.Model.Program.Operations {
		if op := &s.p.Model.Program.Operations[i]; op.Name() == name {
			return op
		}
	}
	panic("no operation " + name)
}

// lookup breaks the program with weights from tables.
func lookup(breaks func(s *sketch)) func(s *sketch) {
	return func(s *sketch) {
		s.p.Model.Version, s.p.Model.Program.Opset = 9, "CoreML8"
		k, t := s.tensor(UInt1, []int{2, 2}, 0, 1, 1, 0), s.tensor(Float32, []int{2, 1, 2, 1}, -1, 1, -2, 2)
		w := s.find("w")
		w.Type, w.Attributes = "constexpr_lut_to_dense", w.Attributes[:1]
		w.Inputs = []Argument{{"indices", []Binding{{Value: &k}}}, {"lut", []Binding{{Value: &t}}}}
		if err := Check(&s.p); err != nil {
			panic(err)
		}
		breaks(s)
	}
}

// brokenPrograms are ways to break a program, and what is said of each.
var brokenPrograms = []struct {
	meaning string
	breaks  func(s *sketch)
	want    string
}{
	{"unknown specification", func(s *sketch) { s.p.Model.Version = 6 }, `specification 6 with opset "CoreML7"`},
	{"opset of another specification", func(s *sketch) { s.p.Model.Program.Opset = "CoreML8" },
		`specification 8 with opset "CoreML8"`},
	{"operation newer than the specification", func(s *sketch) {
		s.p.Model.Version, s.p.Model.Program.Opset = 7, "CoreML6"
	}, `operation "q" (quantize): needs specification 8, the model has 7`},
	{"declared type is not the inferred one", func(s *sketch) { s.find("y").Outputs[0].Type.Shape[1] = 3 },
		`operation "y" (linear): result "y" declared as tensor<fp32, [1, 3]>, inferred as tensor<fp32, [1, 2]>`},
	{"declared type of a constant", func(s *sketch) { s.find("q_scale").Outputs[0].Type.Data = Float16 },
		`operation "q_scale" (const): result "q_scale" declared as fp16, inferred as fp32`},
	{"a value used before it is defined", func(s *sketch) { s.find("r").Inputs[0].Bindings[0].Name = "y" },
		`operation "r" (dequantize): input: "y" is not defined before its use`},
	{"a value defined twice", func(s *sketch) { s.find("r").Outputs[0].Name = "x" },
		`operation "r" (dequantize): value "x" is defined twice`},
	{"an operation's name twice", func(s *sketch) { s.find("r").Attributes[0].Value = StringValue("q") },
		`attribute name "q": want a unique name`},
	{"a name with a dot", func(s *sketch) { s.find("r").Outputs[0].Name = "a.b" }, `value "a.b": want a name`},
	{"a parameter missing", func(s *sketch) { s.find("q").Inputs = s.find("q").Inputs[:2] },
		`operation "q" (quantize): parameter "output_dtype" is missing`},
	{"a parameter too many", func(s *sketch) {
		s.find("r").Inputs = append(s.find("r").Inputs, Argument{"beta", []Binding{{Name: "x"}}})
	}, `unknown parameter "beta"`},
	{"an attribute where an input belongs", func(s *sketch) {
		s.find("r").Attributes = append(s.find("r").Attributes, Attribute{"axis", IntValue(0)})
	}, `attribute "axis" is given twice, or belongs among the inputs`},
	{"an input where an attribute belongs", func(s *sketch) {
		s.find("w").Inputs = []Argument{{"axis", []Binding{{Name: "x"}}}}
	}, `input "axis" is given twice, empty, or belongs among the attributes`},
	{"a literal where a reference belongs", func(s *sketch) {
		v := s.scalar(0.5)
		s.find("r").Inputs[1].Bindings[0] = Binding{Value: &v}
	}, `operation "r" (dequantize): input "scale": want a literal`},
	{"a scale that is not constant", func(s *sketch) { s.find("r").Inputs[1].Bindings[0].Name = "x" },
		`operation "r" (dequantize): scale tensor<fp32, [1, 2]>: one scale for the tensor is supported`},
	{"scale 0", func(s *sketch) { s.find("r_scale").Attributes[1].Value.Floats[0] = 0 },
		`operation "r" (dequantize): scale: element 0 is 0: want a finite number > 0`},
	{"negative scale of weights", func(s *sketch) { s.find("w").Attribute("scale").Floats[1] = -2 },
		`operation "w" (constexpr_affine_dequantize): scale: element 1 is -2`},
	{"a literal of other length than its type", func(s *sketch) {
		s.find("w").Attribute("quantized_data").Bytes = []byte{1}
	}, `quantized_data: mil: tensor<int8, [2, 2]> in 1 bytes: want 4`},
	{"zero point of another type", func(s *sketch) {
		*s.find("w").Attribute("zero_point") = s.tensor(UInt8, nil, 0)
	}, `zero_point uint8: want the type of the data, int8`},
	{"scales of another length",
		func(s *sketch) { *s.find("w").Attribute("scale") = s.tensor(Float32, []int{3}, 1, 1, 1) },
		`want a scalar or 2 elements, for axis 0`},
	{"indices of another type", lookup(func(s *sketch) {
		*s.find("w").Argument("indices")[0].Value = s.tensor(UInt8, []int{2, 2}, 0, 1, 1, 0)
	}), `operation "w" (constexpr_lut_to_dense): indices tensor<uint8, [2, 2]>: want uint1 or uint2`},
	{"a table of another size", lookup(func(s *sketch) {
		*s.find("w").Argument("lut")[0].Value = s.tensor(Float32, []int{2, 1, 1, 1}, 0, 1)
	}), `want two dimensions more, 2 and 1`},
	{"tables that do not divide", lookup(func(s *sketch) {
		*s.find("w").Argument("lut")[0].Value = s.tensor(Float32, []int{3, 1, 2, 1}, 0, 1, 2, 3, 4, 5)
	}), `lut tensor<fp32, [3, 1, 2, 1]> does not divide indices tensor<uint1, [2, 2]>`},
	{"axis out of range", func(s *sketch) { *s.find("w").Attribute("axis") = IntValue(2) },
		`axis 2 out of range for rank 2`},
	{"an output type that does not exist", func(s *sketch) {
		s.find("q_output_dtype").Attributes[1].Value = StringValue("int4")
	}, `output_dtype: "int4": want one of`},
	{"a blob out of the file",
		func(s *sketch) { s.find("y_bias").Attributes[1].Value.Blob = &BlobRef{weightFile, 64} },
		`operation "y_bias" (const): mil: weight file: no record at offset 64 of 0`},
	{"a blob in another file",
		func(s *sketch) { s.find("y_bias").Attributes[1].Value.Blob = &BlobRef{"other", 64} },
		`weight file "other": want`},
	{"an unknown operation", func(s *sketch) { s.find("y").Type = "einsum" },
		`operation "y" (einsum): unknown operation`},
	{"rank 6", func(s *sketch) {
		s.p.Model.Program.Inputs[0].Type.Shape = []int{1, 1, 1, 1, 1, 2}
		s.p.Model.Inputs[0].Shape = []int{1, 1, 1, 1, 1, 2}
	}, `input "x": value "x": tensor<fp32, [1, 1, 1, 1, 1, 2]> has rank 6: want at most 5`},
	{"a dimension of 0", func(s *sketch) { s.p.Model.Program.Inputs[0].Type.Shape[1] = 0 }, `has no elements`},
	{"interface of another name", func(s *sketch) { s.p.Model.Outputs[0].Name = "z" },
		`interface: feature "z": want the program's value "y"`},
	{"interface of another shape", func(s *sketch) { s.p.Model.Inputs[0].Shape = []int{2} },
		`interface: feature "x": tensor<fp32, [2]>, the program's is tensor<fp32, [1, 2]>`},
	{"interface of another type", func(s *sketch) { s.p.Model.Inputs[0].Element = Float16 },
		`interface: feature "x": tensor<fp16, [1, 2]>`},
	{"interface without outputs", func(s *sketch) { s.p.Model.Outputs = nil },
		`interface: 0 outputs for 1 of the program`},
	{"an output that does not exist", func(s *sketch) {
		s.p.Model.Program.Outputs[0], s.p.Model.Outputs[0].Name = "z", "z"
	}, `interface: feature "z"`},
	{"a label without a classifier", func(s *sketch) { s.p.Model.Label, s.p.Model.Scores = "y", "y" },
		`interface: predicted feature "y"`},
	{"integers at the interface", func(s *sketch) {
		s.p.Model.Program.Outputs[0] = "q"
		s.p.Model.Outputs[0] = Feature{Name: "q", Kind: Array, Element: Int8, Shape: []int{1, 2}}
	}, `interface: feature "q": tensor<int8, [1, 2]>: want fp32, fp16 or int32`},
}

func TestCheck(t *testing.T) {
	s := perceptron()
	if err := Check(&s.p); err != nil {
		t.Fatal(err)
	}
	for _, c := range brokenPrograms {
		s := perceptron()
		c.breaks(s)
		if err := Check(&s.p); err == nil || !strings.HasPrefix(err.Error(), "mil: ") ||
			!strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v: want %s", c.meaning, err, c.want)
		}
	}
}
