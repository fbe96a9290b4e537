package sweep

import (
	"bufio"
	"bytes"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"

	"petrify/train"
)

// Ending is what a finished trial has ended with. As a line of JSON it outlives the
// trial's folder, and counts in every sweep that has a trial of the same configuration.
type Ending struct {
	Config    string        `json:"config"` // SHA-256 of the configuration
	Trial     string        `json:"trial"`  // its name
	Float     train.Metrics `json:"float"`
	PTQ       train.Metrics `json:"ptq"`
	QAT       train.Metrics `json:"qat"`
	Bytes     int64         `json:"bytes"`             // of the quantized model, were no bit of a weight unused
	Seconds   float64       `json:"seconds"`           // of training, without evaluation
	Processor float64       `json:"processor_seconds"` // of the trial's processes, without a float stage that is shared
}

// ConfigID is the SHA-256 of a trial's configuration.
func (p *Plan) ConfigID(index int) string {
	sum := digest(without(p.document(index), idle...))
	return hex.EncodeToString(sum[:])
}

// Endings are those of the finished trials, in the plan's order.
func (s *Sweep) Endings() (all []Ending, err error) {
	survey, err := s.Survey()
	if err != nil {
		return nil, err
	}
	endings, err := s.endings(survey)
	if err != nil {
		return nil, err
	}
	for index, o := range endings {
		if o != nil {
			o.Config, o.Trial = s.ConfigID(index), s.Name(s.Trial(index))
			all = append(all, *o)
		}
	}
	return all, nil
}

// endings reads those of all trials, several at a time; that of one that has not finished is
// nil. The error is of the first trial that has one.
func (s *Sweep) endings(survey []Progress) ([]*Ending, error) {
	all, faults := make([]*Ending, len(survey)), make([]error, len(survey))
	var group sync.WaitGroup
	parts := runtime.GOMAXPROCS(0)
	for part := range parts {
		group.Go(func() {
			for index := part; index < len(survey); index += parts {
				if survey[index].State == Finished {
					all[index], faults[index] = s.ending(index, survey[index])
				}
			}
		})
	}
	group.Wait()
	for index, err := range faults {
		if err != nil {
			return nil, fmt.Errorf("sweep: trial %d: %w", index, err)
		}
	}
	return all, nil
}

// ending is that of a finished trial, without what names it.
func (s *Sweep) ending(index int, p Progress) (*Ending, error) {
	folder := s.TrialFolder(index)
	if !isFinished(folder) {
		o := s.known[s.ConfigID(index)]
		return &o, nil
	}
	text, err := os.ReadFile(filepath.Join(folder, "summary.json"))
	if err != nil {
		return nil, err
	}
	var summary struct { // of train.Summary
		Float, PTQ, QAT train.Metrics
		Size            train.Size
	}
	if err := json.Unmarshal(text, &summary); err != nil {
		return nil, fmt.Errorf("summary.json: %w", err)
	}
	o := &Ending{Float: summary.Float, PTQ: summary.PTQ, QAT: summary.QAT, Bytes: summary.Size.Packed,
		Processor: p.Processor}
	text, err = os.ReadFile(filepath.Join(folder, "metrics.jsonl"))
	if errors.Is(err, fs.ErrNotExist) {
		return o, nil
	}
	if err != nil {
		return nil, err
	}
	for lines := bufio.NewScanner(bytes.NewReader(text)); lines.Scan(); {
		var record struct{ Seconds float64 }
		if err := json.Unmarshal(lines.Bytes(), &record); err != nil {
			return nil, fmt.Errorf("metrics.jsonl: %w", err)
		}
		o.Seconds += record.Seconds
	}
	return o, nil
}

// WriteEndings writes a line for each finished trial.
func (s *Sweep) WriteEndings(w io.Writer) error {
	all, err := s.Endings()
	if err != nil {
		return err
	}
	return encodeEndings(w, all)
}

// writeKnown writes the endings that were known before.
func (s *Sweep) writeKnown(w io.Writer) error {
	return encodeEndings(w, slices.SortedFunc(maps.Values(s.known), func(a, b Ending) int {
		return strings.Compare(a.Config, b.Config)
	}))
}

func encodeEndings(w io.Writer, all []Ending) error {
	e := json.NewEncoder(w)
	for _, o := range all {
		if err := e.Encode(o); err != nil {
			return err
		}
	}
	return nil
}

// ReadEndings reads a file of endings, a line for each.
func ReadEndings(file string) (all []Ending, err error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	for line := range bytes.Lines(text) {
		var o Ending
		if json.Unmarshal(line, &o) != nil || o.Config == "" {
			return nil, fmt.Errorf("%s:%d: want the end of a trial, as `petrify sweep results --trials` writes it",
				file, len(all)+1)
		}
		all = append(all, o)
	}
	return all, nil
}

// learn reads files of endings, and keeps those of the plan's trials. A file that is
// missing has none.
func (s *Sweep) learn(files []string) error {
	read := map[string]Ending{}
	for _, file := range files {
		all, err := ReadEndings(file)
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
		for _, o := range all {
			read[o.Config] = o
		}
	}
	if len(read) == 0 {
		return nil
	}
	if s.Halving != nil {
		return errors.New("halving looks at what trials have measured on their way, which a list of their ends " +
			"does not hold: want a plan without halving")
	}
	s.known = map[string]Ending{}
	for index := range s.Len() {
		id := s.ConfigID(index)
		if o, ok := read[id]; ok {
			s.known[id] = o
		}
	}
	return nil
}

// isKnown reports whether a trial has finished elsewhere.
func (s *Sweep) isKnown(index int) bool {
	if len(s.known) == 0 {
		return false
	}
	_, ok := s.known[s.ConfigID(index)]
	return ok
}
