package conformance_test

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"petrify/fakequant/affine"
	"petrify/internal/conformance"
	"petrify/internal/onnxpb"
	"petrify/quantized"
	"petrify/quantized/onnx"
	"petrify/quantized/quantizedtest"
	"petrify/quantized/reference"
)

// integerKernels are the operators that compute with integers or move them,
// and the quantizers at the ends.
var integerKernels = []string{
	"QLinearConv", "QGemm", "QLinearMatMul", "QLinearAdd", "QLinearMul", "QLinearConcat", "QLinearAveragePool",
	"QLinearGlobalAveragePool", "QLinearSigmoid", "QLinearLeakyRelu", "QLinearSoftmax",
	"MaxPool", "Resize", "Reshape", "Flatten", "Slice", "Transpose", "Clip", "QuantizeLinear", "DequantizeLinear",
}

// inFloats are the operators of builders for which ONNX Runtime has no integer kernel:
// it computes them with real numbers, between quantizers.
var inFloats = map[string][]string{"sub": {"Sub"}, "max and min": {"Max", "Min"}, "prelu": {"PRelu"}, "pad": {"Pad"}}

// unfused lists the operators of a graph that compute with floats, and counts
// the quantizers beyond one at each end.
func unfused(operators []string) (float []string, quantizers int) {
	for _, o := range operators {
		if !slices.Contains(integerKernels, o) {
			float = append(float, o)
		}
		if o == "QuantizeLinear" || o == "DequantizeLinear" {
			quantizers++
		}
	}
	return float, quantizers - 2
}

// TestEveryLayerIsAnIntegerKernel looks at what ONNX Runtime makes of each model:
// nothing is left that computes with floats, but for the operators of inFloats. One
// model pads real numbers, as its kernel does not know of an overhang, and then averages
// integers; a stretch does so before its convolution of integers.
func TestEveryLayerIsAnIntegerKernel(t *testing.T) {
	for schemeName, scheme := range schemes {
		for name, build := range builders {
			if name == "average pool, padding counts, beyond" || name == "stretch" {
				continue
			}
			b := quantizedtest.New(rand.New(rand.NewPCG(1, 2)), scheme, 4, 8, 8)
			file, err := onnx.Options{}.Encode(b.Model(build(b)))
			if err != nil {
				t.Fatal(err)
			}
			operators, err := conformance.Operators(file, conformance.Settings{})
			if err != nil {
				t.Fatal(err)
			}
			float, quantizers := unfused(operators)
			if known := inFloats[name]; known != nil {
				float = slices.DeleteFunc(float, func(o string) bool { return slices.Contains(known, o) })
				quantizers = 0
			}
			if len(float) > 0 || quantizers > 0 {
				t.Errorf("%s/%s: %v compute with floats, %d quantizers too many, in %v", schemeName, name, float,
					quantizers, operators)
			}
		}
	}
}

// TestFloatModelIsSeen: the test above would find what it looks for.
func TestFloatModelIsSeen(t *testing.T) {
	b := quantizedtest.New(rand.New(rand.NewPCG(1, 2)), quantizedtest.WeightOnly, 4, 8, 8)
	file, err := onnx.Options{}.Encode(b.Model(builders["residual"](b)))
	if err != nil {
		t.Fatal(err)
	}
	operators, err := conformance.Operators(file, conformance.Settings{})
	if err != nil {
		t.Fatal(err)
	}
	if float, _ := unfused(operators); !slices.ContainsFunc(float,
		func(o string) bool { return strings.HasSuffix(o, "Conv") }) {
		t.Errorf("a model with float activations has only integer kernels: %v", operators)
	}
}

// TestFunctions: functions as layers of their own. Where a function has no
// integer kernel, the runtime's float one and ours may round to different
// neighbours; in these models they do not.
func TestFunctions(t *testing.T) {
	for schemeName, scheme := range schemes {
		for _, f := range append(functions, quantized.Softmax) {
			t.Run(schemeName+"/"+f.String(), func(t *testing.T) {
				b := quantizedtest.New(rand.New(rand.NewPCG(23, 24)), scheme, 100)
				m := b.Model(b.Activate(b.Linear(b.Input(), 40, quantized.Identity), f))
				x := b.Inputs(m, 1000)
				same(t, m, x, outputs(t, onnx.Options{}, conformance.Settings{Threads: 1}, m, x))
			})
		}
	}
}

