package coreml_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"petrify/graph"
	"petrify/internal/randnet"
	"petrify/internal/sample"
	"petrify/quantized"
	"petrify/quantized/coreml"
	"petrify/quantized/reference"
)

// arithmetics are the definitions of the packages' arithmetic.
var arithmetics = map[coreml.Precision]reference.Mode{
	coreml.Float16: reference.CoreMLFloat16, coreml.Float32: reference.CoreML,
}

// TestPackagesComputeTheDefinition: a package gives the definition's number in
// every activation, bit for bit, whatever the network, the formats and the type
// of arithmetic.
func TestPackagesComputeTheDefinition(t *testing.T) {
	compared, refused := 0, 0
	n := sample.Of(uint64(*drawn), 6)
	for seed := range n {
		rng := rand.New(rand.NewPCG(seed, 5))
		m := frozen(t, rng)
		for precision, mode := range arithmetics {
			t.Run(fmt.Sprintf("%d/%v", seed, precision), func(t *testing.T) {
				o := coreml.Options{Precision: precision, WeightsEncoding: coreml.Encoding(seed % 3)}
				r, err := coreml.NewRunner(m, o)
				if err != nil && strings.Contains(err.Error(), "weights encoding") { // none that it could encode
					o.WeightsEncoding = coreml.Signed
					r, err = coreml.NewRunner(m, o)
				}
				if err != nil && (strings.Contains(err.Error(), "float16") ||
					strings.Contains(err.Error(), "Core ML all or nothing")) {
					refused++
					return
				}
				if err != nil {
					t.Fatal(err)
				}
				for range 4 {
					compared += definition(t, r, m, mode, randomInput(m, rng))
				}
			})
		}
	}
	t.Logf("%d networks, %d elements; %d packages refused, for numbers that float16 has not, or for padding", n, compared, refused)
}

// frozen is a random network that was trained for a step.
func frozen(t *testing.T, rng *rand.Rand) *quantized.Model {
	t.Helper()
	network, in := randnet.Network(rng, randnet.Options{Without: []graph.Kind{graph.KindLayerNorm, graph.KindAttentionScores,
		graph.KindAttentionValues}})
	m, err := graph.New(network, in, randnet.Quantization(rng, network, in), rng)
	if err != nil {
		t.Fatal(err)
	}
	m.SetObservers(true)
	m.SetFakeQuant(true)
	trainer, err := m.Trainer(4, true)
	if err != nil {
		t.Fatal(err)
	}
	defer trainer.Close()
	x := make([]float32, 4*in.Size())
	for i := range x {
		x[i] = float32(rng.NormFloat64())
	}
	if _, err := trainer.Step(x, make([]int32, 4)); err != nil {
		t.Fatal(err)
	}
	if err := m.Settle(); err != nil {
		t.Fatal(err)
	}
	model, err := m.Freeze()
	if err != nil {
		t.Fatal(err)
	}
	return model
}

// definition compares all activations and returns the number of elements.
func definition(t *testing.T, r *coreml.Runner, m *quantized.Model, mode reference.Mode, x []float32) (n int) {
	t.Helper()
	if err := r.Run(x); err != nil {
		t.Fatal(err)
	}
	values, err := reference.Run(m, mode, x)
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range append([]string{m.Input.Name}, names(m)...) {
		want := make([]float32, values[name].Len())
		for i := range want {
			want[i] = values[name].Real(i)
		}
		got := r.Activation(nil, name)
		if !slices.Equal(got, want) {
			t.Fatalf("%s: the package gives %v, the definition %v", name, got, want)
		}
		n += len(got)
	}
	return n
}

// names are those of the layers.
func names(m *quantized.Model) (all []string) {
	for i := range m.Nodes {
		all = append(all, m.Nodes[i].Name)
	}
	return all
}

// TestRunnerFeedsWhatThePackageTakes: a package that normalises gets the numbers
// that were normalised, an image's pixels whole.
func TestRunnerFeedsWhatThePackageTakes(t *testing.T) {
	m := quantize(zoo("resnet8", true, 1), w8)
	pixels, x := make([]float32, 3*8*8), make([]float32, 3*8*8)
	for i := range x {
		c := i / 64
		pixels[i] = float32(i * 37 % 256)
		x[i] = float32(float32(pixels[i]*m.Input.PixelScale)-m.Input.Mean[c]) / m.Input.Std[c]
	}
	for _, o := range []coreml.Options{{Image: true}, {Normalize: true}} {
		o.Precision = coreml.Float32
		r, err := coreml.NewRunner(m, o)
		if err != nil {
			t.Fatal(err)
		}
		if err := r.Run(x); err != nil {
			t.Fatal(err)
		}
		for i, v := range r.Activation(nil, m.Input.Name) {
			if math.Abs(float64(v-x[i])) > 1e-5 {
				t.Fatalf("%+v: input %d is %v, want %v", o, i, v, x[i])
			}
		}
	}
}
