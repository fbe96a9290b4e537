package train

import (
	"fmt"
	"math"
	"slices"
)

// Metrics is how well a network does on a split. Those of other tasks are 0.
type Metrics struct {
	Accuracy float64 `json:"accuracy"` // the part that is classified correctly, 0 to 1; 0 without classes
	Loss     float64 `json:"loss"`     // a mean over the samples

	Top5        float64 `json:"top5,omitzero"`         // the part whose class is among the five greatest outputs; 0 with five classes or fewer
	WorstRecall float64 `json:"worst_recall,omitzero"` // the part of its samples that is classified correctly in the class where it is least
	WorstClass  string  `json:"worst_class,omitempty"` // that class, the first of several; "": not measured

	MAE  float64 `json:"mae,omitzero"`  // mean of |y − t|, in units of the targets, over samples and targets
	RMSE float64 `json:"rmse,omitzero"` // root of the mean of (y − t)², likewise
	R2   float64 `json:"r2,omitzero"`   // 1 − Σ(y − t)²/Σ(t − mean t)², a mean over the targets

	MeanAP  float64 `json:"mean_average_precision,omitzero"` // of the labels that occur
	MicroF1 float64 `json:"micro_f1,omitzero"`               // of all decisions together
	MacroF1 float64 `json:"macro_f1,omitzero"`               // mean of the labels'

	MeanIoU       float64 `json:"mean_iou,omitzero"`       // mean over classes of intersection over union
	PixelAccuracy float64 `json:"pixel_accuracy,omitzero"` // the part of the pixels that have the right class
	AUC           float64 `json:"auc,omitzero"`            // part of the pairs of a normal and an anomalous sample that scores tell apart
	PAUC          float64 `json:"pauc,omitzero"`           // of a tenth of false alarms at most, from ½ for chance to 1

	MeanDice float64 `json:"mean_dice,omitzero"` // mean over classes of 2·hits/(said + are)

	task Task // that was measured: its metrics are written where they are 0, too
}

// Metric is one number of a task's results.
type Metric struct {
	Key   string // in files
	Name  string // in tables
	Lower bool   // is better
	Share bool   // is printed in percent
	Of    func(Metrics) float64

	// Known says whether results have it; nil: always. Name that of what it is measured on,
	// such as a class; nil: all.
	Known func(Metrics) bool
	On    func(Metrics) string
}

// The metrics, and the loss, which every task has.
var (
	accuracy = share("accuracy", "accuracy", func(m Metrics) float64 { return m.Accuracy })
	top5     = Metric{Key: "top5", Name: "top-5", Share: true, Of: func(m Metrics) float64 { return m.Top5 },
		Known: func(m Metrics) bool { return m.Top5 > 0 }}
	worst = Metric{Key: "worst_recall", Name: "worst class", Share: true,
		Of:    func(m Metrics) float64 { return m.WorstRecall },
		Known: func(m Metrics) bool { return m.WorstClass != "" }, On: func(m Metrics) string { return m.WorstClass }}
	mae     = Metric{Key: "mae", Name: "MAE", Lower: true, Of: func(m Metrics) float64 { return m.MAE }}
	rmse    = Metric{Key: "rmse", Name: "RMSE", Lower: true, Of: func(m Metrics) float64 { return m.RMSE }}
	r2      = Metric{Key: "r2", Name: "R²", Of: func(m Metrics) float64 { return m.R2 }}
	meanAP  = share("mean_average_precision", "mAP", func(m Metrics) float64 { return m.MeanAP })
	microF1 = share("micro_f1", "micro F1", func(m Metrics) float64 { return m.MicroF1 })
	macroF1 = share("macro_f1", "macro F1", func(m Metrics) float64 { return m.MacroF1 })

	meanIoU       = share("mean_iou", "mIoU", func(m Metrics) float64 { return m.MeanIoU })
	pixelAccuracy = share("pixel_accuracy", "pixels", func(m Metrics) float64 { return m.PixelAccuracy })
	meanDice      = share("mean_dice", "Dice", func(m Metrics) float64 { return m.MeanDice })

	auc  = Metric{Key: "auc", Name: "AUC", Of: func(m Metrics) float64 { return m.AUC }}
	pauc = Metric{Key: "pauc", Name: "pAUC", Of: func(m Metrics) float64 { return m.PAUC }}

	lossOf = Metric{Key: "loss", Name: "loss", Lower: true, Of: func(m Metrics) float64 { return m.Loss }}
)

