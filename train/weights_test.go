package train

import (
	"archive/zip"
	"bytes"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"codeberg.org/sbinet/npyio/npz"

	"petrify/graph"
)

// A run that starts from the float weights of another one, without training
// them, quantizes to the same model.
func TestRunFromWeights(t *testing.T) {
	c := small(t)
	c.Out = t.TempDir()
	want := mustRun(t, c)
	weights, err := ReadWeights(filepath.Join(c.Out, "float.safetensors"))
	if err != nil {
		t.Fatal(err)
	}
	c.QAT.LearningRate = c.resolve().QAT.LearningRate
	c.Float, c.Weights, c.Out = Stage{}, weights, t.TempDir()
	got := mustRun(t, c)
	if got.Float != want.Float || !reflect.DeepEqual(got.Model, want.Model) {
		t.Errorf("float %v, want %v; the same model: %v", got.Float, want.Float,
			reflect.DeepEqual(got.Model, want.Model))
	}
	c.Resume = true
	c.Weights[0].F32[0]++
	if _, err := Run(t.Context(), c); err == nil || !strings.Contains(err.Error(),
		"weights.checksum: the checkpoint has") {
		t.Errorf("resumed from other weights: got %v", err)
	}
}

func TestReadWeightsFromNPZ(t *testing.T) {
	path := filepath.Join(t.TempDir(), "w.npz")
	bias := []float32{1, -2, 3.5}
	if err := npz.Write(path, map[string]any{"fc.bias": bias, "bn.num_batches_tracked": []int64{5}}); err != nil {
		t.Fatal(err)
	}
	got, err := ReadWeights(path)
	want := []graph.State{{Name: "fc.bias", Shape: []int{3}, F32: bias}}
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("got %v, %v, want %v", got, err, want)
	}
}

// A state_dict of PyTorch's, with its batch counter left out.
func TestReadWeightsFromPyTorch(t *testing.T) {
	got, err := ReadWeights(filepath.Join("..", "internal", "torchfile", "testdata", "module.pth"))
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, s := range got {
		names = append(names, s.Name)
	}
	if want := "conv.weight conv.bias fc.weight fc.bias none"; strings.Join(names, " ") != want {
		t.Errorf("got %v, want %s", names, want)
	}
}

func TestReadWeightsRefuses(t *testing.T) {
	folder := t.TempDir()
	double := filepath.Join(folder, "double.npz")
	if err := npz.Write(double, map[string]any{"fc.bias": []float64{1}}); err != nil {
		t.Fatal(err)
	}
	cut, damaged := writeArray(t, "fc.bias", pair[:len(pair)-4]), writeArray(t, "fc.bias", pair[1:])
	for path, want := range map[string]string{
		cut:                                    "fc.bias.npy: unzipped byte 132: truncated: 8 bytes announced, 4 found",
		damaged:                                "fc.bias.npy: unzipped byte 0: magic string",
		double:                                 `array "fc.bias" is of type <f8: want little-endian float32`,
		filepath.Join(folder, "w.bin"):         "want a file that ends in .safetensors, .pt, .pth or .npz",
		filepath.Join(folder, "w.pt"):          "w.pt",
		filepath.Join(folder, "w.npz"):         "w.npz",
		filepath.Join(folder, "w.safetensors"): "w.safetensors",
	} {
		if _, err := ReadWeights(path); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v, want an error with %q", path, err, want)
		}
	}
}

// pair is NumPy's file of two numbers.
var pair = []byte("\x93NUMPY\x01\x00\x76\x00" + fmt.Sprintf("%-117s\n",
	"{'descr': '<f4', 'fortran_order': False, 'shape': (1, 2), }") + "\x00\x00\x00\x00\x00\x00\x00\x00")

// writeArray writes an archive of one array.
func writeArray(t testing.TB, name string, array []byte) (path string) {
	t.Helper()
	path = filepath.Join(t.TempDir(), "w.npz")
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	if w, err := z.Create(name + ".npy"); err == nil {
		w.Write(array)
	}
	z.Close()
	if err := os.WriteFile(path, b.Bytes(), 0o666); err != nil {
		t.Fatal(err)
	}
	return path
}

func FuzzWeights(f *testing.F) {
	f.Add("fc.bias", pair)
	f.Fuzz(func(t *testing.T, name string, array []byte) {
		weights, err := ReadWeights(writeArray(t, name, array))
		if err != nil && !strings.HasPrefix(err.Error(), "train: weights") {
			t.Errorf("error %q does not name its object", err)
		}
		for _, w := range weights {
			n := 1
			for _, k := range w.Shape {
				n *= k
			}
			if n != len(w.F32) {
				t.Errorf("%d values of shape %v", len(w.F32), w.Shape)
			}
		}
	})
}

// PyTorch lets a layer before a batch norm have a bias, and one elsewhere have
// none; the float network computes the same here.
func TestWeightsWithOtherBiases(t *testing.T) {
	c := small(t)
	c.Out = t.TempDir()
	c.Float.Epochs, c.QAT.Epochs = 1, 0
	mustRun(t, c)
	weights, err := ReadWeights(filepath.Join(c.Out, "float.safetensors"))
	if err != nil {
		t.Fatal(err)
	}
	state := func(name string) *graph.State { return &weights[find(weights, name)] }
	clear(state("linear_1.bias").F32)
	c.Float, c.Weights, c.Out = Stage{}, slices.Clone(weights), ""
	want := mustRun(t, c)

	mean := state("batch_norm_1.running_mean")
	bias := make([]float32, len(mean.F32))
	for i := range bias {
		bias[i] = float32(i) - 3
		mean.F32[i] += bias[i]
	}
	given := slices.Clone(mean.F32)
	missing := find(weights, "linear_1.bias")
	c.Weights = append(slices.Delete(slices.Clone(weights), missing, missing+1),
		graph.State{Name: "conv2d_1.bias", Shape: []int{len(bias)}, F32: bias})
	got := mustRun(t, c)
	if got.Float.Accuracy != want.Float.Accuracy || math.Abs(got.Float.Loss-want.Float.Loss) > 1e-5*want.Float.Loss {
		t.Errorf("float %v, want %v", got.Float, want.Float)
	}
	if !slices.Equal(mean.F32, given) {
		t.Error("loading has changed the weights that it was given")
	}
}

func TestWeightsThatDoNotFitAreListed(t *testing.T) {
	c := small(t)
	c.Weights = []graph.State{
		{Name: "conv2d_1.weight", Shape: []int{8, 1, 5, 5}, F32: make([]float32, 200)},
		{Name: "conv2d_1.bias", Shape: []int{8}, F32: make([]float32, 8)}, // its batch norm has no mean to take it
		{Name: "linear_1.bias", Shape: []int{10}, F32: make([]float32, 10)},
	}
	_, err := Run(t.Context(), c)
	for _, part := range []string{
		"conv2d_1.weight has shape [8 1 5 5], want [8 1 3 3]",
		"conv2d_1.bias [8] is not in the network",
		"linear_1.weight [10 128] of the network is missing",
		"batch_norm_1.running_var [8] of the network is missing",
	} {
		if err == nil || !strings.Contains(err.Error(), part) {
			t.Errorf("%v\ndoes not say %q", err, part)
		}
	}
}
