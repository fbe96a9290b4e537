package mil

import (
	"math"
	"slices"
	"strings"
	"testing"
)

// sketch builds small programs for tests, with everything declared by hand.
type sketch struct{ p Package }

func newSketch(version int32, shape ...int) *sketch {
	s := &sketch{}
	m := &s.p.Model
	m.Version, m.Program.Opset = version, Opset(version)
	m.Inputs = []Feature{{Name: "x", Kind: Array, Element: Float32, Shape: shape}}
	m.Program.Inputs = []Named{{"x", TensorOf(Float32, shape...)}}
	return s
}

// op appends an operation called name. Parameters come in pairs of name and
// value; a Value becomes a constant, a string refers.
func (s *sketch) op(kind, name string, t Type, params ...any) *sketch {
	op := Operation{Type: kind, Outputs: []Named{{name, t}}, Attributes: []Attribute{{"name", StringValue(name)}}}
	for i := 0; i < len(params); i += 2 {
		key := params[i].(string)
		var bound []Binding
		switch v := params[i+1].(type) {
		case string:
			bound = []Binding{{Name: v}}
		case []string:
			for _, ref := range v {
				bound = append(bound, Binding{Name: ref})
			}
		case Value:
			switch kind {
			case "constexpr_affine_dequantize":
				op.Attributes = append(op.Attributes, Attribute{key, v})
				continue
			case "constexpr_blockwise_shift_scale", "constexpr_lut_to_dense":
				bound = []Binding{{Value: &v}}
			default:
				s.constant(name+"_"+key, v)
				bound = []Binding{{Name: name + "_" + key}}
			}
		}
		op.Inputs = append(op.Inputs, Argument{key, bound})
	}
	s.p.Model.Program.Operations = append(s.p.Model.Program.Operations, op)
	s.p.Model.Program.Outputs = []string{name}
	s.p.Model.Outputs = []Feature{{Name: name, Kind: Array, Element: t.Data, Shape: t.Shape}}
	return s
}

func (s *sketch) constant(name string, v Value) {
	s.p.Model.Program.Operations = append(s.p.Model.Program.Operations, Operation{
		Type: "const", Outputs: []Named{{name, v.Type}},
		Attributes: []Attribute{{"name", StringValue(name)}, {"val", v}},
	})
}

// tensor is a literal; it is in the program or in the weight file.
func (s *sketch) tensor(d DataType, shape []int, elements ...float64) Value {
	v, err := s.p.Blobs.Tensor(TensorOf(d, shape...), elements)
	if err != nil {
		panic(err)
	}
	return v
}

func (s *sketch) scalar(r float64) Value { return s.tensor(Float32, nil, r) }

// operation is one of the operations alone, on numbers worked out by hand.
type operation struct {
	meaning string
	x       []float32
	shape   []int
	build   func(s *sketch) *sketch
	want    []float64
}

func runAll(t *testing.T, list []operation) {
	t.Helper()
	for _, c := range list {
		s := c.build(newSketch(9, c.shape...))
		machine, err := NewMachine(&s.p)
		if err != nil {
			t.Errorf("%s: %v", c.meaning, err)
			continue
		}
		results, err := machine.Run(map[string][]float32{"x": c.x})
		if err != nil {
			t.Errorf("%s: %v", c.meaning, err)
			continue
		}
		if got := results["y"].Numbers; !slices.Equal(got, c.want) {
			t.Errorf("%s: %v: want %v", c.meaning, got, c.want)
		}
	}
}

// f is the type of a float32 tensor.
func f(shape ...int) Type { return TensorOf(Float32, shape...) }

// single rounds to float32.
func single(numbers ...float64) []float64 {
	for i, r := range numbers {
		numbers[i] = float64(float32(r))
	}
	return numbers
}

