package sweep

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"petrify/train"
)

// Results is a table of the finished trials.
type Results struct {
	By       []string `json:"by"`              // the axes whose choices have rows
	Measure  string   `json:"measure"`         // the key of a metric of the trials' task, such as "accuracy", or "loss"
	Trials   int      `json:"trials"`          // of the plan
	Finished int      `json:"finished"`        // of these
	Halved   int      `json:"halved,omitzero"` // of these: stopped by halving
	Rows     []Row    `json:"rows"`            // in the plan's order
	Best     int      `json:"best"`            // the row with the best mean of QAT
	Against  int      `json:"against"`         // the row that the others are compared with
}

// Row is the trials of one choice of some axes.
type Row struct {
	Labels  []string `json:"labels"`
	Trials  int      `json:"trials"`           // of the plan
	Halved  string   `json:"halved,omitempty"` // where halving stopped them
	Float   Estimate `json:"float"`
	PTQ     Estimate `json:"ptq"`
	QAT     Estimate `json:"qat"`
	Bytes   float64  `json:"bytes"`   // of the quantized model, were no bit of a weight unused; a mean
	Seconds float64  `json:"seconds"` // of training, without evaluation, a mean
	// processor seconds of a trial, without a float stage that is shared, a mean
	Processor float64 `json:"processor_seconds"`
	Frontier  bool    `json:"frontier"` // no other row is as small and better, or as good and smaller
	// QAT less that of the row Against, seed by seed
	Difference Comparison `json:"difference"`
	Holm       float64    `json:"holm"` // its Student, adjusted for the number of rows
}

// paired is an ending with its trial's labels on the axes without rows.
type paired struct {
	rest string
	Ending
}

// ErrNoneFinished is the error of [Sweep.Results] where no trial has finished. The rows are
// there, without numbers.
var ErrNoneFinished = errors.New("sweep: no trial has finished")

// Results reads the finished trials. metric is the key of what they are measured by, or "":
// what says most of their task. by names the axes whose choices have rows; none
// means all but those of the seed. against are the labels of the row that the others are
// compared with; none means the best.
func (s *Sweep) Results(metric string, by, against []string) (*Results, error) {
	if len(by) == 0 {
		by = slices.DeleteFunc(slices.Clone(s.Axes), func(axis string) bool { return axis == "seed" })
	}
	columns := make([]int, len(by))
	for i, axis := range by {
		if columns[i] = slices.Index(s.Axes, axis); columns[i] < 0 {
			return nil, fmt.Errorf("sweep: no axis %q: want some of %s", axis, strings.Join(s.Axes, ", "))
		}
	}
	r := &Results{By: by, Trials: s.Len()}
	groups, err := s.gather(r, columns)
	if err != nil {
		return nil, err
	}
	if r.Finished == 0 {
		return r, ErrNoneFinished
	}
	if err := r.measure(metric, groups); err != nil {
		return nil, err
	}
	for i := range r.Rows {
		r.fill(&r.Rows[i], groups[i])
	}
	r.rank()
	if r.Against = r.Best; len(against) > 0 {
		r.Against = slices.IndexFunc(r.Rows, func(row Row) bool { return slices.Equal(row.Labels, against) })
		if r.Against < 0 {
			return nil, fmt.Errorf("sweep: no row %q", strings.Join(against, ", "))
		}
	}
	r.compare(groups)
	return r, nil
}

// gather makes the rows and reads their trials.
func (s *Sweep) gather(r *Results, columns []int) (groups [][]paired, err error) {
	rows := map[string]int{}
	survey, err := s.Survey()
	if err != nil {
		return nil, err
	}
	endings, err := s.endings(survey)
	if err != nil {
		return nil, err
	}
	for index, p := range survey {
		var labels, rest []string
		for axis, value := range s.Trial(index).Values {
			if !slices.Contains(columns, axis) {
				rest = append(rest, value)
			}
		}
		for _, c := range columns {
			labels = append(labels, s.Trial(index).Values[c])
		}
		key := strings.Join(labels, "\x00")
		at, ok := rows[key]
		if !ok {
			at = len(r.Rows)
			rows[key] = at
			r.Rows, groups = append(r.Rows, Row{Labels: labels}), append(groups, nil)
		}
		r.Rows[at].Trials++
		if p.State == Halved {
			r.Halved++
			r.Rows[at].Halved = s.Halving.Rung(p.Rung)
		}
		if o := endings[index]; o != nil {
			r.Finished++
			groups[at] = append(groups[at], paired{strings.Join(rest, "\x00"), *o})
		}
	}
	return groups, nil
}

