package conformance_test

import (
	"bytes"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"petrify/internal/conformance"
	"petrify/quantized"
	"petrify/quantized/carray"
	"petrify/quantized/quantizedtest"
)

// TestCOwnTest: the test that comes with the files passes, and fails once a
// weight is changed.
func TestCOwnTest(t *testing.T) {
	t.Parallel()
	_, m := network(quantizedtest.W8A8)
	for name, change := range map[string]bool{"as written": false, "changed": true} {
		t.Run(name, func(t *testing.T) { ownTest(t, m, carray.Options{}, change) })
	}
}

func ownTest(t *testing.T, m *quantized.Model, o carray.Options, change bool) {
	dir := t.TempDir()
	o.Name = "own"
	if err := carray.Write(dir, m, o); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, "own.c")
	source, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if change {
		source = bytes.Replace(source, []byte(".pad_top = 1"), []byte(".pad_top = 0"), 1)
		if err := os.WriteFile(path, source, 0o666); err != nil {
			t.Fatal(err)
		}
	}
	if err := conformance.CC(dir, append(slices.Concat(standard, conformance.Strict), "own.c", "own_test.c", "-o",
		"own")...); err != nil {
		t.Fatal(err)
	}
	out, err := exec.Command(filepath.Join(dir, "own")).CombinedOutput()
	if (err != nil) != change || strings.Contains(string(out), ": 0 differ\n") == change {
		t.Errorf("%v, %s", err, out)
	}
}

// TestCRefusesOtherFloats: where floats would give other results, and where
// header and source do not belong together, the source does not compile.
func TestCRefusesOtherFloats(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	_, m := network(quantizedtest.W8A8)
	if err := carray.Write(dir, m, carray.Options{Name: "own"}); err != nil {
		t.Fatal(err)
	}
	if err := conformance.CC(dir, "-std=c99", "-ffast-math", "-c", "own.c"); err == nil ||
		!strings.Contains(err.Error(), "inexact floats change results") {
		t.Errorf("-ffast-math: %v", err)
	}
	_, other := network(quantizedtest.W4A4)
	if err := carray.Write(filepath.Join(dir, "other"), other, carray.Options{Name: "own"}); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(filepath.Join(dir, "other", "own.h"), filepath.Join(dir, "own.h")); err != nil {
		t.Fatal(err)
	}
	if err := conformance.CC(dir, "-std=c99", "-c", "own.c"); err == nil ||
		!strings.Contains(err.Error(), "of different exports") {
		t.Errorf("header of another export: %v", err)
	}
}

// TestCNames: whatever models, layers and classes are called, the files are C,
// and the header is C++.
func TestCNames(t *testing.T) {
	const rude = "*/ int x; /*/ ??/ %d \\ \" \n größer"
	_, m := network(quantizedtest.W8A8)
	m.Name, m.Origin.Dataset, m.Classes[0] = rude, rude, rude
	names := []string{"linear", "linear_layer", "1", rude, "int", "conv_weights", "conv", "a/b", "a.b", "a_b", "_",
		"window", "soft"}
	renamed := map[string]string{}
	for i := range m.Nodes {
		n := &m.Nodes[i]
		renamed[n.Name] = names[i%len(names)]
		n.Name = renamed[n.Name]
		n.Output.Name = n.Name
		for j, in := range n.Inputs {
			if to, ok := renamed[in]; ok {
				n.Inputs[j] = to
			}
		}
	}
	m.Output = renamed[m.Output]
	var p program
	p.add("rude", m, byteInputs(rand.New(rand.NewPCG(1, 2)), m, 20), requantizations...)
	p.check(t, standard)
	dir := t.TempDir()
	if err := carray.Write(dir, m, carray.Options{}); err != nil {
		t.Fatal(err)
	}
	if err := conformance.CC(dir, append(slices.Clone(conformance.Strict), "-std=c++98", "-fsyntax-only", "-x",
		"c++", carray.Identifier(rude)+".h")...); err != nil {
		t.Error(err)
	}
}