func TestElementwise(t *testing.T) {
	runAll(t, []operation{
		{"relu", []float32{-1, 0, 2}, []int{3}, func(s *sketch) *sketch {
			return s.op("relu", "y", f(3), "x", "x")
		}, []float64{0, 0, 2}},
		{"relu6", []float32{-1, 5, 7}, []int{3}, func(s *sketch) *sketch {
			return s.op("relu6", "y", f(3), "x", "x")
		}, []float64{0, 5, 6}},
		{"sigmoid", []float32{0}, []int{1}, func(s *sketch) *sketch { return s.op("sigmoid", "y", f(1), "x", "x") },
			[]float64{0.5}},
		{"tanh", []float32{0}, []int{1}, func(s *sketch) *sketch { return s.op("tanh", "y", f(1), "x", "x") },
			[]float64{0}},
		{"leaky relu", []float32{-8, 8}, []int{2}, func(s *sketch) *sketch {
			return s.op("leaky_relu", "y", f(2), "x", "x", "alpha", s.scalar(0.25))
		}, []float64{-2, 8}},
		{"silu", []float32{-1, 0, 1}, []int{3}, func(s *sketch) *sketch { return s.op("silu", "y", f(3), "x", "x") },
			single(-0.2689414213699951, 0, 0.7310585786300049)},
		{"softplus", []float32{-1000, 0, 1000}, []int{3}, func(s *sketch) *sketch {
			return s.op("softplus", "y", f(3), "x", "x")
		}, single(0, math.Ln2, 1000)},
		{"gelu", []float32{0, 1}, []int{2}, func(s *sketch) *sketch {
			return s.op("gelu", "y", f(2), "x", "x", "mode", StringValue("EXACT"))
		}, single(0, 0.8413447460685429)},
		{"elu", []float32{-1, 2}, []int{2}, func(s *sketch) *sketch {
			return s.op("elu", "y", f(2), "x", "x", "alpha", s.scalar(2))
		}, single(2/math.E-2, 2)},
		{"clip", []float32{-8, 1, 8}, []int{3}, func(s *sketch) *sketch {
			return s.op("clip", "y", f(3), "x", "x", "alpha", s.scalar(-2), "beta", s.scalar(3))
		}, []float64{-2, 1, 3}},
		{"add broadcasts a channel", []float32{1, 2, 3, 4}, []int{1, 2, 1, 2}, func(s *sketch) *sketch {
			return s.op("add", "y", f(1, 2, 1, 2), "x", "x", "y", s.tensor(Float32, []int{1, 2, 1, 1}, 10, 20))
		}, []float64{11, 12, 23, 24}},
		{"mul by a scalar", []float32{1, 2}, []int{2}, func(s *sketch) *sketch {
			return s.op("mul", "y", f(2), "x", "x", "y", s.scalar(3))
		}, []float64{3, 6}},
		{"a smaller first factor", []float32{1, 2}, []int{2}, func(s *sketch) *sketch {
			s.constant("a", s.scalar(3))
			return s.op("mul", "y", f(2), "x", "a", "y", "x")
		}, []float64{3, 6}},
	})
}

