package main

import (
	"encoding/json"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

// predicted is what `predict` says of the inputs in a file.
func predicted(t *testing.T, folder, file, flag string) (all []prediction) {
	t.Helper()
	for line := range strings.Lines(petrify(t, "predict", folder, file, "--json", flag)) {
		var p prediction
		if err := json.Unmarshal([]byte(line), &p); err != nil {
			t.Fatal(err)
		}
		all = append(all, p)
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
	got := [3]float64{e.Float.Accuracy, e.PTQ.Accuracy, e.Quantized.Accuracy}
	want := [3]float64{summary.Float.Accuracy, summary.PTQ.Accuracy, summary.QAT.Accuracy}
	if e.Samples != len(labels) || got != want {
		t.Errorf("%d samples, accuracies %v; want %d, %v", e.Samples, got, len(labels), want)
	}
	was, is := predicted(t, folder, array, "--float"), predicted(t, folder, array, "--float=false")
	checkConfusion(t, e.Float, was, labels)
	checkConfusion(t, e.Quantized, is, labels)
	var flips []flip
	for i, label := range labels {
		if was[i].Class != is[i].Class {
			flips = append(flips, flip{fmt.Sprintf("[%d]", i), fmt.Sprint(label), was[i].Class, is[i].Class})
		}
	}
	if fmt.Sprint(e.Flipped) != fmt.Sprint(flips) {
		t.Errorf("flipped %v, predict says %v", e.Flipped, flips)
	}
	if e.Quantized.Top5 == nil {
		t.Error("no top 5 of ten classes")
	}
	text := strings.Join(strings.FieldsFunc(petrify(t, "evaluate", folder), func(r rune) bool { return r == ' ' }), " ")
	for _, want := range []string{
		"\n float PTQ QAT\n", fmt.Sprintf("accuracy %.2f %% %.2f %% %.2f %%", 100*want[0], 100*want[1], 100*want[2]),
		fmt.Sprintf("\n%d of 355 samples change their class between float and QAT", len(flips)),
	} {
		if !strings.Contains(text, want) {
			t.Errorf("%q is not in\n%s", want, text)
		}
	}
}

// checkConfusion counts predictions in another way, and finds the calibration
// error from their probabilities.
func checkConfusion(t *testing.T, j *judged, predicted []prediction, labels []int32) {
	t.Helper()
	counts := map[string]int{}
	var missed [15]float64 // by interval: confidence minus accuracy, times samples
	for i, label := range labels {
		p := predicted[i]
		counts[fmt.Sprint(label, " as ", p.Class)]++
		bin := &missed[max(int(math.Ceil(15*p.Probability)), 1)-1]
		if *bin += p.Probability; p.Class == fmt.Sprint(label) {
			*bin--
		}
	}
	e := 0.0
	for _, m := range missed {
		e += math.Abs(m) / float64(len(labels))
	}
	if math.Abs(j.CalibrationError-e) > 1e-9 {
		t.Errorf("calibration error %v, want %v", j.CalibrationError, e)
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

// With more than ten classes, the class is looked for among the first five; the
// rows of a table are named by their numbers.
func TestEvaluateManyClasses(t *testing.T) {
	dir := t.TempDir()
	data, table := filepath.Join(dir, "many.csv"), "a,b,kind\n"
	for i := range 120 {
		table += fmt.Sprintf("%d.5,%d.25,c%02d\n", i%12/4*10+i%3, i%4*5+i%2, i%12)
	}
	if err := os.WriteFile(data, []byte(table), 0o666); err != nil {
		t.Fatal(err)
	}
	run := filepath.Join(dir, "run")
	petrify(t, "train", "--set", "dataset="+data, "--out", run, "--set", "network=mlp", "--set", "float.epochs=4",
		"--set", "qat.epochs=1", "--set", "quantization.global_config.weight_bits=2")
	var e evaluation
	if err := json.Unmarshal([]byte(petrify(t, "evaluate", run, "--split", "all", "--json")), &e); err != nil {
		t.Fatal(err)
	}
	was, is, first := predicted(t, run, data, "--float"), predicted(t, run, data, "--float=false"), 0
	for i, p := range is {
		above := 0
		for k, y := range p.Outputs {
			if y > p.Outputs[i%12] || y == p.Outputs[i%12] && k < i%12 {
				above++
			}
		}
		if above < 5 {
			first++
		}
	}
	if got := *e.Quantized.Top5; got != float64(first)/120 || got == e.Quantized.Accuracy {
		t.Errorf("top 5: %v, want %v; accuracy %v", got, float64(first)/120, e.Quantized.Accuracy)
	}
	if len(e.Flipped) == 0 {
		t.Fatal("no flips to check")
	}
	for _, f := range e.Flipped {
		_, number, _ := strings.Cut(f.Sample, "row ")
		i, err := strconv.Atoi(number)
		if err != nil {
			t.Fatal(err)
		}
		if want := (flip{f.Sample, fmt.Sprintf("c%02d", (i-1)%12), was[i-1].Class, is[i-1].Class}); f != want {
			t.Errorf("%+v, predict says %+v", f, want)
		}
	}
}
