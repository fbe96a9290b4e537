package main

import (
	"bufio"
	"encoding/binary"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"petrify/internal/onnxpb"
	"petrify/quantized"
	"petrify/quantized/onnx"
	"petrify/quantized/reference"
)

// What the stand-in runs, and the layer that it computes wrongly, if any.
const (
	standInModel = "STANDIN_MODEL"
	standInFault = "STANDIN_FAULT"
)

// standIn is a program that takes ortrun's place: it computes what the
// definition says, except for one element of one layer.
func standIn() {
	if os.Args[1] == "-version" {
		fmt.Println("0")
		return
	}
	if err := standInFor(os.Args[len(os.Args)-1]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func standInFor(path string) error {
	m, err := quantized.Load(os.Getenv(standInModel))
	if err != nil {
		return err
	}
	data, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	file, err := onnxpb.Unmarshal(data)
	if err != nil {
		return err
	}
	_, taps, err := onnx.Tapped(data, m)
	if err != nil {
		return err
	}
	if len(file.Graph.Outputs) == 1 {
		taps = nil
	}
	size := 1
	for _, d := range m.Input.Shape {
		size *= d
	}
	x := make([]float32, size)
	w := bufio.NewWriter(os.Stdout)
	for {
		switch err := binary.Read(os.Stdin, binary.LittleEndian, x); err {
		case nil:
		case io.EOF:
			return w.Flush()
		default:
			return err
		}
		values, err := faulty(m, x)
		if err != nil {
			return err
		}
		y := values[m.Output]
		for i := range y.Len() {
			binary.Write(w, binary.LittleEndian, y.Real(i))
		}
		for _, t := range taps {
			v := values[t.Name]
			binary.Write(w, binary.LittleEndian, v.R)
			for _, q := range v.Q {
				if !v.Quant.Format.Unsigned {
					q += 128
				}
				w.WriteByte(byte(q))
			}
		}
	}
}

// faulty computes all activations, the first element of one layer wrong by a step,
// or a tenth.
func faulty(m *quantized.Model, x []float32) (map[string]*reference.Tensor, error) {
	values := map[string]*reference.Tensor{m.Input.Name: reference.Of(m.Input.Activation, x)}
	for i := range m.Nodes {
		y, err := reference.Layer(&m.Nodes[i], reference.ONNXRuntime, values)
		if err != nil {
			return nil, err
		}
		switch {
		case y.Name != os.Getenv(standInFault):
		case y.R != nil:
			y.R[0] += 0.1
		case y.Q[0] > 0:
			y.Q[0]--
		default:
			y.Q[0]++
		}
		values[y.Name] = y
	}
	return values, nil
}

// A runtime that computes one element of one layer differently is detected,
// with the layer's name: exit code 1. One that adds floats in another order is
// accepted.
func TestRuntimeThatDiffers(t *testing.T) {
	program, err := exec.LookPath("standin")
	if err != nil {
		t.Fatal(err)
	}
	integers, floats := ownRun(t), filepath.Join(t.TempDir(), "run")
	finished(t, "train", "--out", floats, "--set", "float.epochs=1", "--set", "qat.epochs=1",
		"--set", "quantization.global_config.activation_dtype=float32",
		"--set", "network=[flatten, {linear: {features: 24}}, relu, {linear: {features: 10}}]")
	for _, tt := range []struct {
		folder, fault string
		code          int
		stdout        string
		stderr        string
	}{
		{integers, "", exitOK,
			": 0 differ (training = integer engine = definition on 2 images = re-read file = ONNX Runtime 0)", ""},
		{integers, "linear_1", exitFailed, "", "outputs differ, by up to .*; it begins in layer linear_1: "},
		{integers, "linear_2", exitFailed, "", "it begins in layer linear_2: 2 of 4 elements, by up to"},
		{floats, "", exitOK, "; within rounding of float sums: ONNX Runtime 0", ""},
		{floats, "linear_1", exitFailed, "", "it begins in layer linear_1: "},
		{floats, "linear_2", exitFailed, "", "it begins in layer linear_2: 355 of 3,550 elements, by up to 0.1"},
	} {
		t.Setenv(standInModel, tt.folder)
		t.Setenv(standInFault, tt.fault)
		code, stdout, stderr := verifiedBy(t, program, tt.folder)
		said := strings.Contains(stdout, tt.stdout) && regexp.MustCompile(tt.stderr).MatchString(stderr)
		if code != tt.code || !said {
			t.Errorf("%s, fault %q: exit code %d: %s%s: want %d, %q, %q",
				tt.folder, tt.fault, code, stdout, stderr, tt.code, tt.stdout, tt.stderr)
		}
	}
}