func TestLayersAndPools(t *testing.T) {
	none, ones := IntsValue(0, 0, 0, 0), IntsValue(1, 1)
	valid, custom := StringValue("valid"), StringValue("custom")
	runAll(t, []operation{
		{"conv with stride, padding and bias", []float32{1, 2, 3, 4, 5, 6, 7, 8, 9}, []int{1, 1, 3, 3},
			func(s *sketch) *sketch {
				return s.op("conv", "y", f(1, 1, 2, 2), "x", "x", "weight",
					s.tensor(Float32, []int{1, 1, 3, 3}, 1, 1, 1, 1, 1, 1, 1, 1, 1),
					"bias", s.tensor(Float32, []int{1}, 100), "strides", IntsValue(2, 2), "pad_type", custom, "pad",
					IntsValue(1, 1, 1, 1), "dilations", ones, "groups", IntValue(1))
			}, []float64{112, 116, 124, 128}},
		{"conv in two groups", []float32{1, 2, 3, 4}, []int{1, 4, 1, 1}, func(s *sketch) *sketch {
			return s.op("conv", "y", f(1, 2, 1, 1), "x", "x", "weight",
				s.tensor(Float32, []int{2, 2, 1, 1}, 1, 10, 100, 1000),
				"strides", ones, "pad_type", valid, "pad", none, "dilations", ones, "groups", IntValue(2))
		}, []float64{21, 4300}},
		{"conv with dilation, padded at one side", []float32{1, 2, 3, 4}, []int{1, 1, 1, 4}, func(s *sketch) *sketch {
			return s.op("conv", "y", f(1, 1, 1, 4), "x", "x", "weight", s.tensor(Float32, []int{1, 1, 1, 2}, 1, 10),
				"strides", ones, "pad_type", custom, "pad", IntsValue(0, 0, 2, 0), "dilations", IntsValue(1, 2),
				"groups", IntValue(1))
		}, []float64{10, 20, 31, 42}},
		{"linear", []float32{1, 2}, []int{1, 2}, func(s *sketch) *sketch {
			return s.op("linear", "y", f(1, 3), "x", "x", "weight",
				s.tensor(Float32, []int{3, 2}, 1, 0, 0, 1, 1, 1), "bias", s.tensor(Float32, []int{3}, 0, 10, 20))
		}, []float64{1, 12, 23}},
		{"max pool ignores padding", []float32{-1, -2, -3, -4}, []int{1, 1, 2, 2}, func(s *sketch) *sketch {
			return s.op("max_pool", "y", f(1, 1, 2, 2), "x", "x", "kernel_sizes", IntsValue(2, 2), "strides",
				IntsValue(2, 2),
				"pad_type", custom, "pad", IntsValue(1, 1, 1, 1), "ceil_mode", BoolValue(false))
		}, []float64{-1, -2, -3, -4}},
		{"avg pool does not count padding", []float32{1, 2, 3, 4}, []int{1, 1, 2, 2}, func(s *sketch) *sketch {
			return s.op("avg_pool", "y", f(1, 1, 2, 1), "x", "x", "kernel_sizes", IntsValue(2, 2), "strides",
				IntsValue(2, 1),
				"pad_type", custom, "pad", IntsValue(1, 1, 0, 0), "ceil_mode", BoolValue(false),
				"exclude_padding_from_average", BoolValue(true))
		}, []float64{1.5, 3.5}},
		{"avg pool counts padding", []float32{1, 2, 3, 4}, []int{1, 1, 2, 2}, func(s *sketch) *sketch {
			return s.op("avg_pool", "y", f(1, 1, 2, 1), "x", "x", "kernel_sizes", IntsValue(2, 2), "strides",
				IntsValue(2, 1),
				"pad_type", custom, "pad", IntsValue(1, 1, 0, 0), "ceil_mode", BoolValue(false),
				"exclude_padding_from_average", BoolValue(false))
		}, []float64{0.75, 1.75}},
		{"mean over negative axes", []float32{1, 2, 3, 4, 5, 6, 7, 8}, []int{1, 2, 2, 2}, func(s *sketch) *sketch {
			return s.op("reduce_mean", "y", f(1, 2, 1, 1), "x", "x", "axes", IntsValue(-2, -1), "keep_dims",
				BoolValue(true))
		}, []float64{2.5, 6.5}},
	})
}

func TestMoves(t *testing.T) {
	runAll(t, []operation{
		{"reshape", []float32{1, 2, 3, 4}, []int{2, 2}, func(s *sketch) *sketch {
			return s.op("reshape", "y", f(1, 4), "x", "x", "shape", IntsValue(1, 4))
		}, []float64{1, 2, 3, 4}},
		{"softmax over the first axis", []float32{0, 1, 0, 1}, []int{2, 2}, func(s *sketch) *sketch {
			return s.op("softmax", "y", f(2, 2), "x", "x", "axis", IntValue(0))
		}, []float64{0.5, 0.5, 0.5, 0.5}},
		{"concat along the middle", []float32{1, 2, 3, 4}, []int{2, 1, 2}, func(s *sketch) *sketch {
			return s.op("concat", "y", f(2, 2, 2), "values", []string{"x", "x"}, "axis", IntValue(1), "interleave",
				BoolValue(false))
		}, []float64{1, 2, 1, 2, 3, 4, 3, 4}},
		{"cast to fp16 rounds", []float32{1.0 / 3, 65504}, []int{2}, func(s *sketch) *sketch {
			return s.op("cast", "y", TensorOf(Float16, 2), "x", "x", "dtype", StringValue("fp16"))
		}, []float64{0.333251953125, 65504}},
		{"cast to int32 truncates", []float32{-1.5, 1.5}, []int{2}, func(s *sketch) *sketch {
			return s.op("cast", "y", TensorOf(Int32, 2), "x", "x", "dtype", StringValue("int32"))
		}, []float64{-1, 1}},
	})
}

