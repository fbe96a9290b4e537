package conformance_test

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"petrify/fakequant/affine"
	"petrify/internal/conformance"
	"petrify/quantized"
	"petrify/quantized/integer"
	"petrify/quantized/onnx"
	"petrify/quantized/quantizedtest"
)

// standard are the flags of C99 as its users compile it; gnu those that let a
// compiler fuse products with sums where the processor can; portable those that leave
// vectors of x86-64 out.
var (
	standard  = []string{"-std=c99", "-O2"}
	plain     = []string{"-std=c99", "-O0"}
	gnu       = []string{"-std=gnu11", "-O3", "-march=native", "-ffp-contract=fast"}
	sanitized = []string{"-std=c99", "-O1", "-g", "-fsanitize=undefined,address", "-fno-sanitize-recover"}
	portable  = append(slices.Clone(sanitized), "-U__SSE2__") // as if the processor had no vectors
)

var requantizations = []integer.Requantization{integer.Float32, integer.Gemmlowp, integer.Single}

// program is a set of exports and the inputs that each is given.
type program struct {
	names   []string
	exports []conformance.Export
	inputs  [][]uint8 // unsigned bytes, H W C
}

// add exports a model with each requantization.
func (p *program) add(name string, m *quantized.Model, inputs []uint8, how ...integer.Requantization) {
	for _, r := range how {
		p.names = append(p.names, name+"/"+r.String())
		p.exports = append(p.exports, conformance.Export{Model: m, Requantization: r})
		p.inputs = append(p.inputs, inputs)
	}
}

// check compiles the program and expects the integer engine's bytes from it.
func (p *program) check(t *testing.T, flags []string) {
	t.Helper()
	p.checkWith(t, conformance.Toolchain{Flags: flags})
}

func (p *program) checkWith(t *testing.T, compiler conformance.Toolchain) {
	t.Helper()
	c, err := compiler.Compile(t.TempDir(), p.exports)
	if err != nil {
		t.Fatal(err)
	}
	for i, e := range p.exports {
		got, err := c.Run(i, "run", p.inputs[i])
		if err != nil {
			t.Errorf("%s: %v", p.names[i], err)
			continue
		}
		if want := engineBytes(t, e, p.inputs[i]); !bytes.Equal(got, want) {
			t.Errorf("%s: %s", p.names[i], differences(want, got))
		}
	}
}

func differences(want, got []byte) string {
	if len(want) != len(got) {
		return fmt.Sprintf("%d bytes, want %d", len(got), len(want))
	}
	differ, most := 0, 0
	for i := range want {
		if d := int(want[i]) - int(got[i]); d != 0 {
			differ++
			most = max(most, d, -d)
		}
	}
	return fmt.Sprintf("%d of %d bytes differ, by up to %d", differ, len(want), most)
}

// engineBytes is what the integer engine computes, as C has it: unsigned, and
// channels last.
func engineBytes(t *testing.T, e conformance.Export, x []uint8) []uint8 {
	t.Helper()
	engine, err := integer.New(e.Model, integer.Options{Requantization: e.Requantization})
	if err != nil {
		t.Fatal(err)
	}
	x = slices.Clone(x)
	for i := range x {
		x[i] -= up(e.Model.Input.Quant)
	}
	n := len(x) / engine.InputSize()
	planar := make([]uint8, n*engine.OutputSize())
	if err := engine.RunBytes(planar, x, n); err != nil {
		t.Fatal(err)
	}
	out, _ := e.Model.Activation(e.Model.Output)
	channels := out.Shape[0]
	pixels := engine.OutputSize() / channels
	var y []uint8
	for image := range slices.Chunk(planar, engine.OutputSize()) {
		for p := range pixels {
			for c := range channels {
				y = append(y, image[c*pixels+p]+up(out.Quant))
			}
		}
	}
	return y
}

// up is the offset that makes integers of q unsigned.
func up(q quantized.Quant) uint8 {
	if q.Format.Unsigned {
		return 0
	}
	return 128
}

// byteInputs are n inputs: all least, all zero, all greatest, then random.
func byteInputs(rng *rand.Rand, m *quantized.Model, n int) []uint8 {
	size := 1
	for _, d := range m.Input.Shape {
		size *= d
	}
	q := m.Input.Quant
	ends := [3]int32{q.Format.Min(), q.Zero, q.Format.Max()}
	x := make([]uint8, n*size)
	for i := range x {
		v := ends[min(i/size, 2)]
		if i/size > 2 {
			v = ends[0] + rng.Int32N(ends[2]-ends[0]+1)
		}
		x[i] = uint8(v) + up(q)
	}
	return x
}

