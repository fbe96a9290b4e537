package analysis

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"math"
	"math/rand/v2"
	"runtime"
	"slices"
	"strings"
	"testing"

	"petrify/datasets"
	"petrify/fakequant"
	"petrify/graph"
	"petrify/internal/randnet"
	"petrify/internal/sample"
	"petrify/quantized/integer"
	"petrify/train"
)

var networks = flag.Uint64("networks", 12, "random networks whose branches are compared with whole networks")

// set is random images of a shape with the labels that the function gives them: 48 for
// training and more, and 48 each for validation and test.
func set(t *testing.T, rng *rand.Rand, in graph.Shape, classes int, label func(x []float32) int32) *datasets.Set {
	t.Helper()
	split := func(n int) *datasets.Split {
		s := &datasets.Split{Labels: make([]int32, n)}
		for i := range n {
			x := make([]float32, in.Size())
			for j := range x {
				x[j] = float32(rng.NormFloat64())
			}
			s.Values, s.Labels[i] = append(s.Values, x...), label(x)
		}
		for i := range min(classes, n-48) { // each class occurs in training
			s.Labels[i] = int32(i)
		}
		return s
	}
	one := datasets.Set{Name: "random", Shape: [3]int{in.C, in.H, in.W}, PixelScale: 1, Train: split(48 + classes),
		Validation: split(48), Test: split(48), Mean: make([]float32, in.C), Std: slices.Repeat([]float32{1}, in.C)}
	for i := range classes {
		one.Classes = append(one.Classes, fmt.Sprint(i))
	}
	s, err := datasets.New(one)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// statesOf are a float model's weights as files have them.
func statesOf(m *graph.Model) (all []graph.State) {
	for _, p := range m.Params() {
		all = append(all, p.Torch())
	}
	for _, s := range m.State() {
		if strings.HasSuffix(s.Name, ".running_mean") || strings.HasSuffix(s.Name, ".running_var") {
			all = append(all, s)
		}
	}
	return all
}

// draw makes a random network, with random schemes but for their bits.
func draw(t *testing.T, seed uint64) Job {
	t.Helper()
	rng := rand.New(rand.NewPCG(seed, 20))
	c := randnet.Draw(rng, randnet.Options{Layers: 7})
	m, err := graph.New(c.Network, c.Input, graph.Quantization{}, rng)
	if err != nil {
		t.Fatal(err)
	}
	randnet.Unsettle(m, rng, true)
	classes := m.Classes()
	data := set(t, rng, c.Input, classes, func([]float32) int32 { return int32(rng.IntN(classes)) })
	return Job{Config: train.Config{Network: c.Network, Data: data, Batch: 8, Weights: statesOf(m)},
		At: func(bits int) graph.Quantization { return withBits(c.Quantization, bits) }}
}

// A network that differs in one tensor gives, from the trunk's activations on, the outputs
// that the engine computes of it whole; and exchanging quantizers moves nothing.
func TestBranchesAreWholeNetworks(t *testing.T) {
	compared := 0
	for seed := range sample.Of(*networks, 5) {
		j := draw(t, seed)
		s := &Study{Job: j}
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			if err := s.begin(t.Context()); err != nil {
				if strings.Contains(err.Error(), "quantizes nothing") {
					return
				}
				t.Fatal(err)
			}
			for b, err := range j.Config.Data.Batches(s.held, datasets.BatchOptions{Size: s.held.Len()}) {
				if err != nil {
					t.Fatal(err)
				}
				compared += compareBranches(t, s, b.X, b.N)
			}
		})
	}
	if compared < 50 {
		t.Errorf("%d branches of %d networks: want 50 or more", compared, *networks)
	}
}

func compareBranches(t *testing.T, s *Study, x []float32, n int) (compared int) {
	t.Helper()
	trunk, err := s.trunk().run(x, n)
	if err != nil {
		t.Fatal(err)
	}
	output := s.trunk().model.Output
	for _, one := range s.tensors {
		for bits, b := range one.branches {
			m, err := s.base().Mix(map[string]*graph.Model{one.Tensor: s.models[bits]})
			if err != nil {
				t.Fatal(err)
			}
			got := trunk[output]
			if len(b.nodes) > 0 {
				if got, err = b.run(trunk, x, n, s.trunk().model.Input.Name); err != nil {
					t.Fatal(err)
				}
			}
			want := make([]float32, len(got))
			engine, err := integer.New(described(m), integer.Options{})
			if err == nil {
				err = engine.Run(want, x, n)
			}
			if err != nil {
				t.Fatal(err)
			}
			if !slices.Equal(planar(got, s.trunk().acts[output].Shape), want) {
				t.Errorf("%s at %d bits: the branch of %d nodes gives other outputs than the whole network", one.Tensor,
					bits, len(b.nodes))
			}
			compared++
		}
	}
	return compared
}

