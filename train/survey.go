package train

import (
	"cmp"
	"iter"
	"slices"

	"petrify/datasets"
	"petrify/graph"
)

// Survey is one line of layers.jsonl: how the quantizers suit their tensors after
// an epoch of the QAT stage, and at the end of each stage, in detail. It is made
// when the model is evaluated, on images drawn evenly from the test split; nothing
// in the model moves.
type Survey struct {
	Stage      Phase           `json:"stage"`
	Epoch      int             `json:"epoch"`                // finished epochs of the stage
	Step       int             `json:"step"`                 // finished steps of the stage
	End        bool            `json:"end,omitzero"`         // of the model with which the stage ends
	Fits       []graph.Fit     `json:"fits"`                 // float: only values of the weights
	Milestones []Milestone     `json:"milestones,omitempty"` // of the QAT stage, in the line of PTQ
	Warnings   []graph.Warning `json:"warnings,omitempty"`   // of the stage
}

// Milestone is what changes at a step of the QAT stage.
type Milestone struct {
	Step   int      `json:"step"`
	What   string   `json:"what"` // the configuration's key: observe, quantize, settle, freeze_batch_norm
	Layers []string `json:"layers"`
}

// A survey looks at one batch, and at the end of a stage at more.
const (
	surveyImages = 8
	endBatches   = 16
)

// surveyBatch is the size of a survey's batches.
func (r *run) surveyBatch() int { return min(r.Batch, surveyImages, r.Data.Test.Len()) }

// survey adds a line to layers.jsonl. It does not heed an interruption, since it
// takes less than a step, or at the end of a stage a few.
func (r *run) survey(epoch int, end bool) (err error) {
	if r.store == nil {
		return nil
	}
	s := Survey{Stage: r.Phase, Epoch: epoch, Step: r.Step, End: end, Warnings: r.warnings}
	switch r.Phase {
	case Float:
		s.Fits = r.model.WeightValues()
	case PTQ:
		s.Milestones = r.agenda.milestones()
	}
	if r.Phase != Float {
		if s.Fits, err = r.fits(end); err != nil {
			return err
		}
	}
	if r.Phase == QAT && !end {
		r.drifted(s.Fits)
	}
	if err := r.store.add(r.store.layers, s); err != nil {
		return err
	}
	r.warnings = nil
	r.Events.survey(s)
	return nil
}

// fits shows the probe images of the test split.
func (r *run) fits(detailed bool) (fits []graph.Fit, err error) {
	batch := r.surveyBatch()
	if r.probe == nil {
		if r.probe, err = r.model.Probe(batch); err != nil {
			return nil, err
		}
	}
	images := batch
	if detailed {
		images *= min(endBatches, r.Data.Test.Len()/batch)
	}
	return r.probe.Fits(r.inputs(evenly(r.Data.Test, images), batch), detailed)
}

// inputs are the batches of a split, without labels.
func (r *run) inputs(s *datasets.Split, batch int) iter.Seq2[[]float32, error] {
	return func(yield func([]float32, error) bool) {
		for b, err := range r.Data.Batches(s, datasets.BatchOptions{Size: batch}) {
			if !yield(b.X, err) {
				return
			}
		}
	}
}

// evenly is n images of a split at equal distances.
func evenly(s *datasets.Split, n int) *datasets.Split {
	chosen := make([]bool, s.Len())
	for i := range n {
		chosen[i*len(chosen)/n] = true
	}
	_, part := s.Cut(chosen)
	return part
}

// warning logs what is wrong with a tensor, and notes it for the survey.
func (r *run) warning(w graph.Warning) {
	if w.Tensor == "" {
		r.Log.Warn(w.Text)
	} else {
		r.Log.Warn(w.Text, "tensor", w.Tensor)
	}
	r.warnings = append(r.warnings, w)
}

// milestones are what changes in the stage, and when.
func (a agenda) milestones() (all []Milestone) {
	add := func(layer, what string, at Span) {
		step := at.Steps(a.perEpoch)
		if step >= a.total {
			return
		}
		i := slices.IndexFunc(all, func(m Milestone) bool { return m.Step == step && m.What == what })
		if i < 0 {
			i, all = len(all), append(all, Milestone{Step: step, What: what})
		}
		all[i].Layers = append(all[i].Layers, layer)
	}
	for _, d := range a.domains {
		m := a.of[d.Layer]
		if len(d.Tensors) > 0 {
			add(d.Layer, "observe", m.Observe)
			add(d.Layer, "quantize", m.Quantize)
			add(d.Layer, "settle", m.Settle)
		}
		if d.BatchNorm {
			add(d.Layer, "freeze_batch_norm", m.FreezeBatchNorm)
		}
	}
	slices.SortStableFunc(all, func(a, b Milestone) int { return cmp.Compare(a.Step, b.Step) })
	return all
}
