package graph_test

import (
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"runtime"
	"slices"
	"strings"
	"testing"

	"petrify/fakequant"
	"petrify/graph"
	"petrify/internal/randnet"
	"petrify/internal/sample"
)

func TestEvaluationNamesWhereNumbersGoWrong(t *testing.T) {
	m := trained(t, graph.Quantization{})
	for i := range param(m, "conv2.weight") {
		param(m, "conv2.weight")[i] = 3e38
	}
	e, err := m.Evaluator(4, false)
	if err != nil {
		t.Fatal(err)
	}
	defer e.Close()
	_, err = e.Run(images(rand.New(rand.NewPCG(1, 1)), 4, m.Input()), make([]int32, 4))
	if !errors.Is(err, graph.ErrNotFinite) || !strings.Contains(err.Error(), "layer conv2") {
		t.Errorf("error = %v, want one that names conv2", err)
	}
}

// steps trains the model further and returns its parameters' bits.
func steps(t *testing.T, m *graph.Model, n int, seed uint64) (bits []uint32) {
	t.Helper()
	trainer, err := m.Trainer(16, true)
	if err != nil {
		t.Fatal(err)
	}
	defer trainer.Close()
	rng := rand.New(rand.NewPCG(seed, 0))
	for range n {
		if _, err := trainer.Step(images(rng, 16, m.Input()), labels(rng, 16, m.Classes())); err != nil {
			t.Fatal(err)
		}
		for _, p := range m.Params() {
			for i, g := range p.Grad {
				p.Value[i] -= 0.05 * g
			}
		}
	}
	for _, s := range m.State() {
		for _, v := range s.F32 {
			bits = append(bits, math.Float32bits(v))
		}
	}
	return bits
}

func TestStepsAreTheSameOnAnyNumberOfThreads(t *testing.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	one := steps(t, trained(t, graph.Uniform(fakequant.Int8())), 3, 9)
	for _, threads := range []int{2, 3, 8} {
		runtime.GOMAXPROCS(threads)
		if got := steps(t, trained(t, graph.Uniform(fakequant.Int8())), 3, 9); !slices.Equal(got, one) {
			t.Errorf("with %d threads the parameters differ from those with one", threads)
		}
	}
}

func TestRestoreContinuesToTheBit(t *testing.T) {
	a := trained(t, graph.Uniform(fakequant.Int8()))
	a.FreezeBatchNorm(true)
	b, err := graph.New(a.Network(), a.Input(), graph.Uniform(fakequant.Int8()), rand.New(rand.NewPCG(77, 77)))
	if err != nil {
		t.Fatal(err)
	}
	if err := b.Restore(a.State()); err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(steps(t, a, 3, 5), steps(t, b, 3, 5)) {
		t.Error("the restored model trains to other parameters")
	}
}

// Whatever layers, methods and observers a model has: saved and restored
// between two steps, it ends as if uninterrupted.
func TestRandomModelsContinueToTheBit(t *testing.T) {
	for seed := range sample.Of(uint64(40), 6) {
		rng := rand.New(rand.NewPCG(seed, 1))
		n, in := randnet.Network(rng, randnet.Options{Layers: 8})
		q := randnet.Quantization(rng, n, in)
		a, err := graph.New(n, in, q, rng)
		if err != nil {
			t.Fatal(err)
		}
		a.SetObservers(true)
		a.SetFakeQuant(true)
		steps(t, a, 2, seed)
		a.SetObservers(one(rng))
		b, err := graph.New(n, in, q, rand.New(rand.NewPCG(77, 77)))
		if err != nil {
			t.Fatal(err)
		}
		if err := b.Restore(a.State()); err != nil {
			t.Fatal(err)
		}
		if !slices.Equal(steps(t, a, 2, 5), steps(t, b, 2, 5)) {
			t.Errorf("seed %d: the restored model trains to other parameters", seed)
		}
	}
}

func one(rng *rand.Rand) bool { return rng.IntN(2) == 0 }

func TestRestoreNamesWhatIsMissing(t *testing.T) {
	m := trained(t, graph.Uniform(fakequant.Int8()))
	state := m.State()
	for _, i := range []int{0, len(state) / 2, len(state) - 1} {
		if err := m.Restore(slices.Delete(slices.Clone(state), i, i+1)); err == nil {
			t.Errorf("no error without tensor %s", state[i].Name)
		}
	}
}

