package agree

import (
	"errors"
	"fmt"
	"math"

	"petrify/quantized"
	"petrify/quantized/integer"
)

// layer is one layer of the model and the findings about it.
type layer struct {
	node   *quantized.Node // nil: the quantizer of the input
	inputs []string
	output quantized.Activation
	engine *integer.Layer // the layer as it is
	real   *integer.Layer // what it gives before its fused function and quantizer
	grid   *integer.Layer // the output's quantizer; nil: none
	bound  bound          // of real; nil: the layer is exact
	tally  quantized.LayerComparison
}

// reals are the real numbers of an activation, H W C: the runtime's own, or the
// engine's, from which the runtime's differ by at most e.
type reals struct {
	r     []float32
	e     []float64 // nil: the runtime's own
	terms int       // roundings that e allows for
}

// compile compiles the layer in all its forms.
func (l *layer) compile(m *quantized.Model, o integer.Options) (err error) {
	var in []quantized.Activation
	for _, i := range unique(l.inputs) {
		in = append(in, activation(m, l.inputs[i]))
	}
	l.tally.Layer = l.output.Name
	if l.node == nil {
		in[0].Quant = l.output.Quant
		l.engine, err = integer.NewLayer(nil, in, o)
		return err
	}
	if l.engine, err = integer.NewLayer([]quantized.Node{*l.node}, in, o); err != nil {
		return err
	}
	if l.bound, err = boundOf(l.node, in, o); err != nil || l.bound == nil {
		return err
	}
	real := *l.node
	real.Output.Quant = quantized.Quant{}
	if real.Op != quantized.Activate {
		real.Func = quantized.Identity
	}
	if l.real, err = integer.NewLayer([]quantized.Node{real}, in, o); err != nil {
		return err
	}
	if !l.output.Quant.IsFloat() {
		l.grid, err = integer.NewLayer(nil, []quantized.Activation{l.output}, o)
	}
	return err
}

// add compares n outputs of the runtime with the engine's, and returns what
// later layers read. If the runtime's are not given, nothing is compared.
func (l *layer) add(theirs []float32, given bool, in []reals, n int) (reals, error) {
	var xs [][]float32
	exact := true
	for _, i := range unique(l.inputs) {
		xs = append(xs, in[i].r)
		exact = exact && in[i].e == nil
	}
	if !exact && l.node.Op != quantized.Add {
		return reals{}, errors.New("an input is missing, and this is not an addition")
	}
	ours := make([]float32, n*elements(l.output.Shape))
	if err := l.engine.Run(ours, xs, n); err != nil {
		return reals{}, err
	}
	if l.bound == nil || exact && l.node.Op == quantized.Add {
		if !given {
			return reals{r: ours, e: make([]float64, len(ours))}, nil
		}
		l.count(ours, theirs, ours, ours)
		return reals{r: theirs}, nil
	}
	y := reals{r: make([]float32, len(ours))}
	if err := l.real.Run(y.r, xs, n); err != nil {
		return y, err
	}
	if err := l.bound(&y, in, n); err != nil {
		return y, err
	}
	if !given { // what reads it has its fused function in it, which does not widen e
		for i, r := range y.r {
			y.r[i] = limit(l.node, r)
		}
		return y, nil
	}
	least, greatest, err := l.interval(y, n)
	l.count(ours, theirs, least, greatest)
	return reals{r: theirs}, err
}

// count counts the runtime's elements that differ from the engine's, and those
// that are out of bounds.
func (l *layer) count(ours, theirs, least, greatest []float32) {
	step := math.Inf(1)
	if l.grid != nil {
		step = 1.5 * float64(l.output.Quant.Scale) // more than one, less than two
	}
	t := &l.tally
	t.Elements += len(theirs)
	for i, r := range theirs {
		if least[i] != greatest[i] {
			t.Near++
		}
		if r == ours[i] || r != r && ours[i] != ours[i] {
			continue
		}
		t.Differing++
		apart := math.Abs(float64(r) - float64(ours[i]))
		t.Largest = max(t.Largest, min(apart, math.MaxFloat64)) // JSON has no infinity
		if !(least[i] <= r && r <= greatest[i] && apart < step) {
			t.Beyond++
		}
	}
}

// interval returns the least and the greatest values that n outputs may have
// with another order of sums.
func (l *layer) interval(y reals, n int) (least, greatest []float32, err error) {
	least, greatest = make([]float32, len(y.r)), make([]float32, len(y.r))
	for i, r := range y.r {
		least[i] = limit(l.node, down(float64(r)-y.e[i]))
		greatest[i] = limit(l.node, up(float64(r)+y.e[i]))
	}
	if l.grid != nil {
		err = errors.Join(l.grid.Run(least, [][]float32{least}, n), l.grid.Run(greatest, [][]float32{greatest}, n))
	}
	return least, greatest, err
}

// limit applies a fused function.
func limit(n *quantized.Node, r float32) float32 {
	if n.Op == quantized.Activate {
		return r
	}
	switch n.Func {
	case quantized.Identity:
		return r
	case quantized.ReLU:
		return max(r, 0)
	case quantized.ReLU6:
		return min(max(r, 0), 6)
	}
	panic(fmt.Sprintf("agree: %v is no fused function", n.Func))
}

// down is the greatest float32 that is not above r.
func down(r float64) float32 {
	if f := float32(r); float64(f) <= r {
		return f
	}
	return math.Nextafter32(float32(r), float32(math.Inf(-1)))
}

// up is the least that is not below.
func up(r float64) float32 { return -down(-r) }

func elements(shape []int) int {
	n := 1
	for _, d := range shape {
		n *= d
	}
	return n
}
