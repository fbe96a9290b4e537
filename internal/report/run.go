package report

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"petrify/quantized"
	"petrify/train"
)

// Run is everything that a page shows of a run.
type Run struct {
	Name    string // of its folder
	Model   *quantized.Model
	Proof   *quantized.Proof // nil: there is none
	Summary Summary
	Records []Record
	Surveys []Survey
	Config  string // config.yaml without its comments

	Times       *Times       // nil: not measured
	Sensitivity *Sensitivity // nil: not analysed

	// What the files of the folder do not say; empty where it is not known.
	Settings    [][2]string // paths and values of the configuration
	Exports     []Export
	Judgement   *Judgement   // of a classifier
	Restoration *Restoration // of a network whose outputs are to be its inputs
	Masks       *Masks       // of a network with a class for each pixel
	Predictions []Prediction // of each number or label
	Unjudged    string       // why there is none of these
	Warnings    []string
}

// Export is what a format makes of the model.
type Export struct {
	Format, Runs string
	Bytes        int64
	Note         string // what Bytes are, if not those of its files
	Refused      string // why there is none
	Cores        []Core // what an inference takes on each
}

// Core is what an inference takes on a microcontroller: estimates in words, and bytes.
type Core struct {
	Name, Instructions, Cycles, Code string
	RAM                              int64 // activations and stack
}

// Summary is what a page needs of summary.json.
type Summary struct {
	Dataset string
	Network string
	Task    train.Task
	Seed    uint64
	Kernels string
	Samples struct{ Train, Test int }
	Data    struct {
		Source, Kind, Division, Normalised string
		Shape                              []int
		Classes                            []struct{ Name string }
	}
	Float, PTQ, QAT Measures
	Size            struct{ Float32, Float16, Quantized int64 }
	Speed           struct {
		Float float64 `json:"float_images_per_second"`
		QAT   float64 `json:"qat_images_per_second"`
	}
}

// Measures is how well a network does on a split.
type Measures = train.Metrics

// Record is a line of metrics.jsonl.
type Record struct {
	Stage                   string
	Epoch, Step             int
	LearningRate            float64 `json:"learning_rate"`
	Train, Test, Validation Measures
	Oscillating             []struct {
		Tensor string
		Share  float64
	}
}

// Survey is a line of layers.jsonl.
type Survey struct {
	Stage       string
	Epoch, Step int
	End         bool
	Fits        []Fit
	Milestones  []Milestone
	Warnings    []struct{ Tensor, Text string }
}

// Milestone is what changes at a step of the QAT stage.
type Milestone struct {
	Step   int
	What   string
	Layers []string
}

// Fit is how a quantizer suits its tensor.
type Fit struct {
	Tensor         string
	Scales, Grid   [2]float64
	Clipped, Noise float64
	Moved, Turned  float64
	Levels         int
	Values         *Histogram
}

// Histogram counts numbers in intervals of equal width.
type Histogram struct {
	Least, Greatest float64
	Counts          []int
}

// Read reads the folder of a finished run. Files that older runs lack may be
// missing.
func Read(folder string) (*Run, error) {
	m, err := quantized.Load(folder)
	if err != nil {
		return nil, err
	}
	path, err := filepath.Abs(folder)
	if err != nil {
		return nil, err
	}
	r := &Run{Name: filepath.Base(path), Model: m}
	if err := r.readSummary(folder); err != nil {
		return nil, err
	}
	if r.Records, err = lines[Record](filepath.Join(folder, "metrics.jsonl")); err != nil {
		return nil, err
	}
	if r.Surveys, err = lines[Survey](filepath.Join(folder, "layers.jsonl")); err != nil {
		return nil, err
	}
	if r.Proof, err = quantized.LoadProof(folder); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	if r.Times, err = document[Times](filepath.Join(folder, TimesFile)); err != nil {
		return nil, err
	}
	if r.Sensitivity, err = document[Sensitivity](filepath.Join(folder, "analysis.json")); err != nil {
		return nil, err
	}
	text, err := os.ReadFile(filepath.Join(folder, "config.yaml"))
	if err != nil {
		return nil, err
	}
	r.Config = uncommented(string(text))
	return r, nil
}

func (r *Run) readSummary(folder string) error {
	path := filepath.Join(folder, "summary.json")
	text, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	if err := json.Unmarshal(text, &r.Summary); err != nil {
		return fmt.Errorf("report: %s: %w", path, err)
	}
	return nil
}

// document reads a file of JSON; nil, if it is not there.
func document[T any](path string) (*T, error) {
	text, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	v := new(T)
	if err := json.Unmarshal(text, v); err != nil {
		return nil, fmt.Errorf("report: %s: %w", path, err)
	}
	return v, nil
}

// lines reads a file of lines of JSON; none, if it is not there.
func lines[T any](path string) (all []T, err error) {
	text, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	for line := range bytes.Lines(text) {
		var v T
		if err := json.Unmarshal(line, &v); err != nil {
			return nil, fmt.Errorf("report: %s: line %d: %w", path, len(all)+1, err)
		}
		all = append(all, v)
	}
	return all, nil
}

// uncommented is a YAML text without the lines that are comments.
func uncommented(text string) string {
	var b strings.Builder
	for line := range strings.Lines(text) {
		if !strings.HasPrefix(strings.TrimSpace(line), "#") {
			b.WriteString(line)
		}
	}
	return b.String()
}

// classifies reports whether the network tells classes apart.
func (r *Run) classifies() bool { return len(r.Model.Classes) > 0 }

// Task is what the network does. Summaries of old runs do not say it.
func (r *Run) Task() train.Task {
	switch {
	case r.Summary.Task != train.AnyTask:
		return r.Summary.Task
	case r.classifies():
		return train.Classification
	}
	return train.Reconstruction
}

// end is the survey of the model with which a stage ended; nil if there is none.
func (r *Run) end(stage string) *Survey {
	for i := range r.Surveys {
		if s := &r.Surveys[i]; s.Stage == stage && s.End {
			return s
		}
	}
	return nil
}

// last is the survey of the model that ships.
func (r *Run) last() *Survey {
	if s := r.end("qat"); s != nil {
		return s
	}
	return r.end("ptq")
}

// fit is a survey's fit of a tensor; nil if there is none.
func (s *Survey) fit(tensor string) *Fit {
	if s == nil {
		return nil
	}
	for i := range s.Fits {
		if s.Fits[i].Tensor == tensor {
			return &s.Fits[i]
		}
	}
	return nil
}
