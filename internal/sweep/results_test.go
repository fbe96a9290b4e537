package sweep

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"petrify/train"
)

// A sweep is judged by what says most of its trials' task, or by the metric that is asked for:
// the second of two trials is better, and halving lets it go on.
func TestResultsOfEveryTask(t *testing.T) {
	for key, c := range map[string]struct{ worse, better, best, legend string }{
		"accuracy":               {"0.8", "0.9", "accuracy 90.00 %", "Test accuracy in per cent"},
		"mae":                    {"1234.56", "48.5", "MAE 48.5000", "Test MAE: "},
		"mean_average_precision": {"0.5", "0.75", "mAP 75.00 %", "Test mAP in per cent"},
		"mean_iou":               {"0.5", "0.75", "mIoU 75.00 %", "Test mIoU in per cent"},
		"auc":                    {"0.5", "0.75", "AUC 0.7500", "Test AUC: "},
		"loss":                   {"2", "0.125", "loss 0.1250", "Test loss: "},
	} {
		t.Run(key, func(t *testing.T) {
			dir := t.TempDir()
			file := filepath.Join(dir, "plan.yaml")
			if err := os.WriteFile(file, []byte("base: {network: mlp}\naxes: {batch: [8, 16]}"), 0o666); err != nil {
				t.Fatal(err)
			}
			s, err := Create(file, filepath.Join(dir, "sweep"))
			if err != nil {
				t.Fatal(err)
			}
			for index, v := range []string{c.worse, c.better} {
				m := fmt.Sprintf(`{"loss":%d,"%s":%s}`, 3+index, key, v)
				finish(t, s, index, fmt.Sprintf(`{"float":%s,"ptq":%s,"qat":%s,"size":{"packed":7}}`, m, m, m))
			}
			r, err := s.Results("", nil, nil)
			if err != nil || r.Measure != key || r.Best != 1 || r.Value() != c.best ||
				!strings.HasPrefix(r.Legend(), c.legend) || !r.Rows[1].Frontier || r.Rows[0].Frontier {
				t.Fatalf("%+v, %v, %s, %s", r, err, r.Value(), r.Legend())
			}
			ends, err := s.Endings()
			if err != nil {
				t.Fatal(err)
			}
			rungs := &contest{}
			for _, e := range ends {
				rungs.values = append(rungs.values, []train.Metrics{e.QAT})
			}
			if low, high := rungs.score([]int{0}, 0), rungs.score([]int{1}, 0); low >= high {
				t.Errorf("halving prefers %v to %v", low, high)
			}
			if r, err = s.Results("loss", nil, nil); err != nil || r.Measure != "loss" {
				t.Errorf("%+v, %v", r, err)
			}
			_, err = s.Results("speed", nil, nil)
			if err == nil || !strings.Contains(err.Error(), key) {
				t.Errorf("%v, want what there is", err)
			}
		})
	}
}
