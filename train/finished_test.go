package train

import (
	"reflect"
	"strings"
	"testing"

	"petrify/datasets"
)

func TestFinishedRunIsEvaluatedAgain(t *testing.T) {
	c := small(t)
	c.Out, c.Float.Epochs, c.QAT.Epochs, c.Version = t.TempDir(), 1, 1, "one"
	result := mustRun(t, c)
	c.Version = "two"
	m, err := Finished(c)
	if err != nil {
		t.Fatal(err)
	}
	frozen, err := m.Freeze()
	if err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(frozen.Nodes, result.Model.Nodes) {
		t.Error("the model freezes to other numbers than the run's")
	}
	e, err := m.Evaluator(c.Batch, true)
	if err != nil {
		t.Fatal(err)
	}
	defer e.Close()
	var sum tally
	for b, err := range c.Data.Batches(c.Data.Test, datasets.BatchOptions{Size: c.Batch}) {
		if err != nil {
			t.Fatal(err)
		}
		got, err := e.Run(b.X, b.Labels)
		if err != nil {
			t.Fatal(err)
		}
		sum.add(got.Loss, got.Correct, got.Count)
	}
	want := Metrics{Accuracy: result.QAT.Accuracy, Loss: result.QAT.Loss} // which the graph counts itself
	if sum.metrics() != want {
		t.Errorf("evaluated to %+v, the run to %+v", sum.metrics(), want)
	}
	c.Seed++
	if _, err := Finished(c); err == nil || !strings.Contains(err.Error(), "is of another run") {
		t.Errorf("another seed: %v", err)
	}
}

func TestFinishedWantsAFinishedRun(t *testing.T) {
	c := small(t)
	if _, err := Finished(c); err == nil || !strings.Contains(err.Error(), "names no run folder") {
		t.Error(err)
	}
	c.Out = t.TempDir()
	if _, err := Finished(c); err == nil || !strings.Contains(err.Error(), "holds no checkpoint") {
		t.Error(err)
	}
	r, err := start(c.resolve())
	if err == nil {
		err = r.launch() // writes the first checkpoint
	}
	if err != nil {
		t.Fatal(err)
	}
	if _, err := Finished(c); err == nil || !strings.Contains(err.Error(), "unfinished run (float stage, 0 steps)") {
		t.Error(err)
	}
}
