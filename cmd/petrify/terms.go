package main

import (
	"fmt"
	"math"

	"petrify/internal/analysis"
	"petrify/train"
)

// terms are those in which a task says what a network loses: the errors of a classifier, or
// else the most telling metric of held-out samples.
type terms struct {
	metric  train.Metric
	samples int // that are classified; 0: none is
}

// termsOf are those of an analysis or a search, given the key of its metric.
func termsOf(key string, float analysis.Measure, samples int) (t terms) {
	t.metric, _ = train.MetricOf("loss")
	switch {
	case float.Errors != nil:
		t.metric, _ = train.MetricOf("accuracy")
		t.samples = samples
	case float.Metric != nil:
		t.metric, _ = train.MetricOf(key)
	}
	return t
}

// onlyLoss reports whether there is nothing to say besides the loss.
func (t terms) onlyLoss() bool { return t.metric.Key == "loss" }

// head is that of a column.
func (t terms) head() string {
	if t.samples > 0 {
		return "errors"
	}
	return t.metric.Name
}

// changes is the head of a column of them.
func (t terms) changes() string {
	if t.samples == 0 && t.metric.Share {
		return t.metric.Name + ", points"
	}
	return t.head()
}

// column is a cell of a column that there is unless only the loss is known.
func (t terms) column(text string) string {
	if t.onlyLoss() {
		return ""
	}
	return text + "\t"
}

// cell is a measure below the head.
func (t terms) cell(m analysis.Measure) string {
	if t.samples > 0 {
		return fmt.Sprint(*m.Errors)
	}
	return t.metric.Text(t.value(m))
}

// said is a measure in a sentence, after some words; nothing where there is only the loss.
func (t terms) said(before string, m analysis.Measure) string {
	switch {
	case t.onlyLoss():
		return ""
	case t.samples > 0:
		return fmt.Sprintf("%s%d errors", before, *m.Errors)
	}
	return before + t.metric.Name + " " + t.cell(m)
}

// value is the metric's: of shares from 0 to 1.
func (t terms) value(m analysis.Measure) float64 {
	switch {
	case t.samples > 0:
		return 1 - float64(*m.Errors)/float64(t.samples)
	case m.Metric != nil:
		return *m.Metric
	}
	return m.Loss
}

// change is how a tensor at some bits changes what cell says, or the points of a share.
func (t terms) change(errors *int, metric *float64) string {
	switch {
	case errors != nil:
		return fmt.Sprintf("%+d", *errors)
	case metric == nil:
		return "–"
	case t.metric.Share:
		return fmt.Sprintf("%+.2f", 100**metric)
	}
	return fmt.Sprintf("%+.4f", *metric)
}

// lost is how much worse a measure is than that of the float network: in percentage points of
// a share, or in percent of a metric of which less is better.
func (t terms) lost(m, float analysis.Measure) float64 {
	switch worse := t.value(m) - t.value(float); {
	case t.samples > 0: // whole numbers, so that no limit is missed by a rounding
		return 100 * float64(*m.Errors-*float.Errors) / float64(t.samples)
	case t.metric.Share:
		return -100 * worse
	case worse <= 0:
		return 0
	default:
		return 100 * worse / max(t.value(float), math.SmallestNonzeroFloat64)
	}
}

// unit is that of lost.
func (t terms) unit() string {
	if t.metric.Share {
		return "points of " + t.metric.Name
	}
	return "% of the " + t.metric.Name
}
