package analysis

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"petrify/datasets"
	"petrify/fakequant"
	"petrify/fakequant/affine"
	"petrify/graph"
	"petrify/observers"
	"petrify/quantized"
	"petrify/train"
)

func withBits(q graph.Quantization, bits int) graph.Quantization {
	scheme := func(s *fakequant.Scheme) *fakequant.Scheme {
		if s == nil {
			return nil
		}
		return &fakequant.Scheme{Weights: s.Weights.WithBits(bits), Activations: s.Activations.WithBits(bits)}
	}
	q.Default, q.EdgeBits = scheme(q.Default), bits
	kinds := map[graph.Kind]*fakequant.Scheme{}
	for k, s := range q.Kinds {
		kinds[k] = scheme(s)
	}
	q.Kinds, q.Names = kinds, slices.Clone(q.Names)
	for i, n := range q.Names {
		q.Names[i].Scheme = scheme(n.Scheme)
	}
	return q
}

// described adds what engines ask for and graphs do not know.
func described(m *quantized.Model) *quantized.Model {
	m.Origin.Method = "ptq"
	return m
}

// The oracle's network has two linear layers, and the fixed ranges −reach to reach.
const (
	features, hidden, classes = 6, 8, 4
	reach                     = 4
)

func twoLayers() (graph.Network, graph.Shape) {
	return graph.Chain(graph.Linear(hidden).Named("first"), graph.ReLU(), graph.Linear(classes).Named("second")),
		graph.Shape{C: features, H: 1, W: 1}
}

// fixed rounds activations in −reach to reach, and weights in their range.
func fixed(bits int) graph.Quantization {
	s := fakequant.Bits(bits)
	s.Activations.Observer = observers.Config{Kind: observers.Fixed, Min: -reach, Max: reach}
	return graph.Uniform(s)
}

// oracle computes the mean loss in float64, with bits by tensor; 0 is float.
type oracle struct {
	weights, biases [2][]float64
	bits            map[string]int
}

// grid rounds r to a multiple of s, from least to most of them.
func grid(r, s, least, most float64) float64 {
	return s * min(max(math.RoundToEven(r/s), least), most)
}

// activation rounds x, and returns its step; 0 for float.
func (o *oracle) activation(name string, x []float64) (step float64) {
	bits := o.bits[name]
	if bits == 0 {
		return 0
	}
	levels := math.Exp2(float64(bits - 1))
	least, most := -levels, levels-1
	if name == "first" { // a ReLU's output
		least, most = 0, 2*levels-1
	}
	for i, r := range x {
		x[i] = grid(r, reach/most, least, most)
	}
	return reach / most
}

// layer computes a linear layer of x, whose step is given. A bias is a multiple of the
// product of both steps, and with weights of 2 or 3 bits of a quarter or half of it.
func (o *oracle) layer(at int, name string, x []float64, step float64) (y []float64) {
	w := o.weights[at]
	for from := 0; from < len(w); from += len(x) {
		row, sum := w[from:from+len(x)], o.biases[at][from/len(x)]
		if bits := o.bits[name+".weight"]; bits != 0 {
			most := math.Exp2(float64(bits-1)) - 1
			s := slices.Max(row)
			s = max(s, -slices.Min(row)) / most
			rounded := make([]float64, len(row))
			for i, r := range row {
				rounded[i] = grid(r, s, -most, most)
			}
			row = rounded
			if step > 0 {
				sum = grid(sum, step*s/max(1, math.Exp2(float64(4-bits))), math.Inf(-1), math.Inf(1))
			}
		}
		for i, r := range x {
			sum += row[i] * r
		}
		y = append(y, sum)
	}
	return y
}

// loss is the cross-entropy for an image.
func (o *oracle) loss(image []float32, label int32) float64 {
	x := make([]float64, len(image))
	for i, r := range image {
		x[i] = float64(r)
	}
	step := o.activation("input", x)
	h := o.layer(0, "first", x, step)
	for i, r := range h {
		h[i] = max(r, 0)
	}
	step = o.activation("first", h)
	y := o.layer(1, "second", h, step)
	o.activation("second", y)
	sum := 0.0
	for _, r := range y {
		sum += math.Exp(r - y[label])
	}
	return math.Log(sum)
}

// Every increase is that of an oracle in float64, which rounds one tensor by hand.
func TestIncreasesAreAnOracles(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 1))
	j, o := pair(t, rng)
	r, err := Run(t.Context(), j)
	if err != nil {
		t.Fatal(err)
	}
	held := j.Config.Data.Validation
	mean := func() (sum float64) {
		for i, label := range held.Labels {
			sum += o.loss(held.Values[i*features:(i+1)*features], label) / float64(held.Len())
		}
		return sum
	}
	all := []string{"input", "first.weight", "first", "second.weight", "second"}
	for i, one := range r.Tensors {
		if one.Tensor != all[i] {
			t.Fatalf("tensors %v, want %v", r.Tensors, all)
		}
		at := func(bits int) float64 {
			o.bits = map[string]int{}
			for _, name := range all {
				o.bits[name] = 8
			}
			o.bits[one.Tensor] = bits
			return mean()
		}
		float := at(0)
		for _, b := range one.Bits {
			if want := at(b.Bits) - float; math.Abs(b.LossIncrease-want) > 1e-5 {
				t.Errorf("%s at %d bits: %+.5f, want %+.5f", one.Tensor, b.Bits, b.LossIncrease, want)
			}
		}
	}
	o.bits = nil
	if want := mean(); math.Abs(r.Float.Loss-want) > 1e-5 {
		t.Errorf("float loss %v, want %v", r.Float.Loss, want)
	}
}