// TestCOperations: every operation in every scheme, compiled without
// optimization, gives the engine's bytes.
func TestCOperations(t *testing.T) {
	for schemeName, scheme := range schemes {
		t.Run(schemeName, func(t *testing.T) {
			t.Parallel()
			var p program
			for name, build := range builders {
				b := quantizedtest.New(rand.New(rand.NewPCG(1, 2)), scheme, 4, 8, 8)
				m := b.Model(build(b))
				p.add(name, m, byteInputs(rand.New(rand.NewPCG(3, 4)), m, 60), integer.Float32, integer.Gemmlowp)
			}
			for _, f := range append(functions, quantized.Softmax) {
				b := quantizedtest.New(rand.New(rand.NewPCG(23, 24)), scheme, 100)
				m := b.Model(b.Activate(b.Linear(b.Input(), 40, quantized.Identity), f))
				p.add(f.String(), m, byteInputs(rand.New(rand.NewPCG(3, 4)), m, 200), integer.Float32)
			}
			p.check(t, plain)
		})
	}
}

// TestConcatClips: an input of more bits than the output, on the same scale, is
// limited to the output's integers, in C and in ONNX Runtime.
func TestConcatClips(t *testing.T) {
	b := quantizedtest.New(rand.New(rand.NewPCG(1, 2)), quantizedtest.W8A8, 2, 4, 4)
	x := b.Conv(b.Input(), 3, quantizedtest.Same(3), 1, quantized.ReLU)
	m := b.Model(b.Concat(x, x))
	m.Nodes[1].Output.Quant = quantized.Quant{Format: affine.Format{Bits: 4, Unsigned: true},
		Scale: m.Nodes[0].Output.Quant.Scale}
	inputs := b.Inputs(m, 20)
	same(t, m, inputs, outputs(t, onnx.Options{}, conformance.Settings{}, m, inputs))
	var p program
	p.add("concat", m, byteInputs(rand.New(rand.NewPCG(3, 4)), m, 60), integer.Float32, integer.Gemmlowp)
	p.check(t, plain)
}

// TestCRandomNetworks: whatever graph, geometry, optimization and dialect of
// C; and no undefined behaviour, nor a byte beyond the arena.
func TestCRandomNetworks(t *testing.T) {
	for name, c := range map[string]struct {
		flags []string
		seeds uint64
	}{"O0": {plain, 1}, "O2": {standard, 3}, "gnu": {gnu, 1}, "sanitized": {sanitized, 1},
		"portable": {portable, 1}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var p program
			for schemeName, scheme := range schemes {
				for seed := range c.seeds {
					rng := rand.New(rand.NewPCG(seed+100, uint64(len(name))))
					_, m := quantizedtest.Random(rng, scheme, 9)
					p.add(fmt.Sprintf("%s/%d", schemeName, seed), m, byteInputs(rng, m, 40), requantizations...)
				}
			}
			p.check(t, c.flags)
		})
	}
}

// TestCZoo: the networks of MLPerf Tiny on 200 inputs.
func TestCZoo(t *testing.T) {
	for schemeName, scheme := range map[string]quantizedtest.Scheme{
		"W8A8": quantizedtest.W8A8, "W8A8 affine": quantizedtest.W8A8Affine, "W4A4": quantizedtest.W4A4,
	} {
		t.Run(schemeName, func(t *testing.T) {
			t.Parallel()
			var p program
			for name, build := range zoo {
				rng := rand.New(rand.NewPCG(11, 12))
				_, m := build(rng, scheme)
				p.add(name, m, byteInputs(rng, m, 200), integer.Float32, integer.Gemmlowp)
			}
			p.check(t, gnu)
		})
	}
}

// TestCSums: all 65,536 pairs of bytes, on scales of all proportions and such
// as give ties, added and subtracted.
func TestCSums(t *testing.T) {
	t.Parallel()
	pairs := make([]uint8, 0, 2<<16)
	for i := range 1 << 16 {
		pairs = append(pairs, uint8(i>>8), uint8(i))
	}
	rng := rand.New(rand.NewPCG(7, 8))
	var p program
	scales := [][3]float32{{0.25, 0.5, 1}, {0.25, 0.125, 1}, {0.25, 1, 1}, {0.25, 2, 1}, {1e-9, 1, 1},
		{1e7, 1e7, 1}, {1e-20, 1e20, 1e-3}, {0.5, 0.3, 1}, {0x1p90, 0x1.8p90, 1}}
	for range 9 {
		scales = append(scales, [3]float32{rng.Float32() + 0.1, float32(math.Exp2(8*rng.Float64() - 4)),
			rng.Float32() + 0.5})
	}
	for i, s := range scales {
		m := pairSum(s[0], s[1], s[2], int32(rng.IntN(256)))
		p.add(fmt.Sprint(s), m, pairs, requantizations...)
		if i%3 == 0 {
			m := pairSum(s[0], s[1], s[2], int32(rng.IntN(256)))
			m.Nodes[2].Op = quantized.Sub
			p.add(fmt.Sprint(s, " difference"), m, pairs, requantizations...)
		}
	}
	p.check(t, standard)
}

