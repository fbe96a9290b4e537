package train

import (
	"encoding/json"
	"strings"
	"testing"
)

// TestMetricsThatAreZeroAreWritten: every metric of a task is written and read back, whether it
// is 0 or not; those of other tasks are not.
func TestMetricsThatAreZeroAreWritten(t *testing.T) {
	for task := Classification; int(task) < len(tasks); task++ {
		for name, m := range map[string]Metrics{"zeros": {}, "numbers": {Accuracy: 0.5, Loss: 2, Top5: 0.75, WorstRecall: 0.25, MAE: 3,
			RMSE: 4, R2: -1, MeanAP: 0.5, MicroF1: 0.5, MacroF1: 0.5, MeanIoU: 0.5, PixelAccuracy: 0.5, AUC: 0.5, PAUC: 0.5,
			MeanDice: 0.5}} {
			if name == "numbers" {
				m = m.only(task)
			}
			if m.task = task; task == Classification {
				m.WorstClass = "cat"
			}
			text, err := json.Marshal(m)
			if err != nil {
				t.Fatal(err)
			}
			for other := range tasks {
				for _, of := range Task(other).Metrics() {
					want := Task(other) == task && (of.Known == nil || of.Known(m)) || of.Key == "accuracy"
					if strings.Contains(string(text), `"`+of.Key+`":`) != want {
						t.Errorf("%v, %s: %s in %s, want %v", task, name, of.Key, text, want)
					}
				}
			}
			var again Metrics
			if err := json.Unmarshal(text, &again); err != nil {
				t.Fatal(err)
			}
			if len(task.Metrics()) == 0 {
				again.task = task // it has none to be known by
			}
			if again != m {
				t.Errorf("%v, %s: %+v became %+v", task, name, m, again)
			}
		}
	}
}

// only are the metrics of a task, with accuracy and loss.
func (m Metrics) only(task Task) Metrics {
	kept := Metrics{Accuracy: m.Accuracy, Loss: m.Loss}
	switch task {
	case Classification:
		kept.Top5, kept.WorstRecall = m.Top5, m.WorstRecall
	case Labels:
		kept.MeanAP, kept.MicroF1, kept.MacroF1 = m.MeanAP, m.MicroF1, m.MacroF1
	case Regression:
		kept.MAE, kept.RMSE, kept.R2 = m.MAE, m.RMSE, m.R2
	case Pixels:
		kept.MeanIoU, kept.PixelAccuracy, kept.MeanDice = m.MeanIoU, m.PixelAccuracy, m.MeanDice
	case Anomaly:
		kept.AUC, kept.PAUC = m.AUC, m.PAUC
	}
	return kept
}
