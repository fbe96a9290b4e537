package main

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"slices"
	"time"

	"petrify/quantized"
	"petrify/train"
)

// eventsVersion is the version of the lines of `petrify train --json`, which
// docs/events.md defines. A new key does not change it.
const eventsVersion = 1

// eventLines writes what happens in a run as lines of JSON. A nil one writes nothing.
type eventLines struct {
	w    io.Writer
	task train.Task
	err  error // the first
}

// eventHead begins each line.
type eventHead struct {
	Event string    `json:"event"`
	Time  time.Time `json:"time"`
}

// measured is how well a network does; accuracy only where it classifies, and other
// metrics of the task where there are some.
type measured struct {
	Loss     float64            `json:"loss"`
	Accuracy *float64           `json:"accuracy,omitempty"`
	Metrics  map[string]float64 `json:"metrics,omitempty"`

	WorstClass string `json:"worst_class,omitempty"`
}

// The lines, apart from their heads.
type (
	startLine struct {
		Schema  int    `json:"schema"`
		Program string `json:"program"`
		Run     string `json:"run"`
		Network string `json:"network"`
		Dataset string `json:"dataset"`
		Train   int    `json:"train"`
		Test    int    `json:"test"`
		Seed    uint64 `json:"seed"`
		Resume  bool   `json:"resume"`
	}
	stageLine struct {
		Stage        train.Phase `json:"stage"`
		Epochs       int         `json:"epochs"`
		StepsInEpoch int         `json:"steps_in_epoch"`
		Batch        int         `json:"batch"`
		Step         int         `json:"step"`
	}
	epochLine struct {
		Stage           train.Phase `json:"stage"`
		Epoch           int         `json:"epoch"`
		Step            int         `json:"step"`
		LearningRate    float64     `json:"learning_rate"`
		Train           measured    `json:"train"`
		ImagesPerSecond float64     `json:"images_per_second"`
		Seconds         float64     `json:"seconds"`
	}
	evaluationLine struct {
		Stage train.Phase `json:"stage"`
		Epoch int         `json:"epoch"`
		Step  int         `json:"step"`
		Split string      `json:"split"`
		measured
	}
	warningLine struct {
		Text   string            `json:"text"`
		Values map[string]string `json:"values,omitempty"`
	}
	exportLine struct {
		Format string `json:"format"`
		Path   string `json:"path"`
		Bytes  int64  `json:"bytes"`
	}
	proofLine struct {
		Holds   bool   `json:"holds"`
		Text    string `json:"text"`
		Samples int    `json:"samples"`
		Outputs int    `json:"outputs"`
	}
	endLine struct {
		State string    `json:"state"`
		Error string    `json:"error,omitempty"`
		Float *measured `json:"float,omitempty"`
		PTQ   *measured `json:"ptq,omitempty"`
		QAT   *measured `json:"qat,omitempty"`
		Bytes int64     `json:"bytes,omitempty"`
	}
)

// put writes a line.
func (l *eventLines) put(event string, line any) {
	if l == nil || l.err != nil {
		return
	}
	head, err := json.Marshal(eventHead{event, time.Now().UTC().Truncate(time.Millisecond)})
	if err == nil {
		var rest []byte
		if rest, err = json.Marshal(line); err == nil {
			_, err = l.w.Write(append(append(head[:len(head)-1], ','), append(rest[1:], '\n')...))
		}
	}
	l.err = err
}

// failed is the first error.
func (l *eventLines) failed() error {
	if l == nil || l.err == nil {
		return nil
	}
	return errors.Join(errors.New("the events could not be written"), l.err)
}

