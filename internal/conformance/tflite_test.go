package conformance_test

import (
	"bytes"
	"fmt"
	"io"
	"math/rand/v2"
	"strings"
	"testing"

	"petrify/fakequant/affine"
	"petrify/internal/conformance"
	"petrify/quantized"
	"petrify/quantized/integer"
	"petrify/quantized/quantizedtest"
	"petrify/quantized/tflite"
)

// xnnpack is how the integer engine computes what TensorFlow Lite does.
var xnnpack = integer.Options{Requantization: integer.XNNPACK}

// tflites are packages of TensorFlow Lite, the oldest first.
type tflites []*conformance.TFLite

// startTFLite starts the packages until the test ends.
func startTFLite(t *testing.T) tflites {
	t.Helper()
	return tflites{startPackage(t, conformance.TFJS), startPackage(t, conformance.LiteRT)}
}

func startPackage(t *testing.T, p conformance.TFLitePackage) *conformance.TFLite {
	t.Helper()
	runtime, err := conformance.StartTFLite(p)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := runtime.Close(); err != nil {
			t.Error(err)
		}
	})
	return runtime
}

// run computes the outputs of a file, which all packages must give.
func (all tflites) run(t *testing.T, file, x []byte) []byte {
	t.Helper()
	var first []byte
	for i, runtime := range all {
		y, err := runtime.Run(file, x)
		if err != nil {
			t.Fatal(err)
		}
		if i == 0 {
			first = y
		}
		if !bytes.Equal(y, first) {
			t.Errorf("%v and %v give other bytes", all[0].Package, runtime.Package)
		}
	}
	return first
}

// moved are a model's bytes as the file has them, or back: the greatest
// integer of the format is 127 in the file.
func moved(q []byte, f affine.Format, back bool) []byte {
	shift := byte(127 - f.Max())
	if back {
		shift = -shift
	}
	y := make([]byte, len(q))
	for i, v := range q {
		y[i] = v + shift
	}
	return y
}

// tfliteBytes runs a quantized model on its bytes.
func tfliteBytes(t *testing.T, runtimes tflites, o tflite.Options, m *quantized.Model, x []byte) []byte {
	t.Helper()
	file, err := tflite.Encode(m, o)
	if err != nil {
		t.Fatal(err)
	}
	y := runtimes.run(t, file, moved(x, m.Input.Quant.Format, false))
	out, _ := m.Activation(m.Output)
	return moved(y, out.Quant.Format, true)
}

// differing counts the elements that differ from the integer engine's, and by
// how many steps at most. Outputs are vectors, or of one channel.
func differing(t *testing.T, o integer.Options, m *quantized.Model, x, y []byte) (count, most int) {
	t.Helper()
	e, err := integer.New(m, o)
	if err != nil {
		t.Fatal(err)
	}
	n := len(x) / e.InputSize()
	want := make([]byte, n*e.OutputSize())
	if err := e.RunBytes(want, x, n); err != nil {
		t.Fatal(err)
	}
	out, _ := m.Activation(m.Output)
	want = outputsLast(want, out.Shape)
	if len(y) != len(want) {
		t.Fatalf("%d elements, want %d", len(y), len(want))
	}
	for i, v := range want {
		d := int(v) - int(y[i])
		if !out.Quant.Format.Unsigned {
			d = int(int8(v)) - int(int8(y[i]))
		}
		if d != 0 {
			count++
		}
		most = max(most, d, -d)
	}
	return count, most
}

// outputsLast turns N C H W into N H W C.
func outputsLast(x []byte, shape []int) []byte {
	if len(shape) < 3 {
		return x
	}
	y := make([]byte, len(x))
	plane := shape[1] * shape[2]
	size := shape[0] * plane
	for i := range x {
		image, c, at := i/size, i/plane%shape[0], i%plane
		y[image*size+at*shape[0]+c] = x[i]
	}
	return y
}

// integersOf quantizes inputs N C H W, to N H W C.
func integersOf(m *quantized.Model, x []float32) []byte {
	q := m.Input.Quant
	y := make([]byte, len(x))
	for i, r := range channelsLast(x, m.Input.Shape) {
		y[i] = byte(affine.Quantize(r, q.Scale, q.Zero, q.Format))
	}
	return y
}