// network has all layers that users' models have.
func network(s quantizedtest.Scheme) (*quantizedtest.Builder, *quantized.Model) {
	b := quantizedtest.New(rand.New(rand.NewPCG(5, 6)), s, 3, 12, 12)
	x := b.Conv(b.Input(), 8, quantizedtest.Same(3), 1, quantized.ReLU)
	x = b.Pool(quantized.MaxPool, x, quantizedtest.Valid(2, 2))
	y := b.Conv(b.Conv(x, 8, quantizedtest.Same(3), 8, quantized.ReLU6), 8, quantizedtest.Valid(1, 1), 1,
		quantized.Identity)
	x = b.Concat(b.Add(x, y, quantized.ReLU), y)
	x = b.Linear(b.Flatten(b.Pool(quantized.AvgPool, x, quantizedtest.Valid(2, 2))), 20, quantized.ReLU)
	return b, b.Model(b.Linear(x, 6, quantized.Identity))
}

// TestOptions: every way to write a model gives the same numbers.
func TestOptions(t *testing.T) {
	for name, tt := range map[string]struct {
		options  onnx.Options
		settings conformance.Settings
	}{
		"default":         {},
		"two threads":     {settings: conformance.Settings{Threads: 2}},
		"opset 21":        {options: onnx.Options{Opset: 21}},
		"batch of 20":     {options: onnx.Options{Batch: 20}},
		"signed":          {options: onnx.Options{Signed: true}, settings: signed},
		"signed, default": {options: onnx.Options{Signed: true}},
	} {
		for _, scheme := range []quantizedtest.Scheme{quantizedtest.W8A8, quantizedtest.W8A8Affine,
			quantizedtest.W4A4} {
			b, m := network(scheme)
			x := b.Inputs(m, 20)
			mode := reference.ONNXRuntime
			if tt.options.Signed {
				mode = reference.ONNXRuntimeInt8
			}
			t.Run(name, func(t *testing.T) {
				equal(t, defined(t, mode, m, x),
					outputs(t, tt.options, tt.settings, m, x))
			})
		}
	}
}

// TestImageAndClass: pixels in, class out.
func TestImageAndClass(t *testing.T) {
	_, m := network(quantizedtest.W8A8)
	rng := rand.New(rand.NewPCG(9, 9))
	const n, plane = 30, 144
	pixels := make([]uint8, n*3*plane)
	for i := range pixels {
		pixels[i] = uint8(rng.UintN(256))
	}
	x := make([]float32, len(pixels))
	for i := range x {
		image, channel, at := i/(3*plane), i/plane%3, i%plane
		p := pixels[image*3*plane+at*3+channel]
		x[i] = (float32(p)*m.Input.PixelScale - m.Input.Mean[channel]) / m.Input.Std[channel]
	}
	file, err := onnx.Options{Image: true}.Encode(m)
	if err != nil {
		t.Fatal(err)
	}
	s, err := conformance.Open(file, conformance.Settings{})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	y, err := s.RunImages(pixels)
	if err != nil {
		t.Fatal(err)
	}
	same(t, m, x, y)

	if file, err = (onnx.Options{Result: onnx.Class}).Encode(m); err != nil {
		t.Fatal(err)
	}
	c, err := conformance.Open(file, conformance.Settings{})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	classes, err := c.RunClasses(x)
	if err != nil {
		t.Fatal(err)
	}
	for i, class := range classes {
		logits := y[6*i : 6*i+6]
		if want := slices.Index(logits, slices.Max(logits)); int(class) != want {
			t.Errorf("image %d: class %d, want %d", i, class, want)
		}
	}
}

