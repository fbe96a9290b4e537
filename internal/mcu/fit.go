package main

import (
	"bytes"
	"errors"
	"fmt"
	gofmt "go/format"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"petrify/quantized"
	"petrify/quantized/carray"
	"petrify/quantized/integer"
	"petrify/quantized/quantizedtest"
)

const ratesFile = "quantized/carray/rates.go"

// calibrations is how many networks rates are fitted on.
const calibrations = 16

// calibration is a network of layers such as built-in ones have, in sizes drawn at random; one
// in four is of all kinds of layers.
func calibration(seed uint64) *quantized.Model {
	rng := rand.New(rand.NewPCG(seed, 55))
	for seed%4 == 3 {
		if _, m := quantizedtest.Random(rng, quantizedtest.W8A8, 9); !slices.ContainsFunc(m.Nodes, vanishes) {
			return m
		}
	}
	side := 6 + rng.IntN(10)
	channels := func() int { return 4 * (1 + rng.IntN(16)) }
	b := quantizedtest.New(rng, quantizedtest.W8A8, 1+rng.IntN(4), side, side)
	x := b.Input()
	if seed%4 != 2 {
		x = b.Conv(x, channels(), quantizedtest.Same(3), 1, quantized.ReLU)
	}
	for range seed % 4 % 2 * 2 {
		c := channels()
		x = b.Conv(x, c, quantizedtest.Valid(1, 1), 1, quantized.ReLU)
		x = b.Conv(x, c, quantizedtest.Same(3+2*rng.IntN(2)), c, quantized.ReLU)
		y := b.Conv(x, c, quantizedtest.Same(3), 1, quantized.Identity)
		x = b.Add(x, y, quantized.ReLU)
	}
	if seed%4 != 2 {
		x = pooled(rng, b, x)
	}
	x = b.Linear(b.Flatten(x), 8*(1+rng.IntN(8)), quantized.ReLU)
	m := b.Model(b.Linear(x, 2+rng.IntN(16), quantized.Identity))
	if rng.IntN(2) == 0 {
		shareScales(m)
	}
	return m
}

// vanishes reports whether a layer is 0, whatever its input: a compiler computes it.
func vanishes(n quantized.Node) bool { return n.Op == quantized.Sub && n.Inputs[0] == n.Inputs[1] }

func pooled(rng *rand.Rand, b *quantizedtest.Builder, x string) string {
	switch rng.IntN(3) {
	case 0:
		return b.GlobalAvgPool(x)
	case 1:
		return b.Pool(quantized.MaxPool, x, quantizedtest.Valid(2, 2))
	}
	return b.Pool(quantized.AvgPool, x, quantizedtest.Valid(2, 2))
}

// shareScales makes means keep the scale of their input, as those of trained networks do.
func shareScales(m *quantized.Model) {
	for i := range m.Nodes {
		n := &m.Nodes[i]
		x, _ := m.Activation(n.Inputs[0])
		if slices.Contains([]quantized.Op{quantized.AvgPool, quantized.GlobalAvgPool, quantized.Flatten}, n.Op) {
			n.Output.Quant = x.Quant
		}
		if n.Bias != nil {
			for o := range n.Bias.Scale {
				n.Bias.Scale[o] = x.Quant.Scale * n.Weights.Scale[o]
			}
		}
	}
}

// measured is what an export of a calibration took.
type measured struct {
	calls []carray.Call
	result
}

// fitRates measures and fits on these cores, and leaves the rates of others as they are.
func fitRates(root string, some []core) error {
	var all []carray.Rate
	for _, c := range cores() {
		if !slices.ContainsFunc(some, func(s core) bool { return s.name == c.name }) {
			all = append(all, carray.Rates(c.title)...)
			continue
		}
		for _, r := range requantizations[:2] {
			found, err := measure(c, r)
			if err != nil {
				return err
			}
			arithmetic := carray.Fixed
			if r == integer.Float32 {
				arithmetic = carray.Float32
			}
			all = append(all, fit(c.title, arithmetic, found)...)
		}
	}
	text, err := writeRates(all)
	if err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(root, ratesFile), text, 0o666)
}