// tfliteAgrees expects the engine's integers from TensorFlow Lite.
func tfliteAgrees(t *testing.T, runtimes tflites, m *quantized.Model, x []byte) {
	t.Helper()
	y := tfliteBytes(t, runtimes, tflite.Options{}, m, x)
	if count, most := differing(t, xnnpack, m, x, y); count != 0 {
		t.Errorf("%d of %d elements differ, by %d at most", count, len(y), most)
	}
}

// TestTFLiteZoo: whole networks give the integers of the engine's default
// arithmetic, which is training's, where they add nothing; and with XNNPACK's
// additions always.
func TestTFLiteZoo(t *testing.T) {
	runtimes := startTFLite(t)
	for _, schemeName := range []string{"W8A8", "W8A8 affine", "W4A8", "W4A4"} {
		for name, build := range zoo {
			t.Run(name+"/"+schemeName, func(t *testing.T) {
				b, m := build(rand.New(rand.NewPCG(31, 32)), schemes[schemeName])
				x := integersOf(m, b.Inputs(m, 100))
				y := tfliteBytes(t, runtimes, tflite.Options{}, m, x)
				if count, _ := differing(t, xnnpack, m, x, y); count != 0 {
					t.Errorf("%d of %d elements differ from XNNPACK's arithmetic", count, len(y))
				}
				count, most := differing(t, integer.Options{}, m, x, y)
				if adds := name == "ResNet-8"; count != 0 && !adds || count > len(y)/20 {
					t.Errorf("%d of %d elements differ from training's arithmetic, by %d at most", count, len(y), most)
				}
			})
		}
	}
}

// writable are the schemes that TensorFlow Lite can hold: its weights have no
// −128 and no zero points, which petrify subtracts where the rest fits.
var writable = map[string]quantizedtest.Scheme{
	"W8A8": schemes["W8A8"], "W8A8 affine": schemes["W8A8 affine"], "W4A8": schemes["W4A8"], "W4A4": schemes["W4A4"],
	"ties": schemes["ties"], "binary": schemes["binary"],
	"W2A6": {Weights: affine.Format{Bits: 2}, Positive: affine.Format{Bits: 6, Unsigned: true},
		Signed: affine.Format{Bits: 6}},
	"per tensor": {Weights: affine.Int8Narrow, PerTensor: true, Positive: affine.Uint8, Signed: affine.Uint8,
		Affine: true},
	"zero points": {Weights: affine.Format{Bits: 7}, ZeroPoints: true, Positive: affine.Uint8,
		Signed: affine.Uint8, Affine: true},
	"unsigned weights": {Weights: affine.Format{Bits: 7, Unsigned: true}, PerTensor: true, ZeroPoints: true,
		Positive: affine.Uint8, Signed: affine.Int8},
}

// TestTFLiteIntegers: every operation in every scheme, or a refusal that names it.
func TestTFLiteIntegers(t *testing.T) {
	runtimes := startTFLite(t)
	for schemeName, scheme := range writable {
		for name, build := range builders {
			t.Run(schemeName+"/"+name, func(t *testing.T) {
				b := quantizedtest.New(rand.New(rand.NewPCG(33, 34)), scheme, 4, 8, 8)
				m := b.Model(build(b))
				if name == "prelu" { // refused by name
					if err := tflite.Write(io.Discard, m, tflite.Options{}); err == nil ||
						!strings.Contains(err.Error(), "prelu has no form there") {
						t.Errorf("%v: want a refusal", err)
					}
					return
				}
				x := integersOf(m, b.Inputs(m, 60))
				share(t, m)
				tfliteAgrees(t, runtimes, m, x)
			})
		}
	}
}

