package conformance_test

import (
	"encoding/binary"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"testing"

	"petrify/fakequant/affine"
	"petrify/quantized"
	"petrify/quantized/integer"
	"petrify/quantized/quantizedtest"
	"petrify/quantized/reference"
)

// modes are the engine's options for each mode.
var modes = map[reference.Mode]integer.Options{
	reference.ONNXRuntime: {}, reference.ONNXRuntimeInt8: {Signed: true},
	reference.XNNPACK:     {Requantization: integer.XNNPACK},
	reference.XNNPACKInt4: {Requantization: integer.XNNPACK, Int4: true},
	reference.Gemmlowp:    {Requantization: integer.Gemmlowp}, reference.Single: {Requantization: integer.Single},
}

// pageCase is a model for interpreter.py, with inputs before they are normalised.
type pageCase struct {
	name  string
	model *quantized.Model
	mode  reference.Mode
	raw   []float32
}

// TestPagesSuffice: a program in Python that knows docs/format.md and
// docs/numerics.md alone gives the engine's numbers in every activation: the
// networks of MLPerf Tiny, random ones in all schemes, each rounding on its own,
// trained ones that leave layers in float, in every mode. Where sums are of floats, it gives what the
// definition allows.
func TestPagesSuffice(t *testing.T) {
	cases := pageCases(t)
	folder := t.TempDir()
	at := func(i int) string { return filepath.Join(folder, fmt.Sprintf("%06d", i)) }
	for i, c := range cases {
		c.write(t, at(i))
	}
	if out, err := exec.Command("/usr/bin/python3", "interpreter.py", folder).CombinedOutput(); err != nil {
		t.Fatalf("interpreter.py (Debian's python3-numpy): %v\n%s", err, out)
	}
	compared := 0
	for i, c := range cases {
		t.Run(c.name, func(t *testing.T) { compared += c.compare(t, at(i)) })
	}
	t.Logf("%d networks, %d elements", len(cases), compared)
}

func pageCases(t *testing.T) []pageCase {
	var cases []pageCase
	for name, build := range zoo {
		b, m := build(rand.New(rand.NewPCG(11, 12)), quantizedtest.W8A8)
		cases = append(cases, pageCase{name, m, reference.ONNXRuntime, b.Inputs(m, 5)})
	}
	all := map[string]quantizedtest.Scheme{"blocks": {Weights: affine.Format{Bits: 4, Unsigned: true},
		ZeroPoints: true, Block: 5,
		Positive: affine.Uint8, Signed: affine.Int8}}
	maps.Copy(all, schemes)
	maps.Copy(all, floating)
	for i, name := range slices.Sorted(maps.Keys(all)) {
		for seed := range uint64(20) {
			mode := reference.Modes()[(i+int(seed))%len(modes)]
			b, m := quantizedtest.Random(rand.New(rand.NewPCG(seed, 9)), all[name], int(seed%10))
			if seed%2 == 0 { // else ties are lost
				m.Input.PixelScale, m.Input.Mean, m.Input.Std = 1, nil, nil
			}
			cases = append(cases, pageCase{fmt.Sprintf("%s/%d/%v", name, seed, mode), m, mode, b.Inputs(m, 6)})
		}
	}
	for seed := range uint64(8) {
		for _, c := range quantizedtest.Rounding(rand.New(rand.NewPCG(seed, 11))) {
			for _, mode := range reference.Modes() {
				cases = append(cases, pageCase{fmt.Sprintf("%s/%d/%v", c.Name, seed, mode), c.Model, mode, c.X})
			}
		}
	}
	for n := range 60 {
		d, mode := draw(t, *ofSeed, n), reference.Modes()[n%len(modes)]
		cases = append(cases, pageCase{fmt.Sprintf("drawn/%d/%d/%v", d.seed, n, mode), d.model, mode, d.x})
	}
	return cases
}

func elements(shape []int) int {
	n := 1
	for _, d := range shape {
		n *= d
	}
	return n
}

func (c pageCase) write(t *testing.T, folder string) {
	t.Helper()
	if err := c.model.Save(folder); err != nil {
		t.Fatal(err)
	}
	raw, err := binary.Append(nil, binary.LittleEndian, c.raw)
	if err != nil {
		t.Fatal(err)
	}
	for name, data := range map[string][]byte{"mode": []byte(c.mode.String()), "input.f32": raw} {
		if err := os.WriteFile(filepath.Join(folder, name), data, 0o666); err != nil {
			t.Fatal(err)
		}
	}
}

// normalised is the inputs as the engine takes them, C H W.
func (c pageCase) normalised() []float32 {
	x, in := make([]float32, len(c.raw)), c.model.Input
	for i, p := range c.raw {
		x[i] = float32(p * in.PixelScale)
		if channel := i % elements(in.Shape) / elements(in.Shape[1:]); in.Mean != nil {
			x[i] = float32(x[i]-in.Mean[channel]) / in.Std[channel]
		}
	}
	return x
}

// compare holds what interpreter.py wrote against the engine, or the definition,
// and returns the number of elements.
func (c pageCase) compare(t *testing.T, folder string) int {
	data, err := os.ReadFile(filepath.Join(folder, "output.f32"))
	if err != nil {
		t.Fatal(err)
	}
	y := make([]float32, len(data)/4)
	if _, err := binary.Decode(data, binary.LittleEndian, y); err != nil {
		t.Fatal(err)
	}
	x, size, compared := c.normalised(), elements(c.model.Input.Shape), len(y)
	got := make([]map[string][]float32, len(x)/size)
	for i := range got {
		got[i] = map[string][]float32{c.model.Input.Name: x[i*size : (i+1)*size]}
	}
	for _, n := range c.model.Nodes {
		size := elements(n.Output.Shape)
		if !hasFloats(c.model) {
			equal(t, engineWith(t, modes[c.mode], c.model.Until(n.Name), x), y[:len(got)*size])
		}
		for i := range got {
			got[i][n.Name], y = y[:size], y[size:]
		}
		if t.Failed() {
			t.Fatalf("from %s on", n.Name)
		}
	}
	for i := range got {
		if err := reference.Compare(c.model, c.mode, got[i]); err != nil {
			t.Fatalf("input %d: %v", i, err)
		}
	}
	return compared
}

// hasFloats reports whether a layer of m sums floats.
func hasFloats(m *quantized.Model) bool {
	return m.Input.Quant.IsFloat() || slices.ContainsFunc(m.Nodes, func(n quantized.Node) bool {
		return n.Output.Quant.IsFloat() || n.Weights != nil && (n.Weights.Q == nil || n.Weights.Block > 0)
	})
}
