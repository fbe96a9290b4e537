package config

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"petrify/datasets"
)

// Data whose channels are not those of an imported file are refused in terms of both, and
// not of a layer; other weights may have other channels.
func TestImportedChannels(t *testing.T) {
	folder := t.TempDir()
	write := func(name, text string) string {
		path := filepath.Join(folder, name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	write(NetworkFile, "layers: [conv2d: {filters: 2, kernel: 1}, flatten, linear: {features: 10}]")
	data, err := datasets.Open("digits", datasets.Options{})
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct{ name, layout, shape, weights, want string }{
		{"channels last", "NHWC", "[1, 8, 8]", "", "takes 8 channels of 1×8, and digits has 1 of 8×8"},
		{"a signal", "NCL", "[4, 16]", "", "takes 4 channels of 1×16, and digits has 1 of 8×8"},
		{"other weights", "NCL", "[4, 16]", "weights: none.npz\n", "none.npz"},
		{"as the data", "NCHW", "[1, 8, 8]", "", WeightsFile},
		{"another size", "NCHW", "[1, 6, 9]", "", WeightsFile},
	} {
		t.Run(tt.name, func(t *testing.T) {
			write(ImportFile, `{"input": {"layout": "`+tt.layout+`", "shape": `+tt.shape+`}}`)
			path := write("run.yaml", "dataset: digits\n"+tt.weights+"network: "+folder)
			c, err := Load(path)
			if err != nil {
				t.Fatal(err)
			}
			if _, err = c.Train(data); err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("error %v, want one with %q", err, tt.want)
			}
		})
	}
}
