package onnxeval

import (
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode"

	"petrify/internal/onnxpb"
)

// TestOutsideData: data are read from regular files of the folder alone, and a
// message names others without what a terminal would obey.
func TestOutsideData(t *testing.T) {
	folder := t.TempDir()
	if err := os.WriteFile(filepath.Join(folder, "data"), make([]byte, 8), 0o666); err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct{ location, offset, want string }{
		{"data", "9223372036854775807", "the 4 bytes from 9223372036854775807 on"},
		{"missing", "0", `its data are in "missing": no such file`},
		{".", "0", `".", which is no regular file`},
		{"\x00", "0", "want a path within the model's folder"},
		{strings.Repeat("x", 5000), "0", "its data are in \"xxx"},
		{"\x1b[31m\n", "0", `its data are in "?[31m?"`},
	} {
		_, err := Decode(&onnxpb.Tensor{Type: onnxpb.Float, Dims: []int64{1}, Outside: true, External: []onnxpb.Entry{
			{Key: "location", Value: tt.location}, {Key: "offset", Value: tt.offset}}}, folder)
		if err == nil || !strings.Contains(err.Error(), tt.want) || len(err.Error()) > 300 ||
			strings.ContainsFunc(err.Error(), unicode.IsControl) {
			t.Errorf("%q from %s: got error %v, want %q", tt.location, tt.offset, err, tt.want)
		}
	}
}

// TestAttributes: those of another type than the standard's are refused, and
// numbers that are not finite.
func TestAttributes(t *testing.T) {
	x := Floats([]int{1, 1, 4, 4}, make([]float64, 16))
	for _, tt := range []struct {
		op        string
		attribute onnxpb.Attribute
		want      string
	}{
		{"LeakyRelu", onnxpb.Attribute{Name: "alpha", Type: onnxpb.IntAttribute, Int: 1},
			"attribute alpha is not a number"},
		{"LeakyRelu", onnxpb.Attribute{Name: "alpha", Type: onnxpb.FloatAttribute, Float: float32(math.NaN())},
			`attribute "alpha" is NaN`},
		{"LeakyRelu", onnxpb.Attribute{Name: "alpha", Float: 0.5}, ""}, // of the first versions
		{"Flatten", onnxpb.Attribute{Name: "axis", Type: onnxpb.IntsAttribute, Ints: []int64{1}},
			"attribute axis is not an integer"},
		{"MaxPool", onnxpb.Attribute{Name: "kernel_shape", Type: onnxpb.IntAttribute, Int: 2},
			"attribute kernel_shape is not a list of integers"},
		{"MaxPool", onnxpb.Attribute{Name: "kernel_shape", Type: onnxpb.IntsAttribute, Ints: []int64{2, 0}},
			"want 1 to 32768"},
		{"Pad", onnxpb.Attribute{Name: "mode", Type: onnxpb.IntAttribute}, "attribute mode is not a text"},
	} {
		g := &Graph{Nodes: []*Node{{Version: 9, Node: onnxpb.Node{Op: tt.op, Inputs: []string{"x"},
			Outputs:    []string{"y"},
			Attributes: []onnxpb.Attribute{tt.attribute}}}}}
		_, err := g.Run(map[string]*Tensor{"x": x}, Options{Want: []string{"y"}})
		if tt.want == "" && err != nil || tt.want != "" && (err == nil || !strings.Contains(err.Error(), tt.want)) {
			t.Errorf("%s of %s: got error %v, want %q", tt.attribute.Name, tt.op, err, tt.want)
		}
	}
}
