package train

import (
	"fmt"
	"math"
)

// Metrics is how well a network does on a split. Those of other tasks are 0.
type Metrics struct {
	Accuracy float64 `json:"accuracy"` // the part that is classified correctly, 0 to 1; 0 without classes
	Loss     float64 `json:"loss"`     // a mean over the samples

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
}

// Metric is one number of a task's results.
type Metric struct {
	Key   string // in files
	Name  string // in tables
	Lower bool   // is better
	Share bool   // is printed in percent
	Of    func(Metrics) float64
}

// The metrics, and the loss, which every task has.
var (
	accuracy = Metric{"accuracy", "accuracy", false, true, func(m Metrics) float64 { return m.Accuracy }}
	mae      = Metric{"mae", "MAE", true, false, func(m Metrics) float64 { return m.MAE }}
	rmse     = Metric{"rmse", "RMSE", true, false, func(m Metrics) float64 { return m.RMSE }}
	r2       = Metric{"r2", "R²", false, false, func(m Metrics) float64 { return m.R2 }}
	meanAP   = Metric{"mean_average_precision", "mAP", false, true, func(m Metrics) float64 { return m.MeanAP }}
	microF1  = Metric{"micro_f1", "micro F1", false, true, func(m Metrics) float64 { return m.MicroF1 }}
	macroF1  = Metric{"macro_f1", "macro F1", false, true, func(m Metrics) float64 { return m.MacroF1 }}

	meanIoU       = Metric{"mean_iou", "mIoU", false, true, func(m Metrics) float64 { return m.MeanIoU }}
	pixelAccuracy = Metric{"pixel_accuracy", "pixels", false, true, func(m Metrics) float64 { return m.PixelAccuracy }}
	meanDice      = Metric{"mean_dice", "Dice", false, true, func(m Metrics) float64 { return m.MeanDice }}

	auc  = Metric{"auc", "AUC", false, false, func(m Metrics) float64 { return m.AUC }}
	pauc = Metric{"pauc", "pAUC", false, false, func(m Metrics) float64 { return m.PAUC }}

	lossOf = Metric{"loss", "loss", true, false, func(m Metrics) float64 { return m.Loss }}
)

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

// Measured are the metrics that are not 0, those of one task together and its most telling
// one first, and then the loss: what is known of results whose task is not.
func (m Metrics) Measured() (all []Metric) {
	for task := range tasks {
		for _, metric := range tasks[task].metrics {
			if metric.Of(m) != 0 {
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

// Format prints the metric: in percent, or with four digits and more.
func (m Metric) Format(of Metrics) string { return m.Text(m.Of(of)) }

// Text prints a value as Format does.
func (m Metric) Text(v float64) string {
	switch {
	case m.Share:
		return fmt.Sprintf("%.2f %%", 100*v)
	case math.Abs(v) >= 1000:
		return fmt.Sprintf("%.1f", v)
	}
	return fmt.Sprintf("%.4f", v)
}