// pairSum is a model that adds both its inputs, on scales a and b, and quantizes
// by y.
func pairSum(a, b, y float32, zero int32) *quantized.Model {
	quant := func(s float32, z int32) quantized.Quant {
		return quantized.Quant{Format: affine.Uint8, Scale: s, Zero: z, Origin: "test"}
	}
	pick := func(name string, channel int, s float32, z int32) quantized.Node {
		w := &quantized.Weights{Shape: []int{1, 2}, Format: affine.Int8, Scale: []float32{s}, Q: make([]int8, 2),
			Origin: "test"}
		w.Q[channel] = 1
		return quantized.Node{Name: name, Op: quantized.Linear, Inputs: []string{"x"}, Weights: w,
			Output: quantized.Activation{Name: name, Shape: []int{1}, Quant: quant(s, z)}}
	}
	return &quantized.Model{
		Name: "sum", Output: "y", Origin: quantized.Origin{Version: "test", Dataset: "pairs", Method: "ptq"},
		Input: quantized.Input{PixelScale: 1, Activation: quantized.Activation{Name: "x", Shape: []int{2},
			Quant: quant(1, 0)}},
		Nodes: []quantized.Node{pick("a", 0, a, 0), pick("b", 1, b, 0), {
			Name: "y", Op: quantized.Add, Inputs: []string{"a", "b"},
			Output: quantized.Activation{Name: "y", Shape: []int{1}, Quant: quant(y, zero)},
		}},
	}
}

// TestCGlobalMeans: means of images so large that their sums are not exact in
// float32, and on scales that give ties, also where a float is multiplied by
// its integers.
func TestCGlobalMeans(t *testing.T) {
	t.Parallel()
	var p program
	for _, c := range []struct {
		size   int
		sx, sy float32
		n      int
	}{{8, 1, 1, 3000}, {8, 0.013, 0.0117, 3000}, {4, 0.5, 0.125, 3000}, {1, 1, 1e-6, 3000}, {3, 1e-30, 1, 100},
		{300, 1, 0.9, 20}} {
		for _, z := range []int32{0, 77} {
			in := quantized.Quant{Format: affine.Uint8, Scale: c.sx, Zero: z}
			m := globalMean(c.size, in, quantized.Quant{Format: affine.Int8, Scale: c.sy, Zero: -3})
			p.add(fmt.Sprint(c, z), m, byteInputs(rand.New(rand.NewPCG(5, 6)), m, c.n), integer.Float32,
				integer.Gemmlowp)
		}
	}
	p.check(t, standard)
}

// globalMean is a model of images of one channel that is their mean.
func globalMean(size int, in, out quantized.Quant) *quantized.Model {
	return &quantized.Model{
		Name: "mean", Output: "y", Origin: quantized.Origin{Version: "test", Dataset: "random", Method: "ptq"},
		Input: quantized.Input{PixelScale: 1, Activation: quantized.Activation{Name: "x",
			Shape: []int{1, size, size}, Quant: in}},
		Nodes: []quantized.Node{{Name: "y", Op: quantized.GlobalAvgPool, Inputs: []string{"x"},
			Output: quantized.Activation{Name: "y", Shape: []int{1, 1, 1}, Quant: out}}},
	}
}

// TestCRealNumbers: real numbers in and out are the engine's to the last bit,
// including ties, numbers out of range, infinities and NaN; and pixels become
// the integers that their normalised values become.
func TestCRealNumbers(t *testing.T) {
	t.Parallel()
	for schemeName, scheme := range schemes {
		b, m := network(scheme)
		x := channelsLast(b.Inputs(m, 50), m.Input.Shape)
		copy(x, []float32{float32(math.Inf(1)), float32(math.Inf(-1)), float32(math.NaN()), math.MaxFloat32,
			-math.MaxFloat32})
		c, err := conformance.Compile(t.TempDir(), []conformance.Export{{Model: m}}, standard...)
		if err != nil {
			t.Fatal(err)
		}
		engine, err := integer.New(m, integer.Options{})
		if err != nil {
			t.Fatal(err)
		}
		n := len(x) / engine.InputSize()
		want, got := make([]float32, n*engine.OutputSize()), make([]float32, n*engine.OutputSize())
		if err := engine.Run(want, x, n); err != nil {
			t.Fatal(err)
		}
		var in bytes.Buffer
		if err := binary.Write(&in, binary.NativeEndian, x); err != nil {
			t.Fatal(err)
		}
		out, err := c.Run(0, "real", in.Bytes())
		if err != nil {
			t.Fatal(err)
		}
		if _, err := binary.Decode(out, binary.NativeEndian, got); err != nil {
			t.Fatal(err)
		}
		t.Run(schemeName, func(t *testing.T) {
			equal(t, want, got)
			pixels(t, c, m)
		})
	}
}

// pixels compares every byte of every channel with the equation.
func pixels(t *testing.T, c *conformance.Compiled, m *quantized.Model) {
	in, channels := m.Input, m.Input.Shape[0]
	image := make([]uint8, channels*in.Shape[1]*in.Shape[2])
	var x, want []uint8
	for round := range 2 {
		for i := range image {
			image[i] = uint8(i/channels + round*144)
			k := i % channels
			r := (float32(float32(image[i])*in.PixelScale) - in.Mean[k]) / in.Std[k]
			want = append(want, uint8(affine.Quantize(r, in.Quant.Scale, in.Quant.Zero, in.Quant.Format))+up(in.Quant))
		}
		x = append(x, image...)
	}
	got, err := c.Run(0, "pixels", x)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Errorf("pixels: %s", differences(want, got))
	}
}
