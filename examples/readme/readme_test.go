package readme

import (
	"context"
	"fmt"
	"log"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"petrify/datasets"
	"petrify/fakequant"
	"petrify/graph"
	"petrify/quantized/onnx"
	"petrify/train"
)

func Example() {
	defer inTemporaryFolder()()
	data, err := datasets.Open("digits", datasets.Options{})
	check(err)
	result, err := train.Run(context.Background(), train.Config{
		Data: data, Batch: 32,
		Network: graph.Chain(
			graph.Conv2D(16, 3).Same(), graph.BatchNorm(), graph.ReLU(), graph.MaxPool(2),
			graph.Conv2D(32, 3).Same(), graph.BatchNorm(), graph.ReLU(),
			graph.Flatten(), graph.Linear(10)),
		Float: train.Stage{Epochs: 10}, QAT: train.Stage{Epochs: 3},
		Quantization: graph.Uniform(fakequant.Int8()),
	})
	check(err)
	fmt.Printf("float %.0f %%, int8 %.0f %%\n", 100*result.Float.Accuracy, 100*result.QAT.Accuracy)
	check(onnx.WriteFile("model.onnx", result.Model))
	// Output:
	// float 99 %, int8 99 %
}

func check(err error) {
	if err != nil {
		log.Fatal(err)
	}
}

// inTemporaryFolder changes to a new folder and returns the way back.
func inTemporaryFolder() func() {
	before, err := os.Getwd()
	check(err)
	dir, err := os.MkdirTemp("", "readme")
	check(err)
	check(os.Chdir(dir))
	return func() {
		check(os.Chdir(before))
		check(os.RemoveAll(dir))
	}
}

// The README shows the body of Example.
func TestTheREADMEShowsThisProgram(t *testing.T) {
	source, err := os.ReadFile("readme_test.go")
	if err != nil {
		t.Fatal(err)
	}
	_, body, _ := strings.Cut(string(source), "defer inTemporaryFolder()()\n")
	body, _, _ = strings.Cut(body, "\t// Output:")
	document, err := os.ReadFile(filepath.Join("..", "..", "README.md"))
	if err != nil {
		t.Fatal(err)
	}
	want := "```go\n" + strings.ReplaceAll("\n"+strings.TrimSuffix(body, "\n"), "\n\t", "\n")[1:] + "\n```"
	if !strings.Contains(string(document), want) {
		t.Errorf("README.md does not show\n%s", want)
	}
}
