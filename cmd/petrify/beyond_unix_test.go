//go:build unix

package main

import (
	"archive/zip"
	"bytes"
	"encoding/binary"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"petrify/quantized"
)

// Arrays and IDX files that do not fit into their share of the memory are trained on from
// disk, and the run ends with the same bytes.
func TestDataBeyondMemoryGiveTheSameModel(t *testing.T) {
	rng, dir := rand.New(rand.NewPCG(1, 2)), t.TempDir()
	const samples = 96
	header := func(descr, shape string) []byte {
		text := fmt.Sprintf("{'descr': '%s', 'fortran_order': False, 'shape': %s, }\n", descr, shape)
		return append([]byte{0x93, 'N', 'U', 'M', 'P', 'Y', 1, 0, byte(len(text)), 0}, text...)
	}
	x, y, idx := header("<f4", "(96, 2, 8, 8)"), header("|u1", "(96,)"), map[string][]byte{}
	for i, n := range []uint32{64, 32} {
		name := []string{"train", "t10k"}[i]
		images := binary.BigEndian.AppendUint32([]byte{0, 0, 8, 3}, n)
		images = append(images, 0, 0, 0, 8, 0, 0, 0, 8)
		labels := binary.BigEndian.AppendUint32([]byte{0, 0, 8, 1}, n)
		for range n {
			class := byte(rng.IntN(3))
			labels = append(labels, class)
			for range 64 {
				images = append(images, 60*class+byte(rng.IntN(99)))
			}
		}
		idx[name+"-images-idx3-ubyte"], idx[name+"-labels-idx1-ubyte"] = images, labels
	}
	for i := range samples {
		y = append(y, byte(i%3))
		for range 128 {
			x, _ = binary.Append(x, binary.LittleEndian, float32(i%3)+float32(rng.NormFloat64()))
		}
	}
	for name, content := range idx {
		write(t, filepath.Join(dir, "idx", name), content)
	}
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	for name, content := range map[string][]byte{"x.npy": x, "y.npy": y} {
		f, err := w.Create(name)
		if err == nil {
			_, err = f.Write(content)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	write(t, filepath.Join(dir, "a.npz"), b.Bytes())
	for name, first := range map[string]string{"a.npz": "true", "idx": "false"} {
		var models []map[string]string
		for i, share := range []string{"0.5", "1e-12"} {
			run := filepath.Join(dir, fmt.Sprint(name, i))
			args := []string{"train", "--out", run, "--set", "dataset=" + filepath.Join(dir, name), "--set",
				"data.memory=" + share, "--set", "data.cache=" + run + "-cache", "--set", "network=mlp", "--set", "float.epochs=2", "--set",
				"qat.epochs=1"}
			if first == "true" {
				args = append(args, "--set", "data.channels_first=true")
			}
			petrify(t, args...)
			model := map[string]string{}
			for _, file := range []string{quantized.TensorsFile, floatFile, defaultFormat().file} {
				text, err := os.ReadFile(filepath.Join(run, file))
				if err != nil {
					t.Fatal(err)
				}
				model[file] = string(text)
			}
			if files, _ := filepath.Glob(filepath.Join(run+"-cache", "decoded", "*.pixels")); (len(files) > 0) != (i == 1) {
				t.Errorf("%s: with a share of %s, on disk: %q", name, share, files)
			}
			models = append(models, model)
		}
		if !maps.Equal(models[0], models[1]) {
			t.Errorf("%s: other files from disk: %v", name, slices.Collect(maps.Keys(models[0])))
		}
	}
}

func write(t *testing.T, path string, content []byte) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, content, 0o666); err != nil {
		t.Fatal(err)
	}
}
