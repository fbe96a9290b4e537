package train

import (
	"encoding/json"
	"fmt"
	"io"
	"path/filepath"

	"petrify/datasets"
	"petrify/graph"
	"petrify/internal/atomicfile"
	"petrify/internal/kernel"
	"petrify/quantized"
)

// Result is the result of a run.
type Result struct {
	Float   Metrics // after the float stage
	PTQ     Metrics // the same weights, quantized
	QAT     Metrics // of the frozen network; PTQ's if the QAT stage has no epochs
	Speed   Speed
	Records []Record         // the lines of metrics.jsonl
	Model   *quantized.Model // the frozen network
	Summary Summary          // the contents of summary.json
}

// Speed is images per second of training, without evaluation; 0 for a stage
// without epochs.
type Speed struct {
	Float float64 `json:"float_images_per_second"`
	QAT   float64 `json:"qat_images_per_second"`
}

// Summary is what summary.json holds.
type Summary struct {
	Dataset string           `json:"dataset"`
	Network string           `json:"network"`
	Task    Task             `json:"task,omitzero"`
	Seed    uint64           `json:"seed"`
	Kernels string           `json:"kernels"` // the path that ran, such as "avx2", for the speed
	Samples Samples          `json:"samples"`
	Data    datasets.Account `json:"data"`
	Float   Metrics          `json:"float"`
	PTQ     Metrics          `json:"ptq"`
	QAT     Metrics          `json:"qat"`
	Size    Size             `json:"size"`
	Speed   Speed            `json:"speed"`

	OutputStep float64 `json:"output_step,omitzero"` // of a regression's outputs, in units of the targets; 0: none
}

// Samples is the number of images.
type Samples struct {
	Train int `json:"train"` // without those held out
	Test  int `json:"test"`
}

// Size is in bytes. Quantized is the sum of the parts and of layers that stayed
// float32.
type Size struct {
	Float32    int64 `json:"float32"` // the same parameters as float32
	Float16    int64 `json:"float16"` // and as float16
	Quantized  int64 `json:"quantized"`
	Weights    int64 `json:"weights"`
	Scales     int64 `json:"scales"`
	ZeroPoints int64 `json:"zero_points"`
	Biases     int64 `json:"biases"`
	Packed     int64 `json:"packed"` // Quantized, were no bit of a weight unused
}

// result freezes the model and writes summary.json.
func (r *run) result() (*Result, error) {
	model, err := r.model.Freeze()
	if err != nil {
		return nil, err
	}
	r.describe(model)
	r.warnOfStep(model)
	result := &Result{
		Float: r.Results[Float], PTQ: r.Results[PTQ], QAT: r.Results[QAT],
		Speed:   Speed{r.Trained[Float].rate(), r.Trained[QAT].rate()},
		Records: r.records, Model: model,
	}
	result.Summary = r.summary(model)
	result.Summary.Speed = result.Speed
	if r.store == nil {
		return result, nil
	}
	return result, atomicfile.Write(filepath.Join(r.Out, "summary.json"), result.Summary.Write)
}

// summary is what summary.json says, apart from speed.
func (r *run) summary(m *quantized.Model) Summary {
	return Summary{
		Dataset: r.Data.Name, Network: r.Network.Name, Task: r.Task, Seed: r.Seed, Kernels: kernel.Path(),
		Samples: Samples{r.split.Len(), r.Data.Test.Len()}, Data: r.account(),
		Float: r.Results[Float], PTQ: r.Results[PTQ], QAT: r.Results[QAT],
		Size: size(m), OutputStep: r.outputStep(m),
	}
}

// outputStep is what outputs of a regression are multiples of; 0 if they are not quantized.
func (r *run) outputStep(m *quantized.Model) float64 {
	if out, ok := m.Activation(m.Output); ok && r.Task == Regression {
		return float64(out.Quant.Scale)
	}
	return 0
}

// warnOfStep warns of outputs whose grid is coarser than the float network's errors.
func (r *run) warnOfStep(m *quantized.Model) {
	step, errors := r.outputStep(m), r.Results[Float].MAE
	if step > errors && errors > 0 {
		r.warning(graph.Warning{Text: fmt.Sprintf("the outputs are multiples of %.4g, and float's mean error is %.4g: "+
			"quantization.float_output ships them as real numbers; a grid of 8 bits has 256 values and contains 0",
			step, errors)})
	}
}

func size(m *quantized.Model) Size {
	s := m.Size()
	return Size{
		Float32: s.Float32(), Float16: s.Float16(), Quantized: s.Total(),
		Weights: s.Weights, Scales: s.Scales, ZeroPoints: s.Zeros, Biases: s.Biases,
		Packed: s.Total() - s.Weights + s.Packed,
	}
}

// describe adds what the graph does not know: the data and the run.
func (r *run) describe(m *quantized.Model) { r.Describe(m, r.Data.Checksum()) }

// Describe adds what a model of the run says of data and origin, given the data's checksum.
func (c Config) Describe(m *quantized.Model, checksum string) {
	if c.Network.Loss == graph.CrossEntropy {
		m.Classes = c.Data.Classes
	}
	if c.Network.Loss == graph.Targeted {
		m.Targets = c.Data.Targets
	}
	if c.Network.Loss == graph.Targeted || c.Task == Anomaly {
		m.Task = c.Task.String()
	}
	m.Input.PixelScale, m.Input.Mean, m.Input.Std = c.Data.PixelScale, c.Data.Mean, c.Data.Std
	m.Input.Raw = raw(c.Data)
	m.Origin = quantized.Origin{Version: c.Version, Dataset: c.Data.Name, Data: checksum, Seed: c.Seed, Method: "ptq"}
	if c.QAT.Epochs > 0 {
		m.Origin.Method, m.Origin.Epochs = "qat", c.QAT.Epochs
	}
}

// Write writes the summary as JSON.
func (s Summary) Write(w io.Writer) error {
	text, err := json.MarshalIndent(s, "", "  ")
	if err != nil {
		return fmt.Errorf("train: summary: %w", err)
	}
	_, err = w.Write(append(text, '\n'))
	return err
}
