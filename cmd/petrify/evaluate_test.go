package main

import (
	"encoding/json"
	"fmt"
	"math"
	"strings"
	"testing"
)

// predictedClasses are what `predict` says of an array.
func predictedClasses(t *testing.T, folder, array, flag string) (all []string) {
	t.Helper()
	for line := range strings.Lines(petrify(t, "predict", folder, array, "--json", flag)) {
		var p prediction
		if err := json.Unmarshal([]byte(line), &p); err != nil {
			t.Fatal(err)
		}
		all = append(all, p.Class)
	}
	return all
}

// evaluate agrees with summary.json and, sample by sample, with predict.
func TestEvaluateAgreesWithSummaryAndPredict(t *testing.T) {
	folder, summary := digitsRun(t)
	array, labels := digitsArray(t)
	var e evaluation
	if err := json.Unmarshal([]byte(petrify(t, "evaluate", folder, "digits", "--json")), &e); err != nil {
		t.Fatal(err)
	}
	if e.Samples != len(labels) || e.Float.Accuracy != summary.Float.Accuracy ||
		e.Quantized.Accuracy != summary.QAT.Accuracy {
		t.Errorf("%d samples, accuracies %v and %v; want %d, %v and %v", e.Samples, e.Float.Accuracy,
			e.Quantized.Accuracy, len(labels), summary.Float.Accuracy, summary.QAT.Accuracy)
	}
	was, is := predictedClasses(t, folder, array, "--float"), predictedClasses(t, folder, array, "--float=false")
	checkConfusion(t, e.Float, was, labels)
	checkConfusion(t, e.Quantized, is, labels)
	var flips []flip
	for i, label := range labels {
		if was[i] != is[i] {
			flips = append(flips, flip{i, fmt.Sprint(label), was[i], is[i]})
		}
	}
	if fmt.Sprint(e.Flipped) != fmt.Sprint(flips) {
		t.Errorf("flipped %v, predict says %v", e.Flipped, flips)
	}
	if e.Quantized.Top5 != nil {
		t.Error("top 5 of ten classes")
	}
	text := strings.Join(strings.FieldsFunc(petrify(t, "evaluate", folder), func(r rune) bool { return r == ' ' }), " ")
	for _, want := range []string{
		fmt.Sprintf("accuracy %.2f %% %.2f %%", 100*summary.Float.Accuracy, 100*summary.QAT.Accuracy),
		fmt.Sprintf("\n%d of 355 samples change their class when quantized", len(flips)),
	} {
		if !strings.Contains(text, want) {
			t.Errorf("%q is not in\n%s", want, text)
		}
	}
}

// checkConfusion counts predictions in another way.
func checkConfusion(t *testing.T, j *judged, predicted []string, labels []int32) {
	t.Helper()
	counts := map[string]int{}
	for i, label := range labels {
		counts[fmt.Sprint(label, " as ", predicted[i])]++
	}
	balanced := 0.0
	for i, row := range j.Confusion {
		total := 0
		for k, n := range row {
			if want := counts[fmt.Sprint(i, " as ", k)]; n != want {
				t.Errorf("%d of class %d predicted as %d, want %d", n, i, k, want)
			}
			total += n
		}
		accuracy := float64(row[i]) / float64(total)
		balanced += accuracy / float64(len(j.Confusion))
		if c := j.ByClass[i]; c.Samples != total || math.Abs(c.Accuracy-accuracy) > 1e-12 {
			t.Errorf("class %d: %+v, want accuracy %v of %d", i, c, accuracy, total)
		}
	}
	if math.Abs(j.Balanced-balanced) > 1e-12 {
		t.Errorf("balanced accuracy %v, want %v", j.Balanced, balanced)
	}
}
