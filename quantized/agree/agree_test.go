package agree_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"petrify/fakequant/affine"
	"petrify/quantized"
	"petrify/quantized/agree"
	"petrify/quantized/integer"
	"petrify/quantized/quantizedtest"
	"petrify/quantized/reference"
)

// activationsOf are the definition's activations of n inputs x, C H W.
func activationsOf(t *testing.T, m *quantized.Model, x []float32, n int) map[string][]float32 {
	t.Helper()
	all := map[string][]float32{"": x}
	size := len(x) / n
	for i := range n {
		values, err := reference.Run(m, reference.ONNXRuntime, x[i*size:(i+1)*size])
		if err != nil {
			t.Fatal(err)
		}
		for name, v := range values {
			for k := range v.Len() {
				all[name] = append(all[name], v.Real(k))
			}
		}
	}
	return all
}

// layersOf are the layers that differ.
func layersOf(t *testing.T, m *quantized.Model, activations map[string][]float32, n int) []quantized.LayerComparison {
	t.Helper()
	c, err := agree.New(m, integer.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Add(activations, n); err != nil {
		t.Fatal(err)
	}
	return c.Layers()
}

var schemes = map[string]quantizedtest.Scheme{
	"W8A8": quantizedtest.W8A8, "W4A4": quantizedtest.W4A4, "affine": quantizedtest.W8A8Affine,
	"ternary": quantizedtest.Ternary, "binary": quantizedtest.Binary,
	"weight-only": quantizedtest.WeightOnly, "float": {},
	"float weights": {Positive: affine.Uint8, Signed: affine.Int8},
	"float output":  {Weights: affine.Int8Narrow, Positive: affine.Uint8, Signed: affine.Int8, FloatOutput: true},
}

// The definition agrees with the engine, apart from the order of float sums.
// One changed element is counted in its layer, and is wrong: by a step if it is
// quantized, otherwise by a hundredth of the greatest.
func TestOneElement(t *testing.T) {
	const n = 3
	for name, scheme := range schemes {
		for seed := range uint64(8) {
			b, m := quantizedtest.Random(rand.New(rand.NewPCG(seed, 1)), scheme, int(seed))
			x := b.Inputs(m, n)
			all := activationsOf(t, m, x, n)
			if got := beyond(layersOf(t, m, all, n)); len(got) > 0 {
				t.Errorf("%s, %d: %+v", name, seed, got)
			}
			for i := range m.Nodes {
				out := m.Nodes[i].Output
				y := slices.Clone(all[out.Name])
				at := int(seed) % len(y)
				if q := out.Quant; !q.IsFloat() {
					y[at] += q.Scale
				} else {
					y[at] += 0.01 * max(slices.Max(y), -slices.Min(y), 1)
				}
				changed := map[string][]float32{}
				for k, v := range all {
					changed[k] = v
				}
				changed[out.Name] = y
				got := beyond(layersOf(t, m, changed, n))
				if len(got) == 0 || got[0].Layer != out.Name || got[0].Beyond != 1 {
					t.Errorf("%s, %d: element %d of %s: %+v", name, seed, at, out.Name, got)
				}
			}
		}
	}
}

// beyond are the layers that are wrong.
func beyond(layers []quantized.LayerComparison) []quantized.LayerComparison {
	return slices.DeleteFunc(layers, func(l quantized.LayerComparison) bool { return l.Beyond == 0 })
}

// A changed weight is found only in its layer.
func TestOneWeight(t *testing.T) {
	const n = 4
	b, m := quantizedtest.Random(rand.New(rand.NewPCG(1, 1)), quantizedtest.W8A8, 5)
	all := activationsOf(t, m, b.Inputs(m, n), n)
	found := 0
	for i := range m.Nodes {
		w := m.Nodes[i].Weights
		if w == nil {
			continue
		}
		was := slices.Clone(w.Q)
		for k := range w.Q {
			w.Q[k] = max(was[k], 0) - was[k]/2
		}
		layers := layersOf(t, m, all, n)
		if len(layers) != 1 || layers[0].Layer != m.Nodes[i].Name || layers[0].Beyond == 0 {
			t.Errorf("%s: %+v", m.Nodes[i].Name, layers)
		}
		found += len(layers)
		copy(w.Q, was)
	}
	if found == 0 {
		t.Error("no layer has weights")
	}
}

// linear is a layer of real numbers with three equal outputs, which may be
// quantized.
func linear(rng *rand.Rand, inputs int, out quantized.Quant) *quantized.Model {
	w := make([]float32, inputs)
	for i := range w {
		w[i] = float32(rng.NormFloat64())
	}
	return &quantized.Model{
		Name: "sum", Output: "y",
		Input: quantized.Input{Activation: quantized.Activation{Name: "x", Shape: []int{inputs}}, PixelScale: 1},
		Nodes: []quantized.Node{{
			Name: "y", Op: quantized.Linear, Inputs: []string{"x"},
			Weights: &quantized.Weights{Shape: []int{3, inputs}, Axis: -1, Float: slices.Concat(w, w, w)},
			Bias:    &quantized.Bias{Float: []float32{0.5, 0.5, 0.5}},
			Output:  quantized.Activation{Name: "y", Shape: []int{3}, Quant: out},
		}},
	}
}

// thrice is an output of linear.
func thrice(y float32) []float32 { return []float32{y, y, y} }

// Float32 sums of the same products, forwards, backwards, in pairs and with fused
// products, are within the bound; a sum that is off by as much again as γ allows
// is not.
func TestOrdersOfSums(t *testing.T) {
	rng := rand.New(rand.NewPCG(5, 6))
	differ, far := 0, 0
	for _, inputs := range []int{2, 9, 72, 576, 4096} {
		m := linear(rng, inputs, quantized.Quant{})
		if err := m.Validate(); err != nil {
			t.Fatal(err)
		}
		w := m.Nodes[0].Weights.Float[:inputs]
		for range 100 {
			x, exact, size := make([]float32, inputs), 0.5, 0.5
			for i := range x {
				x[i] = float32(rng.NormFloat64())
				exact += float64(x[i]) * float64(w[i])
				size += math.Abs(float64(x[i]) * float64(w[i]))
			}
			for order, y := range sums(x, w) {
				for _, l := range layersOf(t, m, map[string][]float32{"": x, "y": thrice(y)}, 1) {
					differ += l.Differing
					if l.Beyond > 0 {
						t.Errorf("%d products, %s: %v is out of bounds, the sum is %v", inputs, order, y, exact)
					}
				}
			}
			off := float32(exact + 4.1*float64(inputs+1)*0x1p-24*size)
			for _, l := range layersOf(t, m, map[string][]float32{"": x, "y": thrice(off)}, 1) {
				far += l.Beyond
			}
		}
	}
	if differ < 1500 || far != 1500 {
		t.Errorf("%d sums differed, want many; of 1,500 that are too far off %d were found", differ, far)
	}
}

// sums are x·w + ½ in float32 in different orders.
func sums(x, w []float32) map[string]float32 {
	forwards, backwards, fused := float32(0.5), float32(0), float32(0.5)
	var products []float32
	for i := range x {
		forwards += float32(x[i] * w[i])
		k := len(x) - 1 - i
		backwards += float32(x[k] * w[k])
		fused = float32(math.FMA(float64(x[i]), float64(w[i]), float64(fused)))
		products = append(products, float32(x[i]*w[i]))
	}
	for len(products) > 1 {
		half := (len(products) + 1) / 2
		for i := range products[half:] {
			products[i] += products[half+i]
		}
		products = products[:half]
	}
	return map[string]float32{
		"forwards": forwards, "backwards": backwards + 0.5, "fused": fused, "pairs": products[0] + 0.5,
	}
}

// If a float sum is quantized, its integer may be the neighbour if a tie is
// within the bound, and nothing else.
func TestTies(t *testing.T) {
	const step = 0.25
	rng := rand.New(rand.NewPCG(7, 8))
	m := linear(rng, 2, quantized.Quant{Format: affine.Int8, Scale: step})
	m.Nodes[0].Weights.Float = []float32{1, 1, 1, 1, 1, 1}
	wrong := func(by float64) quantized.LayerComparison {
		return quantized.LayerComparison{Differing: 1, Near: 1, Beyond: 1, Largest: by}
	}
	for _, tt := range []struct {
		name   string
		sum    float32 // with the bias
		theirs float32
		want   quantized.LayerComparison
	}{
		{"the same", 1.01, 1, quantized.LayerComparison{}},
		{"a neighbour far from the tie", 1.01, 1.25, quantized.LayerComparison{Differing: 1, Beyond: 1, Largest: step}},
		{"a neighbour at the tie", 1.125, 1.25, quantized.LayerComparison{Differing: 1, Near: 1, Largest: step}},
		{"two steps away at the tie", 1.125, 1.5, wrong(2 * step)},
		{"the other way at the tie", 1.125, 0.75, wrong(step)},
		{"a neighbour next to the tie", 1.1251, 1, quantized.LayerComparison{Differing: 1, Beyond: 1, Largest: step}},
	} {
		x := []float32{tt.sum - 1.5, 1}
		got := layersOf(t, m, map[string][]float32{"": x, "y": thrice(tt.theirs)}, 1)
		if tt.want.Differing == 0 {
			if got != nil {
				t.Errorf("%s: %+v", tt.name, got)
			}
			continue
		}
		tt.want.Layer, tt.want.Elements = "y", 3
		tt.want.Differing, tt.want.Near, tt.want.Beyond = 3*tt.want.Differing, 3*tt.want.Near, 3*tt.want.Beyond
		if len(got) != 1 || got[0] != tt.want {
			t.Errorf("%s: %+v, want %+v", tt.name, got, tt.want)
		}
	}
}

// Where the sums before a quantizer may be several steps apart, one step is all
// that is allowed.
func TestOneStepAtMost(t *testing.T) {
	const step = 0x1p-14
	rng := rand.New(rand.NewPCG(9, 10))
	m := linear(rng, 4096, quantized.Quant{Format: affine.Int8, Scale: step})
	x := make([]float32, 4096)
	for i := range 2048 { // in pairs, whose products cancel
		x[2*i] = float32(rng.NormFloat64())
		for o := range 3 {
			m.Nodes[0].Weights.Float[o*4096+2*i+1] = m.Nodes[0].Weights.Float[2*i]
		}
		x[2*i+1] = -x[2*i]
	}
	m.Nodes[0].Bias.Float = make([]float32, 3)
	for steps, beyond := range []int{0, 0, 3, 3} {
		for _, l := range layersOf(t, m, map[string][]float32{"": x, "y": thrice(float32(steps) * step)}, 1) {
			if l.Near != 3 || l.Beyond != beyond {
				t.Errorf("%d steps: %+v", steps, l)
			}
		}
	}
}

// A sum of products that is not read may be made in any order, the other number
// first or last.
func TestSumsThatAreAdded(t *testing.T) {
	rng := rand.New(rand.NewPCG(11, 12))
	m := linear(rng, 576, quantized.Quant{})
	w := m.Nodes[0].Weights.Float[:576]
	other := m.Nodes[0]
	other.Name, other.Output.Name = "z", "z"
	m.Nodes = append(m.Nodes, other, quantized.Node{
		Name: "sum", Op: quantized.Add, Inputs: []string{"y", "z"},
		Output: quantized.Activation{Name: "sum", Shape: []int{3}},
	})
	m.Output = "sum"
	if err := m.Validate(); err != nil {
		t.Fatal(err)
	}
	differ, far := 0, 0
	for range 200 {
		x, size := make([]float32, 576), 0.5
		for i := range x {
			x[i] = float32(rng.NormFloat64())
			size += math.Abs(float64(x[i]) * float64(w[i]))
		}
		all := sums(x, w)
		z := all["pairs"]
		for order, y := range all {
			for _, l := range beyondSum(t, m, x, z, y+z) {
				t.Errorf("%s: %+v", order, l)
			}
			differ++
		}
		off := z + all["pairs"] + float32(6*578*0x1p-24*size)
		far += len(beyondSum(t, m, x, z, off))
	}
	if differ == 0 || far != 200 {
		t.Errorf("%d of 200 that are too far off were found", far)
	}
}

// beyondSum is the layer "sum" if z + y is out of bounds, y not being read.
func beyondSum(t *testing.T, m *quantized.Model, x []float32, z, sum float32) []quantized.LayerComparison {
	t.Helper()
	return beyond(layersOf(t, m, map[string][]float32{"": x, "z": thrice(z), "sum": thrice(sum)}, 1))
}

// An activation may be missing if additions alone read it: then the addition is
// bounded together with the sums before it.
func TestMissingActivation(t *testing.T) {
	b := quantizedtest.New(rand.New(rand.NewPCG(1, 2)), quantizedtest.Scheme{}, 4, 8, 8)
	x := b.Conv(b.Input(), 4, quantizedtest.Same(3), 1, quantized.ReLU)
	y := b.Conv(x, 4, quantizedtest.Same(3), 1, quantized.Identity)
	m := b.Model(b.Linear(b.Flatten(b.Add(x, y, quantized.ReLU)), 3, quantized.Identity))
	all := activationsOf(t, m, b.Inputs(m, 2), 2)
	sum := all[m.Nodes[2].Name]
	delete(all, y)
	if got := beyond(layersOf(t, m, all, 2)); len(got) > 0 {
		t.Errorf("%+v", got)
	}
	sum[100] = math.Nextafter32(sum[100]+1, 9) - 1 // in another order of sums
	sum[101] += 1e-3
	if got := beyond(layersOf(t, m, all, 2)); len(got) == 0 || got[0].Layer != m.Nodes[2].Name || got[0].Beyond != 1 {
		t.Errorf("%+v", got)
	}
	delete(all, x)
	c, err := agree.New(m, integer.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Add(all, 2); err == nil {
		t.Error("an activation that a convolution reads may be missing")
	} else if want := fmt.Sprintf("agree: %s: an input is missing, and this is not an addition", y); err.Error() !=
		want {
		t.Errorf("%v, want %s", err, want)
	}
}

// A runtime that gives fewer elements than the model has is an error.
func TestTooFewElements(t *testing.T) {
	const n = 2
	b, m := quantizedtest.Random(rand.New(rand.NewPCG(4, 1)), quantizedtest.W8A8, 5)
	all := activationsOf(t, m, b.Inputs(m, n), n)
	name := m.Nodes[0].Name
	all[name] = all[name][1:]
	c, err := agree.New(m, integer.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Add(all, n); err == nil || !strings.Contains(err.Error(), name) {
		t.Errorf("got %v, want an error that names %s", err, name)
	}
}

// An addition that alone reads a float convolution reads it after its ReLU, also
// where the convolution's output is missing.
func TestMissingActivationHasItsFunction(t *testing.T) {
	for _, f := range []quantized.Func{quantized.Identity, quantized.ReLU, quantized.ReLU6} {
		b := quantizedtest.New(rand.New(rand.NewPCG(1, 2)), quantizedtest.Scheme{}, 4, 8, 8)
		x := b.Conv(b.Input(), 4, quantizedtest.Same(3), 1, f)
		m := b.Model(b.Linear(b.Flatten(b.Add(x, x, quantized.Identity)), 3, quantized.Identity))
		all := activationsOf(t, m, b.Inputs(m, 2), 2)
		delete(all, x)
		if got := beyond(layersOf(t, m, all, 2)); len(got) > 0 {
			t.Errorf("%v: %+v", f, got)
		}
	}
}