func TestQuantizers(t *testing.T) {
	runAll(t, []operation{
		{"quantize rounds half to even and clips", []float32{0.5, 1.5, -2.5, 1000, -1000}, []int{5},
			func(s *sketch) *sketch {
				s.op("quantize", "q", TensorOf(Int8, 5), "input", "x", "scale", s.scalar(1), "output_dtype",
					StringValue("int8"))
				return s.op("dequantize", "y", f(5), "input", "q", "scale", s.scalar(1))
			}, []float64{0, 2, -2, 127, -128}},
		{"quantize with a zero point", []float32{-1, 0, 1}, []int{3}, func(s *sketch) *sketch {
			zero := s.tensor(UInt8, nil, 100)
			s.op("quantize", "q", TensorOf(UInt8, 3), "input", "x", "scale", s.scalar(0.01), "zero_point", zero,
				"output_dtype", StringValue("uint8"))
			return s.op("dequantize", "y", f(3), "input", "q", "scale", s.scalar(1), "zero_point", zero)
		}, []float64{-100, 0, 100}},
		{"affine weights per channel", []float32{1, 1}, []int{1, 2}, func(s *sketch) *sketch {
			s.op("constexpr_affine_dequantize", "w", f(2, 2), "quantized_data",
				s.tensor(UInt8, []int{2, 2}, 11, 12, 21, 22),
				"zero_point", s.tensor(UInt8, []int{2}, 10, 20), "scale", s.tensor(Float32, []int{2}, 1, 0.5),
				"axis", IntValue(0))
			return s.op("linear", "y", f(1, 2), "x", "x", "weight", "w", "bias", s.tensor(Float32, []int{2}, 0, 0))
		}, []float64{3, 1.5}},
		{"affine weights along the second axis", []float32{1, 1}, []int{1, 2}, func(s *sketch) *sketch {
			s.op("constexpr_affine_dequantize", "w", f(1, 2), "quantized_data", s.tensor(Int8, []int{1, 2}, 2, 3),
				"zero_point", s.tensor(Int8, nil, 1), "scale", s.tensor(Float32, []int{2}, 10, 100), "axis",
				IntValue(-1))
			return s.op("linear", "y", f(1, 1), "x", "x", "weight", "w", "bias", s.tensor(Float32, []int{1}, 0))
		}, []float64{210}},
		{"blockwise weights", []float32{1, 1, 1, 1}, []int{1, 4}, func(s *sketch) *sketch {
			s.op("constexpr_blockwise_shift_scale", "w", f(2, 4), "data",
				s.tensor(Int4, []int{2, 4}, 1, 1, 2, 2, 3, 3, -8, 7),
				"scale", s.tensor(Float32, []int{2, 2}, 1, 10, 100, 1000), "offset",
				s.tensor(Int4, []int{2, 2}, 0, 1, 0, 0))
			return s.op("linear", "y", f(1, 2), "x", "x", "weight", "w", "bias", s.tensor(Float32, []int{2}, 0, 0))
		}, []float64{2 + 20, 600 - 1000}},
		{"weights of two bits from tables", []float32{1, 10, 100}, []int{1, 3}, func(s *sketch) *sketch {
			s.op("constexpr_lut_to_dense", "w", f(2, 3), "indices", s.tensor(UInt2, []int{2, 3}, 0, 1, 2, 3, 3, 0),
				"lut", s.tensor(Float32, []int{2, 1, 4, 1}, 2, 3, 4, 5, 6, 7, 8, 9))
			return s.op("linear", "y", f(1, 2), "x", "x", "weight", "w", "bias", s.tensor(Float32, []int{2}, 0, 0))
		}, []float64{432, 699}},
		{"weights of a bit from a table for each column", []float32{1, 10, 100}, []int{1, 3}, func(s *sketch) *sketch {
			s.op("constexpr_lut_to_dense", "w", f(3, 3), "indices",
				s.tensor(UInt1, []int{3, 3}, 0, 1, 0, 1, 1, 1, 0, 0, 1),
				"lut", s.tensor(Float32, []int{1, 3, 2, 1}, -2, 2, -3, 3, -4, 4))
			return s.op("linear", "y", f(1, 3), "x", "x", "weight", "w", "bias", s.tensor(Float32, []int{3}, 0, 0, 0))
		}, []float64{-2 + 30 - 400, 2 + 30 + 400, -2 - 30 + 400}},
	})
}

func TestRunRefusesOtherInputs(t *testing.T) {
	s := newSketch(7, 2).op("relu", "y", TensorOf(Float32, 2), "x", "x")
	machine, err := NewMachine(&s.p)
	if err != nil {
		t.Fatal(err)
	}
	for meaning, inputs := range map[string]map[string][]float32{
		"none": {}, "another name": {"z": {1, 2}}, "too short": {"x": {1}}, "one too many": {"x": {1, 2}, "z": nil},
	} {
		if _, err := machine.Run(inputs); err == nil || !strings.HasPrefix(err.Error(), "mil: run: ") {
			t.Errorf("%s: %v: want an error", meaning, err)
		}
	}
}
