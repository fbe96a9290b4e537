package main

import (
	"strings"
	"testing"

	"petrify/quantized"
	"petrify/train"
)

func TestAdviceOnClasses(t *testing.T) {
	half := &judged{Accuracy: 0.97, Balanced: 0.5, predicted: []int{0, 0, 0},
		ByClass: []judgedClass{{"a", 97, 1}, {"b", 6, 0}, {"c", 0, 0}}}
	got := strings.Join(adviceOnClasses(half), "\n")
	want := "class a takes all predictions\n1 of 2 classes are recognised far less often than the accuracy of " +
		"97.00 % says: b 0.00 % of 6; balanced accuracy is 50.00 %"
	if got != want {
		t.Errorf("%q, want %q", got, want)
	}
	fine := &judged{Accuracy: 0.9, predicted: []int{1, 0}, ByClass: []judgedClass{{"a", 9, 0.95}, {"b", 9, 0.85}}}
	if got := adviceOnClasses(fine); got != nil {
		t.Errorf("%q, want nothing", got)
	}
}

func TestAdviceOnStages(t *testing.T) {
	node := quantized.Node{Name: "fc", Weights: &quantized.Weights{Q: []int8{1}}}
	float := quantized.Node{Name: "fc", Weights: &quantized.Weights{Float: []float32{1}}}
	softmax := quantized.Node{Name: "out", Func: quantized.Softmax, Weights: node.Weights}
	for name, c := range map[string]struct {
		ptq, qat float64
		node     quantized.Node
		want     string // "": nothing
	}{
		"fine":    {0.90, 0.895, node, ""},
		"worse":   {0.90, 0.88, node, "QAT is 2.00 points less accurate than PTQ; to ship PTQ: petrify train -c"},
		"float":   {0.9, 0.9, float, "no weights are"},
		"softmax": {0.9, 0.9, softmax, "ends in softmax"},
	} {
		r := &train.Result{PTQ: train.Metrics{Accuracy: c.ptq}, QAT: train.Metrics{Accuracy: c.qat},
			Model: &quantized.Model{Classes: []string{"a", "b"}, Output: "out", Nodes: []quantized.Node{c.node}}}
		got := adviceOn(r, true, "c.yaml")
		if c.want == "" && got != nil || c.want != "" && (len(got) != 1 || !strings.Contains(got[0], c.want)) {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
}