// share is a metric that is printed in percent, the more the better.
func share(key, name string, of func(Metrics) float64) Metric {
	return Metric{Key: key, Name: name, Share: true, Of: of}
}

// MetricsOf lists the metrics of the task that one of the results has at least.
func (t Task) MetricsOf(results ...Metrics) (all []Metric) {
	for _, m := range t.Metrics() {
		if m.Known == nil || slices.ContainsFunc(results, m.Known) {
			all = append(all, m)
		}
	}
	return all
}

// Headline is the metric that says most: the task's first, or the loss.
func (t Task) Headline() Metric {
	if all := t.Metrics(); len(all) > 0 {
		return all[0]
	}
	return lossOf
}

// HeldHeadline is that of samples that are held out from training. None of these is anomalous,
// so that of anomalies there is the loss.
func (t Task) HeldHeadline() Metric {
	if t == Anomaly {
		return lossOf
	}
	return t.Headline()
}

// Metric finds a metric of the task, or the loss, by its key.
func (t Task) Metric(key string) (Metric, bool) {
	for _, m := range append([]Metric{lossOf}, t.Metrics()...) {
		if m.Key == key {
			return m, true
		}
	}
	return Metric{}, false
}

// MetricOf finds a metric of any task, or the loss, by its key.
func MetricOf(key string) (Metric, bool) {
	for task := range tasks {
		if m, ok := Task(task).Metric(key); ok {
			return m, true
		}
	}
	return Metric{}, false
}

// Measured are the metrics that are not 0, those of one task together after its most telling
// one, and then the loss: what is known of results whose task is not.
func (m Metrics) Measured() (all []Metric) {
	for task := range tasks {
		of := tasks[task].metrics
		if !slices.ContainsFunc(of, func(metric Metric) bool { return metric.Of(m) != 0 }) {
			continue
		}
		for i, metric := range of {
			if i == 0 || metric.Of(m) != 0 {
				all = append(all, metric)
			}
		}
	}
	return append(all, lossOf)
}

// metricKeys are those of the task's metrics.
func (t Task) metricKeys() (keys []string) {
	for _, m := range t.Metrics() {
		keys = append(keys, m.Key)
	}
	return keys
}

// Better reports whether a is better than b.
func (m Metric) Better(a, b Metrics) bool {
	if m.Lower {
		return m.Of(a) < m.Of(b)
	}
	return m.Of(a) > m.Of(b)
}

// Loses is how much worse b is than a: of shares and areas, the difference, and of errors,
// the part of a's by which they are greater.
func (m Metric) Loses(a, b Metrics) float64 {
	if m.Lower {
		return (m.Of(b) - m.Of(a)) / m.Of(a)
	}
	return m.Of(a) - m.Of(b)
}

// longestOn is how many letters of what a metric is measured on are printed.
const longestOn = 16

// Format prints the metric: in percent, or with four digits and more, and what it is
// measured on.
func (m Metric) Format(of Metrics) string {
	text := m.Text(m.Of(of))
	if m.On == nil {
		return text
	}
	on := []rune(m.On(of))
	if len(on) > longestOn {
		on = append(on[:longestOn-1], '…')
	}
	return fmt.Sprintf("%s (%s)", text, string(on))
}

// Text prints a value of the metric as Format does.
func (m Metric) Text(v float64) string {
	switch {
	case m.Share:
		return fmt.Sprintf("%.2f %%", 100*v)
	case math.Abs(v) >= 1000:
		return fmt.Sprintf("%.1f", v)
	}
	return fmt.Sprintf("%.4f", v)
}
