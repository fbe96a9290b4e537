package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"petrify/quantized"
	"petrify/quantized/integer"
	"petrify/quantized/onnx"
)

func onnxFormat() format {
	return format{
		name: "onnx", file: "model.onnx", runs: "ONNX Runtime and others",
		options: []string{"opset", "batch", "signed", "image", "input-layout", "result", "target"},
		write:   writeONNX,
		is: func(path string, head []byte) bool {
			return filepath.Ext(path) == ".onnx" || onnx.Wrote(head)
		},
		verify:     checkONNX,
		inspect:    inspecting(onnx.Inspect),
		arithmetic: onnxArithmetic,
		runner: &runner{
			name: "ONNX Runtime", variable: ortrunVariable, usual: "ortrun",
			takes: ortrunTakes, tapped: onnx.Tapped,
		},
	}
}

// onnxArithmetic is that of ONNX Runtime's kernels for int8, which some
// sessions and processors use for files of int8.
func onnxArithmetic(facts map[string]string) (a arithmetic, err error) {
	var o onnx.Options
	if err := json.Unmarshal([]byte(facts[quantized.ExportKey]), &o); err != nil || !o.Signed {
		return a, err
	}
	return arithmetic{whose: "int8 kernels'", Options: integer.Options{Signed: true}}, nil
}

// ortrunVariable names internal/conformance/cmd/ortrun, which runs ONNX Runtime.
const ortrunVariable = "PETRIFY_ORTRUN"

// ortrunTakes says how a file is run if its input and output are the network's.
func ortrunTakes(file []byte, m *quantized.Model) (x execution, err error) {
	written, err := onnx.WrittenWith(file, m)
	switch {
	case err != nil:
		return x, err
	case written.Image:
		return x, errors.New("its input is an image of bytes")
	case written.InputLayout == onnx.NHWC || written.InputLayout == onnx.NLC:
		return x, errors.New("its input has channels last")
	case written.Result != onnx.Logits:
		return x, fmt.Errorf("its output is the %v", written.Result)
	case written.Batch > 1:
		return x, fmt.Errorf("it takes %d inputs at a time", written.Batch)
	case written.Batch == 1:
		x.flags = []string{"-batch", "1"}
	}
	return x, nil
}

func writeONNX(path string, m *quantized.Model, o exportOptions) error {
	options, err := o.onnx(m)
	if err == nil {
		options.InputLayout, err = o.layout(m)
	}
	if err != nil {
		return err
	}
	return options.WriteFile(path, m)
}

// onnx are the options for a model.
func (o exportOptions) onnx(m *quantized.Model) (onnx.Options, error) {
	result, err := choice("result", o.result, "logits", "probabilities", "class")
	if err != nil {
		return onnx.Options{}, err
	}
	target, err := choice("target", o.target, "any", "x64-avx2")
	if err != nil {
		return onnx.Options{}, err
	}
	if !slices.Contains([]int{0, 13, 21}, o.opset) {
		return onnx.Options{}, usage(fmt.Errorf("--opset %d: want 13 or 21", o.opset))
	}
	if o.batch < 0 {
		return onnx.Options{}, usage(fmt.Errorf("--batch %d: want 0 or more", o.batch))
	}
	inBlocks := func(n quantized.Node) bool { return n.Weights != nil && n.Weights.Block > 0 }
	if o.opset == 0 && slices.ContainsFunc(m.Nodes, inBlocks) {
		o.opset = 21 // the first with scales for blocks
	}
	return onnx.Options{
		Opset: o.opset, Batch: o.batch, Signed: o.signed, Image: o.image,
		Result: onnx.Result(result), Target: onnx.Target(target), Metadata: o.facts,
	}, nil
}

// layout is that of the input: the one that is named, or the source's.
func (o exportOptions) layout(m *quantized.Model) (onnx.InputLayout, error) {
	word := o.inputLayout
	if word == "source" {
		record, err := readImport(o.folder)
		if err != nil {
			return 0, fmt.Errorf("--input-layout source: the model's folder does not say what file it comes from: %w", err)
		}
		in, err := record.Input.Image()
		shape, want := m.Input.Shape, []int{in.C, in.H, in.W}
		if len(shape) == 1 {
			want = []int{in.Size()}
		}
		if err != nil || !slices.Equal(shape, want) {
			return 0, fmt.Errorf("--input-layout source: the input of %s is %s %v, the model's is %v", record.File,
				record.Input.Layout, record.Input.Shape, shape)
		}
		if word = strings.ToLower(record.Input.Layout); len(shape) == 1 {
			word = "" // features
		}
	}
	at, err := choice("input-layout", word, onnx.InputLayouts()...)
	return onnx.InputLayout(at), err
}

// channelsFirst reports whether the flag asks for an input with channels first, from a format that has
// them last.
func (o exportOptions) channelsFirst(m *quantized.Model) (bool, error) {
	if o.inputLayout == "" {
		return false, nil
	}
	layout, err := o.layout(m)
	if err == nil {
		err = layout.Suits(&m.Input)
	}
	shape := m.Input.Shape
	if err == nil && len(shape) == 1 && o.inputLayout != "source" {
		err = fmt.Errorf("--input-layout %s: the model's input is %v: features have no layout", o.inputLayout, shape)
	}
	return len(shape) > 1 && (layout == onnx.NCHW || layout == onnx.NCL), err
}

func checkONNX(path string, m *quantized.Model) (map[string]string, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	if err := onnx.Verify(data, m); err != nil {
		return nil, err
	}
	return onnx.Metadata(data)
}

// choice is the index of a flag's word among the allowed ones; the empty word
// means the first.
func choice(flag, word string, allowed ...string) (int, error) {
	if word == "" {
		return 0, nil
	}
	i := slices.Index(allowed, word)
	if i < 0 {
		return 0, usage(fmt.Errorf("--%s %s: want one of %s", flag, word, strings.Join(allowed, ", ")))
	}
	return i, nil
}
