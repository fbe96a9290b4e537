package main

import (
	"fmt"
	"strings"
)

// page is docs/few-bits.md.
func (b quick) page(f, peer figures) string {
	return pageHead + b.table(f, peer) + pageNotes
}

// table has a row for each network and number of bits of which there is a figure.
func (b quick) table(f, peer figures) string {
	var t strings.Builder
	t.WriteString("| network | bits | float | PTQ | vanilla | QAT | shipped − trained | PyTorch 1.13 |\n" +
		"| --- | --- | --- | --- | --- | --- | --- | --- |\n")
	for _, network := range b.networks {
		for _, bits := range b.bits {
			shown, row := false, "| "+network+" | "+bits
			for _, column := range []string{columnFloat, columnPTQ, columnSTE, columnQAT, columnGap} {
				name := cell(network, bits, column)
				v, known := f[name]
				shown = shown || known && column != columnFloat
				row += " | " + shownAs(v, known)
			}
			v, known := peer[cell(network, bits, columnQAT)]
			row += " | " + shownAs(v, known) + " |\n"
			if shown {
				t.WriteString(row)
			}
		}
	}
	return t.String()
}

func shownAs(v float64, known bool) string {
	if !known {
		return "–"
	}
	return fmt.Sprintf("%.2f", v)
}

const pageHead = `# Few bits on five networks

What the defaults of a configuration file reach on networks for which nobody tuned
them: Fashion-MNIST, 3 epochs in float, then one short epoch of 20,000 images with
quantization in the loop, batch 128, Adam, one seed; test accuracy in per cent.

`

const pageNotes = `
Below 8 bits the edges have 8 (` + "`edge_bits: 8`" + `): the input, the weights of the first and
the last layer, the last layer's input and the output. Wt is ` + "`weight_bits: ternary`" + `, W1
` + "`weight_bits: binary`" + `. ` + "`nobn`" + ` is ` + "`cnn`" + ` without batch norm.
**PTQ** is ` + "`algorithm: vanilla`" + ` without training, **vanilla** with it, **QAT** is
` + "`algorithm: learnable`" + `. **Shipped − trained** is the accuracy of the integers that
QAT exports less that of the forward pass of its last training steps.

**PyTorch** starts from the same float networks, learns scales with its own LSQ kernel,
from the least squared error on, folds batch norm as its quantization-aware training
does, and has the best of two or three learning rates; its biases are float, and its
activations have no zero points (` + "`examples/accuracy/quick_torch.py`" + `). – means not measured.

With 4 bits or more, PTQ is up to 0.6 ahead of so short a QAT, and 0.13 behind it at
most, but for mobilenet with 4-bit weights (0.4). With 3 bits of resnet8, PTQ is 0.2 ahead of
PyTorch, and QAT 0.3 behind; from the repaired network (` + "`ptq: {keep: true}`" + `) it reaches
89.75. With 2 bits QAT is ahead everywhere. [numerics.md](numerics.md#which-to-choose) has
what was tried for the cells in which ` + "`learnable`" + ` is behind ` + "`vanilla`" + ` or PyTorch.
One seed says little of such cells. At W4A4, QAT less vanilla is with seeds 1, 2 and 3 −0.42, +0.03
and −0.19 for ds-cnn; with seeds 2 and 3 +0.09 and +0.09 for resnet8, and −0.09 and +0.02 for nobn.
At W3A3, resnet8 has 89.07 and 88.58 with seeds 2 and 3. After a whole epoch, and with three seeds
([accuracy.md](accuracy.md#resnet8)), ` + "`learnable`" + ` less PyTorch's LSQ is +0.17 ± 0.38 at W4A4, +0.04 ±
0.39 at W3A3 and +0.47 ± 0.72 at W2A2: with 2 and 3 bits it is LSQ+ there.

    make accuracy-quick

measures the table again, in half an hour on two quiet cores, and fails if a cell loses
more against float than here by 0.4, 0.8, 1.2 or 2 points, with weights of 8, 4, 3 or fewer
bits; three seeds of ` + "`mlp`" + ` differ by 0.33 at most. ` + "`QUICK='-only resnet8'`" + ` measures
a part of it, and ` + "`QUICK=-update`" + ` writes this page and the reference. The float
networks are kept in ` + "`runs/accuracy-quick`" + `.
`
