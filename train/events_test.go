package train

import (
	"bytes"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"testing"
)

// Whoever looks on changes nothing: model, journals and checkpoints have the same bytes
// but for the times. The numbers that are shown are those of the results.
func TestOnlookersChangeNothing(t *testing.T) {
	times := regexp.MustCompile(`"(images_per_second|seconds)":[^,}]+`)
	alone, watched := small(t), small(t)
	alone.Out, watched.Out = t.TempDir(), t.TempDir()
	var outputs []Outputs
	var weights []Weights
	var surveys []Survey
	watched.Events = Events{
		Outputs: func(o Outputs) { outputs = append(outputs, o) },
		Weights: func(w Weights) { weights = append(weights, w) },
		Survey:  func(s Survey) { surveys = append(surveys, s) },
	}
	a, b := mustRun(t, alone), mustRun(t, watched)
	if x, y := digests(t, a), digests(t, b); x != y {
		t.Error("the models differ")
	}
	for _, name := range []string{metricsFile, layersFile} {
		var texts [2][]byte
		for i, folder := range []string{alone.Out, watched.Out} {
			text, err := os.ReadFile(filepath.Join(folder, name))
			if err != nil {
				t.Fatal(err)
			}
			texts[i] = times.ReplaceAll(text, nil)
		}
		if !bytes.Equal(texts[0], texts[1]) {
			t.Errorf("%s differs", name)
		}
	}
	if len(outputs) != 3 || len(weights) != watched.Float.Epochs+watched.QAT.Epochs ||
		len(surveys) != len(surveyed(t, watched.Out)) {
		t.Fatalf("%d outputs, %d weights, %d surveys", len(outputs), len(weights), len(surveys))
	}
	for i, o := range outputs {
		if o.Stage != Phase(i) || len(o.Labels) != len(o.Samples) ||
			len(o.Values) != len(o.Labels)*len(watched.Data.Classes) {
			t.Errorf("%v: %d samples, %d labels, %d values", o.Stage, len(o.Samples), len(o.Labels), len(o.Values))
		}
		for at, sample := range o.Samples {
			if o.Labels[at] != watched.Data.Test.Labels[sample] {
				t.Fatalf("%v: sample %d has label %d", o.Stage, sample, o.Labels[at])
			}
		}
	}
	if n := len(watched.Data.Test.Labels); len(outputs[0].Samples) == n { // all of them: the results are theirs
		for i, want := range []Metrics{b.Float, b.PTQ, b.QAT} {
			if got := accuracyOf(outputs[i]); got != want.Accuracy {
				t.Errorf("%v: the outputs have accuracy %v, the result %v", outputs[i].Stage, got, want.Accuracy)
			}
		}
	}
}

func accuracyOf(o Outputs) float64 {
	right, size := 0, len(o.Values)/len(o.Labels)
	for i, label := range o.Labels {
		y := o.Values[i*size : (i+1)*size]
		if slices.Index(y, slices.Max(y)) == int(label) {
			right++
		}
	}
	return float64(right) / float64(len(o.Labels))
}

func digests(t *testing.T, r *Result) string {
	t.Helper()
	folder := t.TempDir()
	if err := r.Model.Save(folder); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(filepath.Join(folder, "model.safetensors"))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
