package graph_test

import (
	"encoding/binary"
	"math"
	"math/rand/v2"
	"testing"

	"petrify/fakequant"
	"petrify/graph"
)

// oracle is a training step in float64 and plain loops, written from
// docs/numerics.md. From the model it takes, once before the step, the
// parameters, the running statistics and the quantizers' states. It has no
// gradients, only slopes: the loss with a number a little larger and a little
// smaller.
//
// A step is not smooth: it rounds, clips, rectifies and takes maxima. The first
// pass records each such decision, and later passes repeat it; the rest is
// smooth, and its slope is, by definition, the straight-through estimator.
type oracle struct {
	batch    int
	in       graph.Shape
	x        []float64 // N C H W, as everything here
	labels   []int32
	loss     graph.Loss
	folding  graph.Folding
	input    *fakequant.Quantizer
	units    []graph.View
	values   map[*graph.Param][]float64 // of the parameters
	running  map[string][2][]float64    // means and variances, by γ's name
	moved    map[string][2][]float64    // and after the step
	offsets  map[string][]float64       // of layers, see offset
	masks    map[string][]float64       // of dropouts
	quantize bool

	quantizers map[*fakequant.Quantizer]*fakequant.Quantizer // that see what the model's see
	steps      map[*fakequant.Quantizer]int64                // in which they have rounded before
	observing  map[*fakequant.Quantizer]bool

	recording bool
	decisions [][]int
	decision  int
	uses      []*use
	use       int
	factors   []float64 // that the next weights' scales follow; nil: none
	unsure    int       // decisions that float32 may take the other way
}

// newOracle is the oracle of the next step of a model.
func newOracle(t *testing.T, m *graph.Model, q graph.Quantization, quantized bool,
	x []float32, labels []int32) *oracle {
	t.Helper()
	in := m.Input()
	o := &oracle{batch: len(labels), in: in, labels: labels, loss: m.Network().Loss, folding: q.Folding,
		quantize: quantized, values: map[*graph.Param][]float64{}, masks: map[string][]float64{},
		offsets: map[string][]float64{},
		running: map[string][2][]float64{}, moved: map[string][2][]float64{},
		quantizers: map[*fakequant.Quantizer]*fakequant.Quantizer{}, steps: map[*fakequant.Quantizer]int64{},
		observing: map[*fakequant.Quantizer]bool{}}
	o.input, o.units = m.Views()
	o.x = make([]float64, len(x))
	for i := range o.x {
		o.x[i] = float64(x[memory(i, in)])
	}
	state := m.State()
	for _, s := range state {
		for _, u := range o.units {
			if u.Layer.Kind == graph.KindDropout && s.Name == u.Layer.Name+".random" {
				o.masks[u.Layer.Name] = mask(t, s.I64, u.Layer.Rate, o.batch*u.Out.Size())
			}
		}
	}
	o.clone(t, o.input, nil, state)
	for _, u := range o.units {
		for _, p := range []*graph.Param{u.Weight, u.Bias, u.Slopes} {
			o.know(p)
		}
		if u.Norm != nil {
			o.know(u.Norm.Gamma)
			o.know(u.Norm.Beta)
			o.running[u.Norm.Gamma.Name] = [2][]float64{wide(u.Norm.Mean), wide(u.Norm.Variance)}
		}
		if u.LayerNorm != nil {
			o.know(u.LayerNorm.Gamma)
			o.know(u.LayerNorm.Beta)
		}
		if u.Weight != nil {
			o.clone(t, u.Quant, u.Weight.Shape, state)
		}
		o.clone(t, u.Output, nil, state)
	}
	o.recording = true
	return o
}

func (o *oracle) know(p *graph.Param) {
	if p != nil {
		o.values[p] = wide(p.Value)
	}
}

// clone makes a quantizer that observes in the place of the model's.
func (o *oracle) clone(t *testing.T, q *fakequant.Quantizer, shape []int, state []fakequant.State) {
	t.Helper()
	if q == nil || o.quantizers[q] != nil {
		return
	}
	c, err := fakequant.New(q.Name(), q.Config(), shape...)
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Restore(state); err != nil {
		t.Fatal(err)
	}
	o.quantizers[q], o.observing[q] = c, q.Observing()
	for _, s := range state {
		if s.Name == q.Name()+".counters" {
			o.steps[q] = s.I64[1]
		}
	}
}

// mask is what a dropout keeps, given the state of its generator.
func mask(t *testing.T, state []int64, rate float32, n int) []float64 {
	t.Helper()
	text := binary.BigEndian.AppendUint64([]byte("pcg:"), uint64(state[0]))
	var pcg rand.PCG
	if err := pcg.UnmarshalBinary(binary.BigEndian.AppendUint64(text, uint64(state[1]))); err != nil {
		t.Fatal(err)
	}
	keep := make([]float64, n)
	for i := range keep {
		if float64(pcg.Uint64()>>32) >= math.Floor(float64(rate)*(1<<32)) {
			keep[i] = 1 / (1 - float64(rate))
		}
	}
	return keep
}

func wide(x []float32) []float64 {
	y := make([]float64, len(x))
	for i, v := range x {
		y[i] = float64(v)
	}
	return y
}

func narrow(x []float64) []float32 {
	y := make([]float32, len(x))
	for i, v := range x {
		y[i] = float32(v)
	}
	return y
}

// run is the loss. The first run records.
func (o *oracle) run() float64 {
	o.decision, o.use = 0, 0
	made := map[int][]float64{-1: o.round(o.input, false, o.x, o.in, o.atRest(o.input))}
	for i, u := range o.units {
		var ins [][]float64
		for _, from := range u.Inputs {
			ins = append(ins, made[from])
		}
		made[i] = o.unit(u, ins)
	}
	o.recording = false
	return o.lossOf(made[len(o.units)-1])
}

// slope is the derivative of the loss with respect to *v.
func (o *oracle) slope(v *float64) float64 {
	at := *v
	h := 1e-5 * max(1, math.Abs(at))
	*v = at + h
	up := o.run()
	*v = at - h
	down := o.run()
	*v = at
	return (up - down) / (2 * h)
}

// decide is what f decides for each of n elements, when it was asked first.
func (o *oracle) decide(n int, f func(i int) int) []int {
	if o.recording {
		d := make([]int, n)
		for i := range d {
			d[i] = f(i)
		}
		o.decisions = append(o.decisions, d)
	}
	o.decision++
	return o.decisions[o.decision-1]
}

// near notes a decision that depends on whether a number is below or above
// another, if float32 does not know.
func (o *oracle) near(a, b, size float64) {
	if o.recording && a != b && math.Abs(a-b) < 1e-6*size {
		o.unsure++
	}
}

// size is the greatest magnitude.
func size(x []float64) (s float64) {
	for _, v := range x {
		s = max(s, math.Abs(v))
	}
	return s
}

// lossOf is the loss of the network's output.
func (o *oracle) lossOf(y []float64) (loss float64) {
	width, counted := len(y)/o.batch, 0
	for n, label := range o.labels {
		if label < 0 {
			continue
		}
		counted++
		row := y[n*width : (n+1)*width]
		if o.loss == graph.MeanSquare {
			for i, v := range row {
				d := v - o.x[n*width+i]
				loss += d * d / float64(width)
			}
			continue
		}
		sum := 0.0
		for _, v := range row {
			sum += math.Exp(v - row[label])
		}
		loss += math.Log(sum)
	}
	return loss / float64(counted)
}