// measure chooses the metric with a key, or what says most of what the trials have measured.
func (r *Results) measure(key string, groups [][]paired) error {
	var all []train.Metric
	for _, o := range slices.Concat(groups...) {
		for _, m := range append(o.QAT.Measured(), o.Float.Measured()...) {
			if !slices.ContainsFunc(all, func(has train.Metric) bool { return has.Key == m.Key }) {
				all = append(all, m)
			}
		}
	}
	slices.SortStableFunc(all, func(a, b train.Metric) int { return one(a.Key == "loss") - one(b.Key == "loss") })
	at := 0
	if key != "" {
		at = slices.IndexFunc(all, func(m train.Metric) bool { return m.Key == key })
	}
	if at < 0 {
		var keys []string
		for _, m := range all {
			keys = append(keys, m.Key)
		}
		return fmt.Errorf("sweep: no trial has measured %q: want %s", key, strings.Join(keys, ", "))
	}
	r.Measure = all[at].Key
	return nil
}

func (r *Results) metric() train.Metric {
	m, _ := train.MetricOf(r.Measure)
	return m
}

// better reports whether a measure is better than another.
func (r *Results) better(a, b float64) bool {
	if r.metric().Lower {
		return a < b
	}
	return a > b
}

func (r *Results) fill(row *Row, trials []paired) {
	if len(trials) == 0 {
		return
	}
	var float, ptq, qat []float64
	for _, o := range trials {
		float, ptq, qat = append(float, r.metric().Of(o.Float)), append(ptq, r.metric().Of(o.PTQ)), append(qat, r.metric().Of(o.QAT))
		row.Bytes += float64(o.Bytes) / float64(len(trials))
		row.Seconds += o.Seconds / float64(len(trials))
		row.Processor += o.Processor / float64(len(trials))
	}
	row.Float, row.PTQ, row.QAT = NewEstimate(float), NewEstimate(ptq), NewEstimate(qat)
}

// rank finds the best row and those that none dominates.
func (r *Results) rank() {
	r.Best = -1
	for i := range r.Rows {
		row := &r.Rows[i]
		if row.QAT.N == 0 {
			continue
		}
		if r.Best < 0 || r.better(row.QAT.Mean, r.Rows[r.Best].QAT.Mean) {
			r.Best = i
		}
		row.Frontier = !slices.ContainsFunc(r.Rows, func(other Row) bool {
			if other.QAT.N == 0 {
				return false
			}
			better, smaller := r.better(other.QAT.Mean, row.QAT.Mean), other.Bytes < row.Bytes
			return better && other.Bytes <= row.Bytes || smaller && !r.better(row.QAT.Mean, other.QAT.Mean)
		})
	}
}

// compare pairs each row's trials with those of the row Against that differ in nothing
// else.
func (r *Results) compare(groups [][]paired) {
	base := map[string]float64{}
	for _, o := range groups[r.Against] {
		base[o.rest] = r.metric().Of(o.QAT)
	}
	var p []float64
	for i := range r.Rows {
		var differences []float64
		for _, o := range groups[i] {
			if b, ok := base[o.rest]; ok && i != r.Against {
				differences = append(differences, r.metric().Of(o.QAT)-b)
			}
		}
		r.Rows[i].Difference = compare(differences)
		if i != r.Against {
			p = append(p, r.Rows[i].Difference.Student)
		}
	}
	adjusted := holm(p)
	r.Rows[r.Against].Holm = 1
	for i := range r.Rows {
		if i != r.Against {
			r.Rows[i].Holm, adjusted = adjusted[0], adjusted[1:]
		}
	}
}