// share gives the input and the output of average pools one quantizer, as they have in
// trained networks.
func share(t *testing.T, m *quantized.Model) {
	t.Helper()
	at := map[string]*quantized.Activation{m.Input.Name: &m.Input.Activation}
	group := map[string]string{m.Input.Name: m.Input.Name}
	find := func(name string) string {
		for group[name] != name {
			name = group[name]
		}
		return name
	}
	for i := range m.Nodes {
		n := &m.Nodes[i]
		at[n.Name], group[n.Name] = &n.Output, n.Name
		if n.Op.PassesThrough() || n.Op == quantized.AvgPool {
			group[find(n.Name)] = find(n.Inputs[0])
		}
	}
	for name, a := range at {
		a.Quant = at[find(name)].Quant
	}
	for i := range m.Nodes {
		n := &m.Nodes[i]
		if n.Bias == nil {
			continue
		}
		for k := range n.Bias.Scale {
			n.Bias.Scale[k] = at[n.Inputs[0]].Quant.Scale * n.Weights.Scale[k]
		}
	}
	if err := m.Validate(); err != nil {
		t.Fatal(err)
	}
}

// TestTFLiteFunctions: functions of one number, for each of the 256.
func TestTFLiteFunctions(t *testing.T) {
	runtimes := startTFLite(t)
	rng := rand.New(rand.NewPCG(35, 36))
	x := make([]byte, 256)
	for i := range x {
		x[i] = byte(i)
	}
	for _, f := range functions {
		for i := range 12 {
			from := quantized.Quant{Format: affine.Uint8, Scale: 0.005 + rng.Float32()/10, Zero: rng.Int32N(256)}
			to := quantized.Quant{Format: affine.Int8, Scale: 0.005 + rng.Float32()/10, Zero: rng.Int32N(256) - 128}
			if i >= 6 { // as the kernels do not accept them
				to.Scale = from.Scale * []float32{60, 300, 1.0 / 200}[i%3]
			}
			switch f {
			case quantized.Sigmoid:
				to = quantized.Quant{Format: affine.Uint8, Scale: 1.0 / 256}
			case quantized.Tanh:
				to = quantized.Quant{Format: affine.Int8, Scale: 1.0 / 128}
			}
			m := functionOf(f, 256, from, to)
			t.Run(fmt.Sprintf("%v/%d", f, i), func(t *testing.T) { tfliteAgrees(t, runtimes, m, x) })
		}
	}
}

// functionOf is a model that is a function of its input.
func functionOf(f quantized.Func, width int, from, to quantized.Quant) *quantized.Model {
	m := softmaxOf(width, from, to)
	n := &m.Nodes[0]
	n.Func = f
	switch f {
	case quantized.LeakyReLU:
		n.Slope = 0.1
	case quantized.Clip:
		n.Min, n.Max = -0.3, 1.1
	}
	return m
}

// TestTFLiteSoftmax: rows with ties and extremes, of several widths.
func TestTFLiteSoftmax(t *testing.T) {
	runtimes := startTFLite(t)
	to := quantized.Quant{Format: affine.Uint8, Scale: 1.0 / 256}
	for _, from := range []quantized.Quant{
		{Format: affine.Int8, Scale: 0.0371}, {Format: affine.Uint8, Scale: 0.11, Zero: 77},
		{Format: affine.Int8, Scale: 0.005},
	} {
		for _, width := range []int{2, 3, 10, 100, 1000} {
			m := softmaxOf(width, from, to)
			x := integersOf(m, softmaxRows(rand.New(rand.NewPCG(37, uint64(width))), max(20, 100000/width), width,
				from))
			t.Run(fmt.Sprintf("%v %v/%d", from.Format, from.Scale, width),
				func(t *testing.T) { tfliteAgrees(t, runtimes, m, x) })
		}
	}
}

