package main

import (
	"fmt"
	"math"
	"strings"
)

// table collects accuracies, 0 to 1, by row and seed.
type table struct {
	rows     []row
	float    []float64
	ptq, qat [][]float64
	torch    map[string][]float64 // PyTorch's, by the row's name
}

func newTable(rows []row) (*table, error) {
	t := &table{rows: rows, ptq: make([][]float64, len(rows)), qat: make([][]float64, len(rows))}
	var err error
	t.torch, err = peers(torch)
	return t, err
}

// markdown is docs/accuracy.md.
func (t *table) markdown() string {
	var b strings.Builder
	fmt.Fprintf(&b, `# Accuracy against bits

The built-in `+"`cnn`"+` on Fashion-MNIST: 9 epochs in float, then 5 epochs with
quantization in the loop, batch 128, Adam, labels smoothed by 0.1; test accuracy
after the last epoch in per cent, the mean of %d seeds ± half the distance between
the worst and the best. The quantized accuracies are those of the integers that
are exported.

| bits | quantizer | float | PTQ | QAT | each seed | PyTorch 1.13, each seed |
| --- | --- | --- | --- | --- | --- | --- |
`, len(t.float))
	for i, r := range t.rows {
		fmt.Fprintf(&b, "| %s | %s | %s | %s | %s | %s | %s |\n", r.name, r.method,
			spread(t.float), spread(t.ptq[i]), spread(t.qat[i]), each(t.qat[i]), each(t.torch[r.name]))
	}
	fmt.Fprintf(&b, notes, today(), revision(), len(t.float))
	return b.String()
}

// notes follow the table.
const notes = `
**Edges 8**: the input, the weights of the first and the last layer, the last
layer's input and the output have 8 bits, everything else has the stated number
(Esser et al., “Learned Step Size Quantization”, ICLR 2020, section 2.3). Scales
start at 2·mean|x|/√qmax over 32 batches and are learned from there. **Throughout**:
every tensor has the stated number of bits, including the logits; weights use the
range of the step, activations a moving average of minimum and maximum with a zero
point. **Labels as they are**: the same, with QAT on labels that are not smoothed.
**Float logits**: the same, but the network's output is not quantized.

The last row shows why two bits throughout lose so much: it is the logits. Ten
classes share four values, so many of them tie, and the range that the four values
cover follows the greatest logit, which training drives up; PyTorch loses as much
there. Unsmoothed labels help in petrify, where ranges come to rest after two thirds
of QAT and batch norm after half. They do not help in PyTorch, where both keep
moving to the end.

PyTorch continued from the float networks of the first seeds, with the same settings
and its own quantization-aware training (` + "`examples/accuracy/torch_side.py`" + `);
– means not measured. In single runs from another float network (92.04 %%, trained
without smoothing) it reached 91.6 with W8A8, and with LSQ and edges of 8 bits it
reached 92.3, 92.0 and 91.6 with 4, 3 and 2 bits.

Networks that nobody tuned are in [few-bits.md](few-bits.md); what to configure for few
bits, ` + "`algorithm: learnable`" + `, and what its defaults gain are in
[numerics.md](numerics.md#which-to-choose).

Made on %s from revision %s with

    go run -buildvcs=true ./examples/accuracy -seeds %d -o docs/accuracy.md
`

// spread is the mean with half of the range.
func spread(x []float64) string {
	least, most, sum := math.Inf(1), math.Inf(-1), 0.0
	for _, v := range x {
		least, most, sum = min(least, v), max(most, v), sum+v
	}
	return fmt.Sprintf("%.2f ± %.2f", 100*sum/float64(len(x)), 50*(most-least))
}

// each lists the seeds.
func each(x []float64) string {
	if len(x) == 0 {
		return "–"
	}
	var s []string
	for _, v := range x {
		s = append(s, fmt.Sprintf("%.2f", 100*v))
	}
	return strings.Join(s, ", ")
}