// measured chooses what to say of a network.
func (l *eventLines) measured(m train.Metrics) measured {
	said := measured{Loss: m.Loss}
	of := l.task.MetricsOf(m)
	classifies := l.task == train.Classification
	if classifies {
		said.Accuracy, said.WorstClass, of = &m.Accuracy, m.WorstClass, of[1:]
	}
	for _, of := range of {
		if v := of.Of(m); v != 0 || classifies { // a metric of training is not measured
			if said.Metrics == nil {
				said.Metrics = map[string]float64{}
			}
			said.Metrics[of.Key] = v
		}
	}
	return said
}

func (l *eventLines) start(t train.Config) {
	if l == nil {
		return
	}
	l.task = t.Task
	l.put("start", startLine{Schema: eventsVersion, Program: t.Version, Run: t.Out, Network: t.Network.Name,
		Dataset: t.Data.Name, Train: t.Data.Train.Len(), Test: t.Data.Test.Len(), Seed: t.Seed, Resume: t.Resume})
}

// events adds the lines of a run's events to what others do with them.
func (l *eventLines) events(e train.Events) train.Events {
	if l == nil {
		return e
	}
	stage, epoch := e.Stage, e.Epoch
	e.Stage = func(s train.StageStart) {
		stage(s)
		l.put("stage", stageLine{s.Stage, s.Epochs, s.StepsInEpoch, s.Batch, s.Step})
	}
	e.Epoch = func(r train.Record) {
		epoch(r)
		l.epoch(r)
	}
	return e
}

func (l *eventLines) epoch(r train.Record) {
	if r.Stage != train.PTQ {
		l.put("epoch", epochLine{r.Stage, r.Epoch, r.Step, r.LearningRate, l.measured(r.Train), r.ImagesPerSecond,
			r.Seconds})
	}
	l.put("evaluation", evaluationLine{r.Stage, r.Epoch, r.Step, "test", l.measured(r.Test)})
	if r.Validation != (train.Metrics{}) {
		l.put("evaluation", evaluationLine{r.Stage, r.Epoch, r.Step, "validation", l.measured(r.Validation)})
	}
}

func (l *eventLines) proof(p *quantized.Proof) {
	l.put("proof", proofLine{p.Check() == nil, p.String(), p.Data.Samples, p.Outputs})
}

// end writes the last line; r is nil if there is no result.
func (l *eventLines) end(ctx context.Context, r *train.Result, err error) {
	if l == nil {
		return
	}
	line := endLine{State: "finished"}
	if r != nil {
		float, ptq, qat := l.measured(r.Float), l.measured(r.PTQ), l.measured(r.QAT)
		line.Float, line.PTQ, line.QAT, line.Bytes = &float, &ptq, &qat, r.Summary.Size.Quantized
	}
	switch {
	case err != nil && ctx.Err() != nil:
		line.State, line.Error = "interrupted", err.Error()
	case err != nil:
		line.State, line.Error = "failed", err.Error()
	}
	l.put("end", line)
}

// handler adds a line for each warning to what another handler does.
func (l *eventLines) handler(to slog.Handler) slog.Handler {
	if l == nil {
		return to
	}
	return warningLines{Handler: to, lines: l}
}

type warningLines struct {
	slog.Handler
	lines *eventLines
	attrs []slog.Attr // of all records
}

func (h warningLines) Handle(ctx context.Context, r slog.Record) error {
	if r.Level >= slog.LevelWarn {
		w := warningLine{Text: r.Message}
		add := func(a slog.Attr) bool {
			if w.Values == nil {
				w.Values = map[string]string{}
			}
			w.Values[a.Key] = a.Value.String()
			return true
		}
		for _, a := range h.attrs {
			add(a)
		}
		r.Attrs(add)
		h.lines.put("warning", w)
	}
	return h.Handler.Handle(ctx, r)
}

func (h warningLines) WithAttrs(more []slog.Attr) slog.Handler {
	return warningLines{h.Handler.WithAttrs(more), h.lines, slices.Concat(h.attrs, more)}
}

func (h warningLines) WithGroup(name string) slog.Handler {
	return warningLines{h.Handler.WithGroup(name), h.lines, h.attrs}
}
