package carray

import (
	"slices"

	"petrify/quantized"
)

// Arithmetics of rates: fixed point takes the same however often it rounds.
const (
	Float32 = "float32"
	Fixed   = "fixed"
)

// Call is a call of a kernel in NAME_run, and how much it computes.
type Call struct {
	Kernel string
	Work   Work
}

// Work is what a kernel's instructions grow with: multiply-accumulates, outputs, inputs and
// taps of all positions of its window, positions, and calls.
type Work [6]float64

// Calls lists the calls of an export in order.
func Calls(m *quantized.Model, o Options) ([]Call, error) {
	l, err := lower(m, o)
	if err != nil {
		return nil, err
	}
	return l.calls(), nil
}

func (l *lowering) calls() (all []Call) {
	products := map[string]int64{}
	for _, layer := range l.model.Size().Layers {
		products[layer.Name] = layer.MACs
	}
	for _, s := range l.steps {
		all = append(all, Call{s.kernel, l.work(s.node, products)})
	}
	return all
}

// work is that of a node; nil: of a move of the input.
func (l *lowering) work(n *quantized.Node, products map[string]int64) Work {
	if n == nil {
		return Work{5: 1}
	}
	outputs, channels := elements(n.Output.Shape), n.Output.Shape[0]
	positions := float64(outputs / channels)
	taps := float64(max(1, n.Window.Kernel[0]*n.Window.Kernel[1]))
	if n.Op == quantized.GlobalAvgPool {
		taps = float64(l.values[n.Inputs[0]].pixels())
	}
	macs := float64(products[n.Name])
	if n.Weights == nil && taps > 1 { // a pool
		macs = taps * float64(outputs)
	}
	return Work{macs, float64(outputs), macs / float64(channels), taps * positions, positions, 1}
}

// Rate is what a kernel takes on a core, compiled with gcc -O2. Arithmetic is float32 or fixed.
type Rate struct {
	Core, Arithmetic, Kernel string
	Instructions             Work // for each unit of work
	Stack                    int  // bytes

	// Cycles are those of an instruction, by the core's timing; 0: it is not published.
	Cycles float64
}

// Cost is what an inference takes on a core, as far as it is known.
type Cost struct {
	Core         string
	Instructions float64
	Cycles       float64  // without wait states; 0: nobody has published the core's timing
	Stack        int      // bytes
	Arena        int      // bytes
	Code         int      // bytes; 0: it is not known
	Unknown      []string // kernels of which no rate is known
}

// fourPlaces are the cores that compute four places at once: see kernels/processor.c.
var fourPlaces = []string{"Cortex-M4", "Cortex-M7"}

// Cores are those that there are rates of.
func Cores() (all []string) {
	for _, r := range rates {
		if !slices.Contains(all, r.Core) {
			all = append(all, r.Core)
		}
	}
	return all
}

// Rates are those of a core.
func Rates(core string) []Rate {
	return slices.DeleteFunc(slices.Clone(rates), func(r Rate) bool { return r.Core != core })
}

// Timed reports whether there is a model of the core's cycles.
func Timed(core string) bool {
	return slices.ContainsFunc(rates, func(r Rate) bool { return r.Core == core && r.Cycles > 0 })
}

// Costs estimates what an export takes on each of [Cores].
func Costs(m *quantized.Model, o Options) ([]Cost, error) {
	l, err := lower(m, o)
	if err != nil {
		return nil, err
	}
	arithmetic := Fixed
	if l.float32() {
		arithmetic = Float32
	}
	calls, parts := l.calls(), l.codeParts()
	var all []Cost
	for _, core := range Cores() {
		c := Estimate(core, calls, slices.DeleteFunc(slices.Clone(rates), func(r Rate) bool {
			return r.Core != core || r.Arithmetic != arithmetic
		}))
		if c.Arena = l.arena; slices.Contains(fourPlaces, core) {
			c.Arena = l.fourArena
		}
		c.Code = code(core, parts)
		all = append(all, c)
	}
	return all, nil
}

// Estimate sums what calls take at the rates of a core.
func Estimate(core string, calls []Call, rates []Rate) Cost {
	c := Cost{Core: core}
	for _, call := range calls {
		i := slices.IndexFunc(rates, func(r Rate) bool { return r.Kernel == call.Kernel })
		if i < 0 {
			if !slices.Contains(c.Unknown, call.Kernel) {
				c.Unknown = append(c.Unknown, call.Kernel)
			}
			continue
		}
		var took float64
		for j, n := range call.Work {
			took += n * rates[i].Instructions[j]
		}
		c.Instructions += took
		c.Cycles += took * rates[i].Cycles
		c.Stack = max(c.Stack, rates[i].Stack)
	}
	return c
}
