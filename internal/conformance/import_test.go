package conformance_test

import (
	"flag"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"petrify/fakequant"
	"petrify/graph"
	"petrify/graph/fromonnx"
	"petrify/internal/conformance"
	"petrify/internal/imported"
	"petrify/internal/onnxpb"
	"petrify/quantized/onnx"
)

// trainAll makes TestImports train every network, not only the few that CI does:
//
//	CGO_ENABLED=1 go test -run TestImports -train-all .
var trainAll = flag.Bool("train-all", false, "train every imported network")

// everyForm makes TestImportForms try one form in as many:
//
//	CGO_ENABLED=1 go test -run TestImportForms -every-form 1 .
var everyForm = flag.Int("every-form", 61, "import one in this many forms of files; 1: all 2,300, in two minutes")

// trainedInCI are the imports that CI trains: with batch norm and with it
// folded, a residual one, signals, channels last, parts of channels.
var trainedInCI = []string{"resnet-unfolded", "unet", "mobilenet-v2-hardswish", "tc-resnet", "keras", "gated",
	"convnext", "encoder"}

// written are the files that a program of Python's writes to a folder.
func written(t *testing.T, least int, arguments ...string) []string {
	t.Helper()
	folder := t.TempDir()
	arguments = append([]string{"-W", "ignore", arguments[0], folder}, arguments[1:]...)
	c := exec.Command("/usr/bin/python3", arguments...)
	c.Env = append(os.Environ(), "PYTHONDONTWRITEBYTECODE=1")
	out, err := c.CombinedOutput()
	if err != nil {
		t.Fatalf("%s (Debian's python3-torch, python3-onnx): %v\n%s", arguments, err, out)
	}
	files, err := filepath.Glob(filepath.Join(folder, "*.onnx"))
	if err != nil || len(files) < least {
		t.Fatalf("%s wrote %d files: %v", arguments, len(files), err)
	}
	return files
}

// TestImportForms: every operator in every form, and the known families of
// networks as PyTorch, Keras and scikit-learn write them at all opsets, compute
// what ONNX Runtime computes, or are refused.
func TestImportForms(t *testing.T) {
	for _, file := range written(t, 2000 / *everyForm, "forms.py", strconv.Itoa(*everyForm)) {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".onnx"), func(t *testing.T) {
			m, err := fromonnx.Read(file, fromonnx.Options{})
			if strings.HasPrefix(filepath.Base(file), "refused-") {
				if err == nil {
					t.Fatal("was imported")
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			asInRuntime(t, file, m)
		})
	}
}

// TestImports: what PyTorch, and others, export is imported, and computes what
// ONNX Runtime computes. Some of it trains on, and its export is what ONNX
// Runtime runs, element for element.
func TestImports(t *testing.T) {
	for _, file := range written(t, 30, "networks.py") {
		name := strings.TrimSuffix(filepath.Base(file), ".onnx")
		t.Run(name, func(t *testing.T) {
			m, err := fromonnx.Read(file, fromonnx.Options{})
			if strings.HasPrefix(name, "refused-") {
				if err == nil || !strings.Contains(err.Error(), "cannot be imported") {
					t.Fatalf("got error %v, want a refusal", err)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			asInRuntime(t, file, m)
			for _, chosen := range trainedInCI {
				if *trainAll || name == chosen {
					trainsOn(t, m)
					break
				}
			}
		})
	}
}

// asInRuntime compares 64 inputs with ONNX Runtime, or by definition where the
// file has other inputs or outputs than one of float32, or operators of versions
// that ONNX Runtime does not have.
func asInRuntime(t *testing.T, file string, m *fromonnx.Model) {
	t.Helper()
	in, out := m.Source().Inputs[0], m.Source().Outputs
	if len(out) > 1 || in.Type != onnxpb.Float || out[0].Type != onnxpb.Float || m.Opset < 7 {
		byDefinition(t, m)
		return
	}
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	s, err := conformance.Open(data, conformance.Settings{Threads: 1})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	n, err := imported.New(m.Network, m.Weights, m.Facts)
	if err != nil {
		t.Fatal(err)
	}
	defer n.Close()
	x := imported.RandomInputs(m, 64, 1)
	ours, _, err := n.Results(x)
	if err != nil {
		t.Fatal(err)
	}
	var c imported.Comparison
	step := 64
	if m.Facts.Input.Batch > 0 {
		step = m.Facts.Input.Batch
	}
	size := m.Input.Size()
	for i := 0; i < 64; i += step {
		y, err := s.Run(x[i*size : (i+step)*size])
		if err != nil && strings.Contains(err.Error(), "padding values must be non-negative") {
			byDefinition(t, m) // SAME_LOWER with strides that pass over pixels
			return
		}
		if err != nil {
			t.Fatal(err)
		}
		theirs := make([]float64, len(y))
		for k, v := range y {
			theirs[k] = float64(v)
		}
		outputs := len(ours) / 64
		if err := c.Add(ours[i*outputs:(i+step)*outputs], theirs); err != nil {
			t.Fatal(err)
		}
	}
	if c.Relative() > 1e-4 {
		t.Errorf("%.1e of the greatest output", c.Relative())
	}
}

// byDefinition compares 64 inputs with the file's operators as the standard defines them.
func byDefinition(t *testing.T, m *fromonnx.Model) {
	t.Helper()
	c, err := imported.Compare(m, 64)
	if err != nil || c.Relative() > 1e-4 {
		t.Fatalf("by definition: %.1e of the greatest output, error %v", c.Relative(), err)
	}
}

// trainsOn trains the network a little with quantization, and expects of ONNX
// Runtime what the graph evaluates.
func trainsOn(t *testing.T, m *fromonnx.Model) {
	t.Helper()
	model := trainedFrom(t, m.Network, m.Input, graph.Uniform(fakequant.Int8()), m.Weights)
	frozen, err := model.Freeze()
	if err != nil {
		t.Fatal(err)
	}
	const size = 50
	e, err := model.Evaluator(size, true)
	if err != nil {
		t.Fatal(err)
	}
	defer e.Close()
	x := images(rand.New(rand.NewPCG(5, 6)), size, m.Input)
	if _, err := e.Run(x, make([]int32, size)); err != nil {
		t.Fatal(err)
	}
	last := x
	x = channelsFirst(x, m.Input)
	equal(t, e.Logits(), outputs(t, onnx.Options{}, conformance.Settings{}, frozen, x))
	layouts := map[onnx.InputLayout][]float32{}
	switch in := m.Input; {
	case in.H > 1:
		layouts[onnx.NHWC] = last
	case in.W > 1:
		layouts[onnx.NHWC], layouts[onnx.NCL], layouts[onnx.NLC] = last, x, last
	}
	for layout, x := range layouts {
		equal(t, e.Logits(), outputs(t, onnx.Options{InputLayout: layout}, conformance.Settings{}, frozen, x))
	}
	equal(t, e.Logits(), engineOutputs(t, frozen, x))
}