// pair is a job of two linear layers, and its oracle.
func pair(t *testing.T, rng *rand.Rand) (Job, *oracle) {
	t.Helper()
	n, in := twoLayers()
	m, err := graph.New(n, in, graph.Quantization{}, rng)
	if err != nil {
		t.Fatal(err)
	}
	o := &oracle{}
	for _, p := range m.Params() {
		at := 0
		if p.Name[0] == 's' {
			at = 1
		}
		to := &o.weights[at]
		if p.Role == graph.RoleBias {
			to = &o.biases[at]
		}
		for i := range p.Value {
			p.Value[i] *= 2
			*to = append(*to, float64(p.Value[i]))
		}
	}
	data := set(t, rng, in, classes, func(x []float32) int32 { // the label that the float network gives
		least := int32(0)
		for label := range int32(classes) {
			if o.loss(x, label) < o.loss(x, least) {
				least = label
			}
		}
		return least
	})
	return Job{Config: train.Config{Network: n, Data: data, Batch: 8, Weights: statesOf(m)}, At: fixed}, o
}

// An outlier, in the weights of an input that is always 0, leaves few steps to the weights
// that matter: so the tensor comes first.
func TestWorstTensorComesFirst(t *testing.T) {
	rng := rand.New(rand.NewPCG(2, 1))
	j, _ := pair(t, rng)
	for _, s := range []string{"first.weight", "second.weight"} {
		weights := slices.Clone(j.Config.Weights)
		var dead []float32
		for i, w := range weights {
			weights[i].F32 = slices.Clone(w.F32)
			switch {
			case w.Name == s:
				dead = weights[i].F32
			case w.Name == "first.bias" && s == "second.weight":
				weights[i].F32[0] = -100 // so the ReLU gives 0
			}
		}
		columns := features
		if s == "second.weight" {
			columns = hidden
		}
		for from := 0; from < len(dead); from += columns {
			dead[from] = 40
		}
		with := j
		data := *j.Config.Data
		if s == "first.weight" {
			data.Train, data.Validation = without(data.Train), without(data.Validation)
		}
		with.Config.Data, with.Config.Weights = &data, weights
		r, err := Run(t.Context(), with)
		if err != nil {
			t.Fatal(err)
		}
		if worst := r.Worst(4); worst[0].Tensor != s {
			t.Errorf("%s comes first, want %s", worst[0].Tensor, s)
		}
	}
}

// What a sight says of a tensor is what sorting and counting say.
func TestSight(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 1))
	x := make([]float32, 5000)
	y := make([]float32, len(x))
	q := quantized.Quant{Format: affine.Format{Bits: 3}, Scale: 0.5}
	clipped, levels := 0, map[float32]bool{}
	signal, error := 0.0, 0.0
	for i := range x {
		x[i] = float32(rng.NormFloat64())
		y[i] = float32(grid(float64(x[i]), 0.5, -4, 3))
		if r := math.RoundToEven(float64(x[i]) / 0.5); r < -4 || r > 3 {
			clipped++
		}
		levels[y[i]] = true
		signal += float64(x[i]) * float64(x[i])
		error += math.Pow(float64(x[i])-float64(y[i]), 2)
	}
	var s sight
	var e extent
	s.look(x, y, q)
	e.add(x[:1000])
	e.add(x[1000:])
	if want := 10 * math.Log10(signal/error); math.Abs(*s.sqnr()-want) > 1e-9 {
		t.Errorf("SQNR %v dB, want %v", *s.sqnr(), want)
	}
	if int(s.clipped) != clipped || len(s.occur) != len(levels) {
		t.Errorf("%d clipped, %d levels: want %d and %d", s.clipped, len(s.occur), clipped, len(levels))
	}
	slices.Sort(x)
	for _, share := range percentiles {
		want := float64(x[int(share*float64(len(x)-1))])
		if got := e.at(share); math.Abs(got-want) > 0.002*math.Abs(want) {
			t.Errorf("%v of the values are below %v, want %v", share, got, want)
		}
	}
	if e.least != x[0] || e.greatest != x[len(x)-1] {
		t.Errorf("range %v to %v, want %v to %v", e.least, e.greatest, x[0], x[len(x)-1])
	}
}

// Weights are clipped where they are more than half a step beyond the grid of their channel,
// not where they round to its end.
func TestSightOfWeights(t *testing.T) {
	x := []float32{0.7, 0.76, -0.74, 0.1, 1.6, 1.4, -1.8, -1.74}
	w := &quantized.Weights{Shape: []int{2, 4}, Format: affine.Format{Bits: 2, Narrow: true}, Step: 4,
		Scale: []float32{0.5 / 4, 1.2 / 4}, Q: []int8{4, 4, -4, 0, 4, 4, -4, -4}}
	var s sight
	s.weigh(x, w)
	if s.clipped != 1 || s.count != 8 || len(s.occur) != 3 { // 0.76 > 0.75; 1.8 is not above 1.8
		t.Errorf("%d of %d clipped, %d levels: want 1 of 8, 3 levels", s.clipped, s.count, len(s.occur))
	}
}

// without is a split whose first input is always 0.
func without(s *datasets.Split) *datasets.Split {
	as := *s
	as.Values = slices.Clone(s.Values)
	for i := 0; i < len(as.Values); i += features {
		as.Values[i] = 0
	}
	return &as
}