func TestStepNamesWhereNumbersGoWrong(t *testing.T) {
	for _, tt := range []struct {
		name, want string
		spoil      func(m *graph.Model, x []float32)
	}{
		{"in the input", "1 values of the input", func(_ *graph.Model, x []float32) { x[7] = float32(math.NaN()) }},
		{"in a parameter", "parameter conv2.weight", func(m *graph.Model, _ []float32) {
			param(m, "conv2.weight")[3] = float32(math.Inf(1))
		}},
		{"in a layer", "layer conv2", func(m *graph.Model, _ []float32) {
			for i := range param(m, "conv2.weight") {
				param(m, "conv2.weight")[i] = 3e38
			}
		}},
	} {
		for name, q := range map[string]graph.Quantization{"float": {}, "quantized": graph.Uniform(fakequant.Int8())} {
			t.Run(tt.name+", "+name, func(t *testing.T) {
				m := trained(t, q)
				rng := rand.New(rand.NewPCG(1, 1))
				x := images(rng, 8, m.Input())
				tt.spoil(m, x)
				trainer, err := m.Trainer(8, q.Default != nil)
				if err != nil {
					t.Fatal(err)
				}
				defer trainer.Close()
				_, err = trainer.Step(x, labels(rng, 8, 4))
				if !errors.Is(err, graph.ErrNotFinite) || !strings.Contains(err.Error(), tt.want) {
					t.Errorf("error = %v, want one that names %q", err, tt.want)
				}
			})
		}
	}
}

// The forward pass is finite, as the first layer gives zeros; the gradient of
// its weights is the product of two that are not small.
func TestStepNamesTheGradientThatGoesWrong(t *testing.T) {
	rng := rand.New(rand.NewPCG(2, 2))
	m, err := graph.New(graph.Chain(graph.Linear(3).Named("first"), graph.Linear(3).Named("second"),
		graph.Linear(4).Named("third")),
		graph.Shape{C: 2, H: 1, W: 1}, graph.Quantization{}, rng)
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"first.weight", "first.bias", "second.bias"} {
		clear(param(m, name))
	}
	for _, name := range []string{"second.weight", "third.weight"} {
		for i := range param(m, name) {
			param(m, name)[i] *= 1e30
		}
	}
	trainer, err := m.Trainer(8, false)
	if err != nil {
		t.Fatal(err)
	}
	defer trainer.Close()
	_, err = trainer.Step(images(rng, 8, m.Input()), labels(rng, 8, 4))
	if want := "gradients of parameter first.weight are not finite"; !errors.Is(err, graph.ErrNotFinite) ||
		!strings.Contains(err.Error(), want) {
		t.Errorf("error = %v, want one with %q", err, want)
	}
}

func param(m *graph.Model, name string) []float32 {
	for _, p := range m.Params() {
		if p.Name == name {
			return p.Value
		}
	}
	return nil
}

// A channel whose γ is zero turns PyTorch's folding into 0/0.
func TestDeadChannelStaysFinite(t *testing.T) {
	m := trained(t, graph.Uniform(fakequant.Int8()))
	param(m, "batch_norm_1.weight")[2] = 0
	for _, bits := range steps(t, m, 2, 1) {
		if v := float64(math.Float32frombits(bits)); math.IsNaN(v) || math.IsInf(v, 0) {
			t.Fatal("a dead channel made numbers that are not finite")
		}
	}
	if err := m.Settle(); err != nil {
		t.Fatal(err)
	}
	if _, err := m.Freeze(); err != nil {
		t.Error(err)
	}
}

// bytes is what n steps allocate on the heap.
func bytes(t *testing.T, batch, n int) uint64 {
	t.Helper()
	m := trained(t, graph.Uniform(fakequant.Int8()))
	trainer, err := m.Trainer(batch, true)
	if err != nil {
		t.Fatal(err)
	}
	defer trainer.Close()
	rng := rand.New(rand.NewPCG(1, 1))
	x, l := images(rng, batch, m.Input()), labels(rng, batch, 4)
	run := func(n int) {
		for range n {
			if _, err := trainer.Step(x, l); err != nil {
				t.Fatal(err)
			}
		}
	}
	run(3) // buffers grow once
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	run(n)
	runtime.ReadMemStats(&after)
	return (after.TotalAlloc - before.TotalAlloc) / uint64(n)
}

// Loops of small batches are not shared among processors, which takes 300 bytes each.
func TestNothingIsAllocatedPerImage(t *testing.T) {
	small, large := bytes(t, 256, 20), bytes(t, 1024, 20)
	if large > small+small/4 || large > 256<<10 {
		t.Errorf("a step allocates %d bytes at batch 256, %d at batch 1024: want no growth, and 256 KiB at most",
			small, large)
	}
}

func ExampleNew() {
	network := graph.Chain(
		graph.Conv2D(8, 3).Same(), graph.BatchNorm(), graph.ReLU(), graph.MaxPool(2),
		graph.Flatten(), graph.Linear(10))
	m, err := graph.New(network, graph.Shape{C: 1, H: 8, W: 8}, graph.Uniform(fakequant.Int8()),
		rand.New(rand.NewPCG(1, 2)))
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, p := range m.Params() {
		fmt.Println(p.Name, p.Shape)
	}
	// Output:
	// conv2d_1.weight [8 1 3 3]
	// batch_norm_1.weight [8]
	// batch_norm_1.bias [8]
	// linear_1.weight [10 128]
	// linear_1.bias [10]
}
