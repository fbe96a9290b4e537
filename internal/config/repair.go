package config

import (
	"strings"

	"petrify/train"
)

// repair is the table of the block ptq.
func repair(p *train.Repair) value {
	const byBits = " null is true if something has fewer than 8 bits and the loss on calibration's images falls."
	return section{
		{"equalization", "Before ranges are observed, give each channel between two layers the same range in the " +
			"weights of both (Nagel et al. 2019); a qat stage begins from there, too.", yes(&p.Equalization)},
		{"smoothquant", "Before ranges are observed, move those of activations into the weights that read them, by the " +
			"α of Xiao et al. 2023, eq. 4, such as 0.5, where a layer before can take the factors; instead of " +
			"equalization; null does not. A qat stage begins from there, too.",
			auto[float64]{&p.SmoothQuant, number(&p.SmoothQuant, interval{low: 0, high: 1, openLow: true})}},
		{"bias_absorption", "Then move what the outputs of a ReLU exceed 0 by, by batch norm's β − 3·|γ|, to the next " +
			"layer's bias.", yes(&p.BiasAbsorption)},
		{"bias_correction", "Set each bias so that the mean of its channel is the float network's (Nagel et al. " +
			"2019)." + byBits, choice(&p.BiasCorrection)},
		{"gptq", "Choose the integers of a channel's weights together, so that they make up for each other's errors " +
			"and for those of the layers before (Frantar et al. 2023)." + byBits, choice(&p.GPTQ)},
		{"adaround", "Search for integers that are better still, from gptq's or the nearest on (Nagel et al. 2020).",
			yes(&p.AdaRound)},
		{"brecq", "Instead of adaround, search so, and then for the integers of a block of layers together: branches " +
			"up to their join, or two layers in a row (Li et al. 2021).", yes(&p.BRECQ)},
		{"iterations", "adaround, brecq: steps of the search in each layer, and in each block; null is 1000.",
			auto[int]{&p.Iterations, integer(&p.Iterations, 1, 1<<20)}},
		{"damping", "gptq, adaround, brecq: the share of the inputs' mean square that is added to all of their squares; " +
			"null is 0.1.",
			auto[float64]{&p.Damping, number(&p.Damping, interval{low: 0, high: 1, openLow: true})}},
		{"keep", "Begin the qat stage from the network that is repaired so, with batch norm at rest and a fifth of the " +
			"float stage's learning rate, instead of from the float one.", yes(&p.Keep)},
	}
}

// choice is true, false, or null for what the bits recommend.
func choice(to *train.Choice) value {
	return auto[train.Choice]{to, scalar[train.Choice]{
		to: to, want: "true or false", tags: []string{"!!bool"},
		parse: func(t string) (train.Choice, bool) {
			if strings.EqualFold(t, "true") {
				return train.Yes, true
			}
			return train.No, strings.EqualFold(t, "false")
		},
		format: train.Choice.String,
		json:   map[string]any{"type": "boolean"},
	}}
}
