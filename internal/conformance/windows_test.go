package conformance_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"petrify/datasets"
	"petrify/fakequant"
	"petrify/graph"
	"petrify/internal/conformance"
	"petrify/quantized/integer"
	"petrify/quantized/onnx"
	"petrify/train"
)

// TestWindowsOfRecordings: what networks learn of windows of recordings, in every task, is in
// ONNX Runtime what the definition says, and in TensorFlow Lite and C the engine's integers.
func TestWindowsOfRecordings(t *testing.T) {
	path := filepath.Join(t.TempDir(), "recordings.csv")
	if err := os.WriteFile(path, []byte(swings()), 0o666); err != nil {
		t.Fatal(err)
	}
	runtimes := startTFLite(t)
	var c program
	rng := rand.New(rand.NewPCG(7, 0))
	for task, o := range map[train.Task]datasets.Options{
		train.Classification: {Label: "kind"}, train.Pixels: {Label: "kind", Target: datasets.PixelTargets},
		train.Regression: {Targets: []string{"speed", "far"}}, train.Labels: {Targets: []string{"fast", "wide"}},
		train.Reconstruction: {Label: "none"}, train.Anomaly: {Label: "kind", Normal: []string{"calm"}},
	} {
		t.Run(task.String(), func(t *testing.T) {
			o.Columns, o.Windows = []string{"x", "y"}, datasets.Windows{Length: 16, Hop: 5}
			data, err := datasets.Open(path, o)
			if err != nil {
				t.Fatal(err)
			}
			layers := []graph.Layer{graph.Conv1D(8, 3).Same(), graph.BatchNorm(), graph.ReLU()}
			switch task {
			case train.Pixels:
				layers = append(layers, graph.Conv1D(data.Outputs()/16, 1))
			case train.Reconstruction, train.Anomaly:
				layers = append(layers, graph.Conv1D(2, 1))
			default:
				layers = append(layers, graph.GlobalAvgPool(), graph.Flatten(), graph.Linear(data.Outputs()))
			}
			r, err := train.Run(t.Context(), train.Config{Task: task, Data: data, Network: graph.Chain(layers...),
				Quantization: graph.Uniform(fakequant.Int8()), Batch: 16, Float: train.Stage{Epochs: 3, LearningRate: 0.01},
				QAT: train.Stage{Epochs: 1}})
			if err != nil {
				t.Fatal(err)
			}
			var x []float32
			for b, err := range data.Batches(data.Test, datasets.BatchOptions{Size: data.Test.Len()}) {
				if err != nil {
					t.Fatal(err)
				}
				x = slices.Clone(b.X)
			}
			same(t, r.Model, x, outputs(t, onnx.Options{}, conformance.Settings{}, r.Model, x))
			tfliteAgrees(t, runtimes, r.Model, integersOf(r.Model, x))
			c.add(task.String(), r.Model, byteInputs(rng, r.Model, 8), integer.Float32)
		})
	}
	c.check(t, plain)
}

// swings is a table of ten recordings, whose speed and width change.
func swings() string {
	var b strings.Builder
	b.WriteString("recording,time,x,y,kind,speed,far,fast,wide\n")
	rng := rand.New(rand.NewPCG(7, 1))
	one := map[bool]int{true: 1}
	for k := range 10 {
		speed, far, angle := 0.0, 0.0, 0.0
		for i := range 80 {
			if i%20 == 0 {
				speed, far = 0.1+rng.Float64(), 1+rng.Float64()
			}
			angle += speed
			kind := []string{"calm", "wild"}[one[speed+far > 2]]
			fmt.Fprintf(&b, "%d,%d,%.3f,%.3f,%s,%.3f,%.3f,%d,%d\n", k, i, far*math.Sin(angle), far*math.Cos(angle), kind,
				speed, far, one[speed > 0.6], one[far > 1.5])
		}
	}
	return b.String()
}
