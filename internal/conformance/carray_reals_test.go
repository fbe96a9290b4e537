package conformance_test

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"testing"

	"petrify/fakequant/affine"
	"petrify/internal/conformance"
	"petrify/quantized"
	"petrify/quantized/agree"
	"petrify/quantized/carray"
	"petrify/quantized/integer"
	"petrify/quantized/quantizedtest"
	"petrify/quantized/reference"
)

// cModes are the definition's modes of requantizations.
var cModes = map[integer.Requantization]reference.Mode{integer.Float32: reference.ONNXRuntime,
	integer.Gemmlowp: reference.Gemmlowp, integer.Single: reference.Single}

// checkReals compiles the program and expects the definition's elements from
// it, for inputs of real numbers, C H W.
func (p *program) checkReals(t *testing.T, compiler conformance.Toolchain, inputs [][]float32) {
	t.Helper()
	c, err := compiler.Compile(t.TempDir(), p.exports)
	if err != nil {
		t.Fatal(err)
	}
	compared, reals := 0, 0
	for i, e := range p.exports {
		shape := e.Model.Input.Shape
		in, err := binary.Append(nil, binary.NativeEndian, channelsLast(inputs[i], shape))
		if err != nil {
			t.Fatal(err)
		}
		out, err := c.Run(i, "real", in)
		if err != nil {
			t.Errorf("%s: %v", p.names[i], err)
			continue
		}
		got := make([]float32, len(out)/4)
		if _, err := binary.Decode(out, binary.NativeEndian, got); err != nil {
			t.Fatal(err)
		}
		want := definition(t, e, inputs[i])
		if differ := different(want, got); differ != "" {
			t.Errorf("%s: %s", p.names[i], differ)
		}
		compared += len(want)
		if hasFloats(e.Model) {
			reals++
		}
	}
	t.Logf("%d exports, %d of them with real numbers, %d elements", len(p.exports), reals, compared)
}

// definition is what the definition gives, channels last. Layer by layer, the
// engine may differ from it as far as sums of floats do.
func definition(t *testing.T, e conformance.Export, inputs []float32) []float32 {
	t.Helper()
	engine, err := agree.New(e.Model, integer.Options{Requantization: e.Requantization})
	if err != nil {
		t.Fatal(err)
	}
	var y []float32
	for x := range slices.Chunk(inputs, elements(e.Model.Input.Shape)) {
		values, err := reference.Run(e.Model, cModes[e.Requantization], x)
		if err != nil {
			t.Fatal(err)
		}
		activations := map[string][]float32{"": x}
		for name, v := range values {
			for i := range v.Len() {
				activations[name] = append(activations[name], v.Real(i))
			}
		}
		if err := engine.Add(activations, 1); err != nil {
			t.Fatal(err)
		}
		y = append(y, channelsLast(activations[e.Model.Output], values[e.Model.Output].Shape)...)
	}
	for _, l := range engine.Layers() {
		if l.Beyond > 0 {
			t.Errorf("%s: %d of %d elements are beyond what sums of floats allow", l.Layer, l.Beyond, l.Elements)
		}
	}
	return y
}

func different(want, got []float32) string {
	if len(want) != len(got) {
		return fmt.Sprintf("%d elements, want %d", len(got), len(want))
	}
	differ, first := 0, 0
	for i := len(want) - 1; i >= 0; i-- {
		if want[i] != got[i] {
			differ, first = differ+1, i
		}
	}
	if differ == 0 {
		return ""
	}
	return fmt.Sprintf("%d of %d elements differ; element %d is %v, want %v", differ, len(want), first, got[first],
		want[first])
}

// blocked are weights with a scale a block, with and without zero points.
var blocked = map[string]quantizedtest.Scheme{
	"blocks": {Weights: affine.Format{Bits: 4, Narrow: true}, Block: 3, Positive: affine.Uint8, Signed: affine.Int8},
	"blocks with zero points": {Weights: affine.Format{Bits: 4, Unsigned: true}, ZeroPoints: true, Block: 2,
		Positive: affine.Uint8, Signed: affine.Uint8, Affine: true},
	"blocks of bytes": {Weights: affine.Uint8, ZeroPoints: true, Block: 4},
}

// TestCReals: what is left in float, in every operation and function, gives the
// definition's elements, whatever the compiler may fuse.
func TestCReals(t *testing.T) {
	all := maps.Clone(blocked)
	maps.Copy(all, floating)
	for schemeName, scheme := range all {
		t.Run(schemeName, func(t *testing.T) {
			t.Parallel()
			var p program
			var inputs [][]float32
			add := func(name string, b *quantizedtest.Builder, y string) {
				m := b.Model(y)
				p.add(name, m, nil, requantizations[len(p.names)%3])
				inputs = append(inputs, b.Inputs(m, 12))
			}
			for _, name := range slices.Sorted(maps.Keys(builders)) {
				if scheme.FloatOutput && (name == "max pool" || name == "reshape") {
					continue // they pass on their input's numbers
				}
				b := quantizedtest.New(rand.New(rand.NewPCG(1, 2)), scheme, 4, 8, 8)
				add(name, b, builders[name](b))
			}
			for _, name := range slices.Sorted(maps.Keys(normalising)) {
				b := quantizedtest.New(rand.New(rand.NewPCG(1, 2)), scheme, 4, 8, 8)
				add(name, b, normalising[name](b))
			}
			for _, f := range append(functions, quantized.Softmax) {
				b := quantizedtest.New(rand.New(rand.NewPCG(23, 24)), scheme, 20)
				add(f.String(), b, b.Activate(b.Linear(b.Input(), 12, quantized.Identity), f))
			}
			p.checkReals(t, conformance.Toolchain{Flags: gnu}, inputs)
		})
	}
}

// TestCRealPixels: bytes are normalised as in training where the input is real
// numbers, and the test that comes with the export passes.
func TestCRealPixels(t *testing.T) {
	t.Parallel()
	_, m := network(quantizedtest.WeightOnly)
	c, err := conformance.Compile(t.TempDir(), []conformance.Export{{Model: m}}, gnu...)
	if err != nil {
		t.Fatal(err)
	}
	in := m.Input
	image := make([]uint8, elements(in.Shape))
	var want []float32
	for i := range image {
		k := i % in.Shape[0]
		image[i] = uint8(7 * i)
		want = append(want, (float32(float32(image[i])*in.PixelScale)-in.Mean[k])/in.Std[k])
	}
	out, err := c.Run(0, "pixels", image)
	if err != nil {
		t.Fatal(err)
	}
	got := make([]float32, len(out)/4)
	if err := binary.Read(bytes.NewReader(out), binary.NativeEndian, got); err != nil {
		t.Fatal(err)
	}
	if differ := different(want, got); differ != "" {
		t.Error(differ)
	}
	ownTest(t, m, carray.Options{}, false)
}
