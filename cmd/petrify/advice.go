package main

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	"petrify/datasets"
	"petrify/graph"
	"petrify/quantized"
	"petrify/train"
)

// advise warns of results that an accuracy alone does not show.
func (p *progress) advise(ctx context.Context, t train.Config, r *train.Result) error {
	warnings := adviceOn(r, t.QAT.Epochs > 0, t.Out)
	if classifies(r) {
		network := newPredictor(r.Model)
		if err := network.openIntegers(); err != nil {
			return err
		}
		j, err := network.judge(ctx, t.Data, []*datasets.Split{t.Data.Test})
		if err != nil {
			return err
		}
		warnings = append(warnings, adviceOnClasses(j)...)
	}
	for _, w := range warnings {
		p.warn(w)
	}
	return nil
}

// adviseBefore warns of what makes training slow.
func (p *progress) adviseBefore(t train.Config) {
	last := t.Network.Layers[len(t.Network.Layers)-1]
	if t.Network.Loss == graph.CrossEntropy && last.Kind == graph.KindSoftmax {
		p.warn("the network ends with softmax, and the loss has a softmax of its own: two in " +
			"a row learn slowly; remove the layer")
	}
}

// adviceOn compares the stages and looks at what is quantized.
func adviceOn(r *train.Result, qat bool, out string) (all []string) {
	integers := func(n quantized.Node) bool { return n.Weights != nil && n.Weights.Q != nil }
	if !slices.ContainsFunc(r.Model.Nodes, integers) {
		all = append(all, "no weights are quantized: the model is float32; if that is not intended, set "+
			"quantization.global_config")
	}
	if of := r.Summary.Task.Headline(); qat && of.Loses(r.PTQ, r.QAT) > 0.01 {
		all = append(all, fmt.Sprintf("QAT %s PTQ; to ship PTQ: petrify quantize %s", of.Below(r.PTQ, r.QAT), out))
	}
	return all
}

// endsInSoftmax reports whether softmax computes the model's output.
func endsInSoftmax(m *quantized.Model) bool {
	return slices.ContainsFunc(m.Nodes, func(n quantized.Node) bool {
		return n.Name == m.Output && n.Func == quantized.Softmax
	})
}

// adviceOnClasses warns of classes that the accuracy hides: those that are
// recognised much less often than samples are overall.
func adviceOnClasses(j *judged) (all []string) {
	const enough, far = 5, 0.2 // samples, share
	var tested, poor []judgedClass
	for _, c := range j.ByClass {
		if c.Samples > 0 {
			tested = append(tested, c)
		}
		if c.Samples >= enough && c.Accuracy < j.Accuracy-far {
			poor = append(poor, c)
		}
	}
	first := slices.Max(append(j.predicted, 0))
	if len(tested) > 1 && slices.Min(append(j.predicted, first)) == first {
		all = append(all, fmt.Sprintf("all predictions are class %s", j.ByClass[first].Class))
	}
	slices.SortStableFunc(poor, func(a, b judgedClass) int { return cmp.Compare(a.Accuracy, b.Accuracy) })
	var worst []string
	for _, c := range poor[:min(len(poor), 3)] {
		worst = append(worst, fmt.Sprintf("%s %.2f %% of %d", c.Class, 100*c.Accuracy, c.Samples))
	}
	if worst != nil {
		all = append(all, fmt.Sprintf("%d of %d classes are recognised far less often than the accuracy of %.2f %% "+
			"suggests: %s; balanced accuracy is %.2f %%", len(poor), len(tested), 100*j.Accuracy,
			strings.Join(worst, ", "), 100*j.Balanced))
	}
	return all
}
