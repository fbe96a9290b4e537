package report

import (
	"fmt"

	"petrify/train"
)

// TimesFile holds how long the layers take.
const TimesFile = "times.json"

// Times is what times.json holds: how long the integer engine takes for one input on one
// processor. It is measured once; the page is a function of the file.
type Times struct {
	Version  int         `json:"version"` // 1
	Model    string      `json:"model"`   // SHA-256 of model.safetensors
	Platform string      `json:"platform"`
	Kernels  string      `json:"kernels"`
	Inputs   int         `json:"inputs"` // over which the median is taken
	Layers   []LayerTime `json:"layers"`
}

// LayerTime is the median for a layer.
type LayerTime struct {
	Layer        string  `json:"layer"`
	Microseconds float64 `json:"microseconds"`
}

// of is the time of a layer.
func (t *Times) of(layer string) (microseconds float64) {
	if t == nil {
		return 0
	}
	for _, l := range t.Layers {
		if l.Layer == layer {
			return l.Microseconds
		}
	}
	return 0
}

// Total is the time of all layers.
func (t *Times) Total() (microseconds float64) {
	for _, l := range t.Layers {
		microseconds += l.Microseconds
	}
	return microseconds
}

// Sensitivity is what a page needs of analysis.json: what each tensor loses at fewer bits.
type Sensitivity struct {
	Metric string // its key; "": there is none
	Images struct {
		Split string
		Count int
	}
	Tensors []SensitiveTensor
}

// SensitiveTensor is what a tensor loses at several bits.
type SensitiveTensor struct {
	Tensor string
	Bits   []Loss
}

// Loss is what a network loses with a tensor at some bits.
type Loss struct {
	Bits           int
	LossIncrease   float64  `json:"loss_increase"`
	ErrorIncrease  *int     `json:"error_increase"`  // nil: nothing is classified
	MetricIncrease *float64 `json:"metric_increase"` // nil: there is no metric
}

// sensitive adds what a tensor loses at fewer bits.
func (p *Panel) sensitive(r *Run, what, tensor string) {
	if r.Sensitivity == nil {
		return
	}
	for _, t := range r.Sensitivity.Tensors {
		if t.Tensor != tensor || len(t.Bits) == 0 {
			continue
		}
		c := Chart{Title: "Loss with fewer bits of the " + what, Kind: barChart, XLabel: "bits of the " + what,
			YLabel: "increase of the loss", Whole: true,
			Series: []Series{{Label: "increase of the loss", Colour: vermillion}}}
		worst := t.Bits[0]
		for _, b := range t.Bits {
			c.X = append(c.X, float64(b.Bits))
			c.Series[0].Values = append(c.Series[0].Values, b.LossIncrease)
			if b.LossIncrease > worst.LossIncrease {
				worst = b
			}
		}
		ascending(&c)
		said := fmt.Sprintf("%.4g at %d bits", worst.LossIncrease, worst.Bits)
		if worst.ErrorIncrease != nil {
			said += fmt.Sprintf(", %+d mistakes", *worst.ErrorIncrease)
		}
		if of, ok := train.MetricOf(r.Sensitivity.Metric); ok && worst.MetricIncrease != nil {
			said += fmt.Sprintf(", %s %+.4g", of.Name, *worst.MetricIncrease)
		}
		c.Note = fmt.Sprintf("The loss of the float network grows by up to %s, with every other tensor at 8 bits, "+
			"on %s samples (%s).", said, thousands(int64(r.Sensitivity.Images.Count)), r.Sensitivity.Images.Split)
		p.fact("sensitivity of "+what, said)
		p.Charts = append(p.Charts, c)
	}
}