// TestTFLiteSums: all 65,536 pairs of integers, with scales of all kinds. The
// default arithmetic is one step away where the sum is at a tie, or next to one.
func TestTFLiteSums(t *testing.T) {
	runtimes := startTFLite(t)
	rng := rand.New(rand.NewPCG(39, 40))
	x := make([]byte, 0, 2<<16)
	for i := range 1 << 16 {
		x = append(x, byte(i>>8), byte(i))
	}
	for i := range 8 {
		a := quantized.Quant{Format: affine.Uint8, Scale: 0.01 + rng.Float32()/10, Zero: rng.Int32N(256)}
		b := quantized.Quant{Format: affine.Uint8, Scale: 0.01 + rng.Float32()/10, Zero: rng.Int32N(256)}
		y := quantized.Quant{Format: affine.Int8, Scale: 0.01 + rng.Float32()/10, Zero: rng.Int32N(256) - 128}
		allowed := 40
		if i == 0 { // (a + b)/2: every other sum is a tie
			b, y, allowed = a, quantized.Quant{Format: affine.Int8, Scale: 2 * a.Scale}, 1<<15
		}
		m := sumOf(a, b, y, quantized.Func(i%2))
		t.Run(fmt.Sprint(i), func(t *testing.T) {
			tfliteAgrees(t, runtimes, m, x)
			count, most := differing(t, integer.Options{}, m, x, tfliteBytes(t, runtimes, tflite.Options{}, m, x))
			if count > allowed || most > 1 {
				t.Errorf("%d sums differ from training's arithmetic, by %d at most: want %d and one step", count,
					most, allowed)
			}
		})
	}
}

// sumOf is a model that adds its two inputs: linear layers choose them.
func sumOf(a, b, y quantized.Quant, f quantized.Func) *quantized.Model {
	in := quantized.Quant{Format: affine.Uint8, Scale: 0.5, Zero: a.Zero}
	choice := func(name string, row []int8, q quantized.Quant) quantized.Node {
		s := q.Scale / in.Scale
		return quantized.Node{Name: name, Op: quantized.Linear, Inputs: []string{"x"},
			Weights: &quantized.Weights{Shape: []int{1, 2}, Format: affine.Int8Narrow, Scale: []float32{s}, Q: row},
			Bias:    &quantized.Bias{Q: []int32{0}, Scale: []float32{in.Scale * s}},
			Output:  quantized.Activation{Name: name, Shape: []int{1}, Quant: q}}
	}
	m := softmaxOf(1, in, y)
	m.Input.Shape = []int{2}
	m.Nodes = []quantized.Node{choice("a", []int8{1, 0}, a), choice("b", []int8{0, 1}, b), {
		Name: "y", Op: quantized.Add, Func: f, Inputs: []string{"a", "b"}, Output: m.Nodes[0].Output}}
	return m
}

// TestTFLiteRandomNetworks: whatever graph and geometry.
func TestTFLiteRandomNetworks(t *testing.T) {
	runtimes := startTFLite(t)
	for name, scheme := range writable {
		written := 0
		for seed := range uint64(40) {
			b, m := quantizedtest.Random(rand.New(rand.NewPCG(seed, 41)), scheme, int(seed%10))
			x := integersOf(m, b.Inputs(m, 8))
			share(t, m)
			if tflite.Write(discard{}, m, tflite.Options{}) != nil {
				continue
			}
			written++
			t.Run(fmt.Sprintf("%s/%d", name, seed), func(t *testing.T) { tfliteAgrees(t, runtimes, m, x) })
		}
		if written < 30 {
			t.Errorf("%s: %d of 40 networks can be written: want 30 at least", name, written)
		}
	}
}

type discard struct{}

func (discard) Write(p []byte) (int, error) { return len(p), nil }

// TestTFLiteRounding: on scales of hundredths, with which many results are next to
// ties, each layer rounds as the engine does.
func TestTFLiteRounding(t *testing.T) {
	runtimes := startTFLite(t)
	written := 0
	for seed := range uint64(12) {
		for _, c := range quantizedtest.Rounding(rand.New(rand.NewPCG(seed, 13))) {
			if tflite.Write(discard{}, c.Model, tflite.Options{}) != nil {
				continue // a pool between two grids
			}
			written++
			t.Run(fmt.Sprint(seed, " ", c.Name), func(t *testing.T) {
				tfliteAgrees(t, runtimes, c.Model, integersOf(c.Model, c.X))
			})
		}
	}
	if written < 200 {
		t.Errorf("%d models are written, want 200", written)
	}
}