// measure counts every layer of the calibrations.
func measure(c core, r integer.Requantization) ([]measured, error) {
	all := make([]measured, calibrations)
	faults := make([]error, calibrations)
	parallel(calibrations, func(i int) {
		m := calibration(uint64(i))
		calls, err := carray.Calls(m, carray.Options{Requantization: r})
		if err != nil {
			faults[i] = err
			return
		}
		counted, err := trial{core: c, model: m, requantization: r, level: "-O2", inputs: 4, layers: true,
			traces: c.timing != timing{}}.run()
		if err == nil && len(counted.layers) != len(calls) {
			err = fmt.Errorf("%d layers counted, %d calls", len(counted.layers), len(calls))
		}
		all[i], faults[i] = measured{calls, counted}, err
	})
	return all, errors.Join(faults...)
}

// fit finds rates, none of them negative, that explain what was measured with the least sum of
// squared relative errors. A kernel's stack is the least of any export that calls it, its cycles
// an instruction are those of all its calls.
func fit(core, arithmetic string, found []measured) (rates []carray.Rate) {
	var kernels []string
	for _, f := range found {
		for _, c := range f.calls {
			if !slices.Contains(kernels, c.Kernel) {
				kernels = append(kernels, c.Kernel)
			}
		}
	}
	slices.Sort(kernels)
	for _, name := range kernels {
		r := carray.Rate{Core: core, Arithmetic: arithmetic, Kernel: name, Stack: math.MaxInt}
		var rows [][]float64
		var took []float64
		var all spent
		for _, f := range found {
			for i, c := range f.calls {
				if c.Kernel == name {
					rows, took = append(rows, c.Work[:]), append(took, f.layers[i])
					r.Stack = min(r.Stack, f.stack)
					if f.spent != nil {
						all.instructions += f.spent[i].instructions
						all.cycles += f.spent[i].cycles
					}
				}
			}
		}
		for j, n := range leastSquares(rows, took) {
			if n > 1e-6 {
				r.Instructions[j] = n
			}
		}
		if all.instructions > 0 {
			r.Cycles = all.cycles / all.instructions
		}
		rates = append(rates, r)
	}
	return rates
}

// leastSquares returns w ≥ 0 with the least Σ (row·w/y − 1)², by coordinate descent.
func leastSquares(rows [][]float64, y []float64) []float64 {
	w := make([]float64, len(rows[0]))
	rest := slices.Repeat([]float64{1}, len(y)) // 1 − row·w/y
	for range 20000 {
		for j := range w {
			var along, length float64
			for i, row := range rows {
				x := row[j] / y[i]
				along += x * rest[i]
				length += x * x
			}
			if length == 0 {
				continue
			}
			next := max(0, w[j]+along/length)
			for i, row := range rows {
				rest[i] -= (next - w[j]) * row[j] / y[i]
			}
			w[j] = next
		}
	}
	return w
}

// writeRates is a file of Go.
func writeRates(all []carray.Rate) ([]byte, error) {
	var b bytes.Buffer
	b.WriteString("// Code generated by go run ./internal/mcu -fit; DO NOT EDIT.\n\npackage carray\n\nvar rates = []Rate{\n")
	for _, r := range all {
		var work []string
		for _, n := range r.Instructions {
			work = append(work, strconv.FormatFloat(n, 'g', 4, 64))
		}
		arithmetic := "Fixed"
		if r.Arithmetic == carray.Float32 {
			arithmetic = "Float32"
		}
		fmt.Fprintf(&b, "\t{%q, %s, %q, Work{%s}, %d, %.3g},\n", r.Core, arithmetic, r.Kernel, strings.Join(work, ", "),
			r.Stack, r.Cycles)
	}
	b.WriteString("}\n")
	return gofmt.Source(b.Bytes())
}
