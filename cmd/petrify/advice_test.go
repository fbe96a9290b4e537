package main

import (
	"encoding/json"
	"strings"
	"testing"

	"petrify/quantized"
	"petrify/train"
)

func TestAdviceOnClasses(t *testing.T) {
	half := &judged{Accuracy: 0.97, Balanced: 0.5, predicted: []int{0, 0, 0},
		ByClass: []judgedClass{{"a", 97, 1}, {"b", 6, 0}, {"c", 0, 0}}}
	got := strings.Join(adviceOnClasses(half), "\n")
	want := "all predictions are class a\n1 of 2 classes are recognised far less often than the accuracy of " +
		"97.00 % suggests: b 0.00 % of 6; balanced accuracy is 50.00 %"
	if got != want {
		t.Errorf("%q, want %q", got, want)
	}
	low := &judged{Accuracy: 0.9, Balanced: 0.75, predicted: []int{0, 1},
		ByClass: []judgedClass{{"a", 90, 0.95}, {"b", 10, 0.69}}}
	if got := adviceOnClasses(low); len(got) != 1 || !strings.Contains(got[0], ": b 69.00 % of 10; balanced") {
		t.Errorf("%q, want a warning of b", got)
	}
	fine := &judged{Accuracy: 0.9, predicted: []int{1, 0}, ByClass: []judgedClass{{"a", 9, 0.95}, {"b", 9, 0.85}}}
	if got := adviceOnClasses(fine); got != nil {
		t.Errorf("%q, want nothing", got)
	}
}

// What follows a run says how its stages compare.
func TestAdviceOnStages(t *testing.T) {
	node := quantized.Node{Name: "fc", Weights: &quantized.Weights{Q: []int8{1}}}
	float := quantized.Node{Name: "fc", Weights: &quantized.Weights{Float: []float32{1}}}
	for name, c := range map[string]struct {
		ptq, qat float64
		node     quantized.Node
		want     string // "": nothing
	}{
		"fine":  {0.90, 0.895, node, ""},
		"worse": {0.90, 0.88, node, "2.00 points less accurate than PTQ; to ship PTQ: petrify quantize runs/a"},
		"float": {0.9, 0.9, float, "no weights are"},
	} {
		r := &train.Result{PTQ: train.Metrics{Accuracy: c.ptq}, QAT: train.Metrics{Accuracy: c.qat},
			Summary: train.Summary{Task: train.Classification}, Model: &quantized.Model{Classes: []string{"a", "b"}, Output: "out", Nodes: []quantized.Node{c.node}}}
		got := adviceOn(r, true, "runs/a")
		if c.want == "" && got != nil || c.want != "" && (len(got) != 1 || !strings.Contains(got[0], c.want)) {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
}

// PTQ that is worth more than QAT ships with one command, from the float network of
// the run, whatever the run did besides.
func TestPTQShips(t *testing.T) {
	folder := t.TempDir() + "/run"
	petrify(t, "train", "--out", folder, "--set", "float.epochs=2", "--set", "qat.epochs=1", "--set", "reestimate=3",
		"--set", "network=[conv2d: {filters: 2, kernel: 3}, batch_norm, flatten, linear: {features: 10}]",
		"--set", "oscillation.dampen=0.01", "--set", "distillation.weight=0.5", "--set", "float.schedule.warmup=9",
		"--set", "validation=0.1", "--set", "qat.patience=1")
	before, ptq := summaryOf(t, folder), folder+"-ptq"
	petrify(t, "quantize", folder)
	after := summaryOf(t, ptq)
	if after.PTQ != before.PTQ || after.QAT != before.PTQ || after.Float != before.Float {
		t.Errorf("float %v, PTQ %v, shipped %v; the run had %v and %v", after.Float, after.PTQ, after.QAT, before.Float,
			before.PTQ)
	}
	petrify(t, "verify", ptq)
	var e evaluation
	if err := json.Unmarshal([]byte(petrify(t, "evaluate", ptq, "--json")), &e); err != nil || e.PTQ != nil ||
		e.Method != "ptq" || e.Quantized.Accuracy != before.PTQ.Accuracy {
		t.Errorf("%v: evaluated as %s, %v", err, e.Method, e.Quantized.Accuracy)
	}
}