// The result is the same on any number of processors.
func TestResultDoesNotDependOnProcessors(t *testing.T) {
	var first string
	for _, procs := range []int{1, 3} {
		before := runtime.GOMAXPROCS(procs)
		r, err := Run(t.Context(), draw(t, 4))
		runtime.GOMAXPROCS(before)
		if err != nil {
			t.Fatal(err)
		}
		var b bytes.Buffer
		if err := r.Write(&b); err != nil {
			t.Fatal(err)
		}
		if first == "" {
			first = b.String()
		}
		if b.String() != first {
			t.Errorf("on %d processors the result is another", procs)
		}
	}
}

// An analysis ends at once, wherever it is when its context does.
func TestInterruptedAnalysisEnds(t *testing.T) {
	enough := errors.New("enough")
	for stop := range 40 {
		ctx, cancel := context.WithCancelCause(t.Context())
		j, calls := draw(t, 4), 0
		j.Progress = func(int, int) {
			if calls++; calls == stop+1 {
				cancel(enough)
			}
		}
		r, err := Run(ctx, j)
		cancel(nil)
		if calls <= stop {
			return
		}
		if calls > stop+1 || r != nil || !errors.Is(err, enough) {
			if calls == stop+1 && err == nil {
				return // it was the last piece of work
			}
			t.Fatalf("interrupted after %d pieces of work: %d pieces, %v", stop+1, calls, err)
		}
	}
}

// With targets, the losses are those of errors, in units of a power of two near each deviation,
// and the metric is their mean in units of the targets.
func TestTargets(t *testing.T) {
	rng := rand.New(rand.NewPCG(8, 21))
	split := func(n int) *datasets.Split {
		s := &datasets.Split{Labels: make([]int32, n)}
		for range n {
			a, b := rng.NormFloat64(), rng.NormFloat64()
			s.Values = append(s.Values, float32(a), float32(b))
			s.Targets = append(s.Targets, float32(150*(a-b+rng.NormFloat64())))
		}
		return s
	}
	data, err := datasets.New(datasets.Set{Name: "lines", Shape: [3]int{2, 1, 1}, Targets: []string{"y"},
		Train: split(640), Validation: split(100), Test: split(10)})
	if err != nil {
		t.Fatal(err)
	}
	network := graph.Chain(graph.Linear(1))
	m, err := graph.New(network, graph.Shape{C: 2, H: 1, W: 1}, graph.Quantization{}, rng)
	if err != nil {
		t.Fatal(err)
	}
	weights := statesOf(m)
	_, r, err := Begin(t.Context(), Job{Config: train.Config{Network: network, Data: data, Batch: 8, Weights: weights},
		At: func(bits int) graph.Quantization { return withBits(graph.Uniform(fakequant.Int8()), bits) }})
	if err != nil {
		t.Fatal(err)
	}
	var sum, mae float64
	for b, err := range data.Batches(data.Validation, datasets.BatchOptions{Size: 1}) {
		if err != nil {
			t.Fatal(err)
		}
		w := weights[0].F32
		e := (float64(w[0]*b.X[0]+w[1]*b.X[1]+weights[1].F32[0]) - float64(b.Targets[0])) / 256 // near 260
		sum, mae = sum+e*e/100, mae+256*math.Abs(e)/100
	}
	if math.Abs(r.Float.Loss-sum) > 1e-5*sum {
		t.Errorf("a loss of %v without quantization, want %v", r.Float.Loss, sum)
	}
	if r.Metric != "mae" || math.Abs(*r.Float.Metric-mae) > 1e-5*mae {
		t.Errorf("%s of %v without quantization, want mae of %v", r.Metric, *r.Float.Metric, mae)
	}
	last := r.Tensors[0].Bits[len(r.Tensors[0].Bits)-1]
	if *last.MetricIncrease == 0 || *last.MetricIncrease == last.LossIncrease {
		t.Errorf("2 bits increase the MAE by %v, the loss by %v", *last.MetricIncrease, last.LossIncrease)
	}
	eight, two := r.Uniform[0].Loss, r.Uniform[len(r.Uniform)-1].Loss
	if eight == sum || two == eight || r.Float.Errors != nil {
		t.Errorf("losses of %v, at 8 bits %v and at 2 bits %v: want three different ones, and no errors", sum, eight, two)
	}
}
