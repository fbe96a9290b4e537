package analysis

import (
	"cmp"
	"encoding/json"
	"io"
	"slices"
)

// Version is that of the schema of analysis.json, which docs/analyze.md describes. It
// changes when a field changes its meaning or goes.
const Version = 1

// Bits are the numbers of bits that are tried.
func Bits() []int { return []int{8, 6, 5, 4, 3, 2} }

// Result is what analysis.json holds.
type Result struct {
	Version int    `json:"version"`
	Program string `json:"program"` // the version of petrify
	Task    string `json:"task"`
	Network string `json:"network"`
	Dataset string `json:"dataset"`
	Images  Images `json:"images"`

	// Metric is the key of the task's most telling metric of held-out samples; "": it is the
	// accuracy, which errors say, or there is none but the loss.
	Metric string `json:"metric,omitempty"`

	Float   Measure   `json:"float"`   // of the float network
	Uniform []Uniform `json:"uniform"` // of networks whose tensors all have as many bits
	Tensors []Tensor  `json:"tensors"` // in the order of the network
}

// Images are those on which losses are measured.
type Images struct {
	Split string `json:"split"` // validation, or training: which the weights may have been trained on
	Count int    `json:"count"`
}

// Measure is the mean loss over the images, how many are classified wrongly, and the metric
// of other tasks; nil where there is none.
type Measure struct {
	Loss   float64  `json:"loss"`
	Errors *int     `json:"errors,omitempty"`
	Metric *float64 `json:"metric,omitempty"`
}

// Increase is by how much errors and metric are greater than before; nil where there is none.
func Increase(m, before Measure) (errors *int, metric *float64) {
	if m.Errors != nil {
		more := *m.Errors - *before.Errors
		errors = &more
	}
	if m.Metric != nil {
		more := *m.Metric - *before.Metric
		metric = &more
	}
	return errors, metric
}

// Uniform is a measure with all tensors at some bits.
type Uniform struct {
	Bits int `json:"bits"`
	Measure
}

// Tensor is what a tensor is like, and what its quantization costs.
type Tensor struct {
	Tensor      string             `json:"tensor"` // as inspect --graph names it
	Kind        string             `json:"kind"`   // weights or activations
	Layer       string             `json:"layer"`  // whose configuration decides on its bits
	Shared      []string           `json:"shared,omitempty"`
	Elements    int                `json:"elements"` // of one image
	Range       [2]float64         `json:"range"`
	Percentiles map[string]float64 `json:"percentiles"`
	Float       Measure            `json:"float"` // with the tensor in float32, every other one at 8 bits
	Bits        []AtBits           `json:"bits"`
}

// The kinds of tensors.
const (
	Weights     = "weights"
	Activations = "activations"
)

// AtBits is what quantizing a tensor to some bits does.
type AtBits struct {
	Bits           int      `json:"bits"`
	LossIncrease   float64  `json:"loss_increase"`
	ErrorIncrease  *int     `json:"error_increase,omitempty"`
	MetricIncrease *float64 `json:"metric_increase,omitempty"`
	SQNR           *float64 `json:"sqnr"`                 // dB, of the tensor alone; nil: rounding changes nothing
	Cumulative     *float64 `json:"cumulative,omitempty"` // dB, in the network whose tensors all have as many bits
	Levels         int      `json:"levels"`               // integers that occur
	Clipped        float64  `json:"clipped"`              // share of the elements beyond the grid
}

// At is the tensor at some bits.
func (t *Tensor) At(bits int) *AtBits {
	i := slices.IndexFunc(t.Bits, func(a AtBits) bool { return a.Bits == bits })
	return &t.Bits[i]
}

// Worst sorts the tensors by how much the loss increases at some bits, most first.
func (r *Result) Worst(bits int) []Tensor {
	sorted := slices.Clone(r.Tensors)
	slices.SortStableFunc(sorted, func(a, b Tensor) int {
		return cmp.Compare(b.At(bits).LossIncrease, a.At(bits).LossIncrease)
	})
	return sorted
}

// Write writes analysis.json.
func (r *Result) Write(w io.Writer) error {
	e := json.NewEncoder(w)
	e.SetIndent("", "  ")
	return e.Encode(r)
}