// TestBlocks: 4-bit weights with scales for blocks, exact by default, and exact in
// the kernel that keeps them packed if that is told to be.
func TestBlocks(t *testing.T) {
	exact := conformance.Settings{Config: map[string]string{"session.qdq_matmulnbits_accuracy_level": "0"}}
	for _, format := range []affine.Format{{Bits: 4}, {Bits: 4, Unsigned: true}, {Bits: 3}, {Bits: 8}} {
		for _, zeros := range []bool{format.Unsigned, true} {
			s := quantizedtest.Scheme{Weights: format, Block: 16, ZeroPoints: zeros}
			b := quantizedtest.New(rand.New(rand.NewPCG(7, 8)), s, 3, 8, 8)
			x := b.Conv(b.Input(), 40, quantizedtest.Same(3), 1, quantized.ReLU)
			x = b.Conv(x, 4, quantizedtest.Valid(3, 2), 1, quantized.ReLU)
			m := b.Model(b.Linear(b.Linear(b.Flatten(x), 50, quantized.ReLU), 9, quantized.Identity))
			inputs := b.Inputs(m, 20)
			near(t, m, inputs, outputs(t, onnx.Options{Opset: 21}, conformance.Settings{}, m, inputs))
			near(t, m, inputs, outputs(t, onnx.Options{Opset: 21, NBits: true}, exact, m, inputs))
			file, err := onnx.Options{Opset: 21, NBits: true}.Encode(m)
			if err != nil {
				t.Fatal(err)
			}
			operators, err := conformance.Operators(file, conformance.Settings{})
			if err != nil {
				t.Fatal(err)
			}
			if !slices.Contains(operators, "MatMulNBits") {
				t.Errorf("%v: no packed kernel in %v", format, operators)
			}
		}
	}
}

// files writes models in every form to a folder and returns their paths.
func files(t *testing.T, opsets ...int) []string {
	t.Helper()
	var paths []string
	for _, scheme := range []quantizedtest.Scheme{quantizedtest.W8A8, quantizedtest.W8A8Affine, quantizedtest.W4A4,
		quantizedtest.WeightOnly, {}} {
		for _, opset := range opsets {
			for _, o := range []onnx.Options{{}, {Signed: true}, {Image: true, Result: onnx.Class},
				{Batch: 2, Result: onnx.Probabilities}} {
				o.Opset = opset
				_, m := network(scheme)
				path := filepath.Join(t.TempDir(), fmt.Sprintf("%d.onnx", len(paths)))
				if err := o.WriteFile(path, m); err != nil {
					t.Fatal(err)
				}
				paths = append(paths, path)
			}
		}
	}
	return paths
}

// TestChecker lets the ONNX project's own checker read the files, with full
// shape inference. Debian's version knows opset 13, not 21.
func TestChecker(t *testing.T) {
	script := "import sys, onnx\nfor p in sys.argv[1:]: onnx.checker.check_model(onnx.load(p), full_check=True)\n" +
		"print(len(sys.argv) - 1)"
	paths := files(t, 13)
	out, err := exec.Command("/usr/bin/python3", append([]string{"-c", script}, paths...)...).CombinedOutput()
	if err != nil || strings.TrimSpace(string(out)) != fmt.Sprint(len(paths)) {
		t.Errorf("onnx.checker (Debian's python3-onnx): %v\n%s", err, out)
	}
}

// TestNoWarnings catches what ONNX Runtime prints while it loads and runs.
func TestNoWarnings(t *testing.T) {
	log, err := os.Create(filepath.Join(t.TempDir(), "stderr"))
	if err != nil {
		t.Fatal(err)
	}
	stderr, err := syscall.Dup(2)
	if err != nil {
		t.Fatal(err)
	}
	if err := syscall.Dup3(int(log.Fd()), 2, 0); err != nil {
		t.Fatal(err)
	}
	var failure error
	for _, path := range files(t, 13, 21) {
		data, err := os.ReadFile(path)
		if err != nil {
			failure = err
			break
		}
		s, err := conformance.Open(data, conformance.Settings{})
		if err != nil {
			failure = err
			break
		}
		s.Close()
	}
	if err := syscall.Dup3(stderr, 2, 0); err != nil {
		t.Fatal(err)
	}
	if failure != nil {
		t.Fatal(failure)
	}
	text, err := os.ReadFile(log.Name())
	if err != nil || len(bytes.TrimSpace(text)) > 0 {
		t.Errorf("ONNX Runtime printed, %v:\n%s", err, text)
	}
}

// TestMetadataIsRead: class names and normalisation survive the runtime's
// reader, as they must for users that load the file there.
func TestMetadataIsRead(t *testing.T) {
	_, m := network(quantizedtest.W8A8)
	data, err := onnx.Options{}.Encode(m)
	if err != nil {
		t.Fatal(err)
	}
	file, err := onnxpb.Unmarshal(data)
	if err != nil {
		t.Fatal(err)
	}
	got, err := conformance.Metadata(data)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range file.Metadata {
		if got[e.Key] != e.Value {
			t.Errorf("%s: got %q, want %q", e.Key, got[e.Key], e.Value)
		}
	}
}
