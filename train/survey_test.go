package train

import (
	"bytes"
	"encoding/json"
	"log/slog"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"petrify/graph"
)

// surveyed is the lines of a run's layers.jsonl.
func surveyed(t *testing.T, folder string) []Survey {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(folder, layersFile))
	if err != nil {
		t.Fatal(err)
	}
	all, err := decodeLines[Survey](layersFile, text)
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// A run surveys its layers at the end of each stage, in detail, and after each
// epoch that quantizes.
func TestRunSurveysItsLayers(t *testing.T) {
	c := small(t)
	c.Out = t.TempDir()
	result := mustRun(t, c)
	var said []string
	for _, s := range surveyed(t, c.Out) {
		line := s.Stage.String()
		if s.End {
			line += " end"
		}
		said = append(said, line)
		detailed := func(f graph.Fit) bool { return f.Values != nil }
		for _, f := range s.Fits {
			if detailed(f) != s.End {
				t.Errorf("%s, epoch %d: %s has values %v", line, s.Epoch, f.Tensor, f.Values)
			}
			if s.Stage != Float && (f.Scales[0] <= 0 || f.Grid[0] >= f.Grid[1] || s.End && f.Levels < 2) {
				t.Errorf("%s, epoch %d: %+v", line, s.Epoch, f)
			}
		}
		if s.Stage == PTQ && len(s.Milestones) != 4 {
			t.Errorf("milestones %v", s.Milestones)
		}
	}
	if got, want := strings.Join(said, ", "), "float end, ptq end, qat, qat, qat end"; got != want {
		t.Errorf("surveys of %s, want %s", got, want)
	}
	sameScales(t, result, surveyed(t, c.Out))
}

// sameScales compares the last survey with the model that ships.
func sameScales(t *testing.T, result *Result, all []Survey) {
	t.Helper()
	scales := map[string]float32{"input": result.Model.Input.Quant.Scale}
	for _, n := range result.Model.Nodes {
		scales[n.Name] = n.Output.Quant.Scale
		if n.Weights != nil {
			scales[n.Name+".weight"] = n.Weights.Scale[0]
		}
	}
	for _, f := range all[len(all)-1].Fits {
		if s := scales[f.Tensor]; s < f.Scales[0] || s > f.Scales[1] {
			t.Errorf("%s: scales %v, and %v ships", f.Tensor, f.Scales, s)
		}
	}
}

// Surveys move nothing: a run that writes them ends like one that does not.
func TestSurveysMoveNothing(t *testing.T) {
	for name, c := range map[string]Config{"defaults": small(t), "everything": everything(t)} {
		t.Run(name, func(t *testing.T) {
			without := mustRun(t, c)
			c.Out = t.TempDir()
			with := mustRun(t, c)
			if !reflect.DeepEqual(with.Model, without.Model) ||
				!reflect.DeepEqual(untimed(with.Records), untimed(without.Records)) {
				t.Error("the model or its records differ")
			}
			if len(surveyed(t, c.Out)) < 4 {
				t.Error("too few surveys")
			}
		})
	}
}

// Warnings at the end of a stage are in its survey.
func TestSurveyHasTheWarnings(t *testing.T) {
	c := small(t)
	c.Out = t.TempDir()
	c.Milestones.FreezeBatchNorm = Never()
	var log bytes.Buffer
	c.Log = slog.New(slog.NewTextHandler(&log, nil))
	mustRun(t, c)
	all := surveyed(t, c.Out)
	warnings := all[len(all)-1].Warnings
	if len(warnings) == 0 {
		t.Fatalf("no warnings, and the log says\n%s", &log)
	}
	for _, w := range warnings {
		if quoted, _ := json.Marshal(w.Text); !strings.Contains(log.String(), w.Text) &&
			!strings.Contains(log.String(), string(quoted)) {
			t.Errorf("%q is not in the log:\n%s", w.Text, &log)
		}
	}
}

// The milestones are the steps at which the switches change.
func TestMilestonesAreTheTurns(t *testing.T) {
	c := everything(t)
	c.Out = t.TempDir()
	turned := map[int]bool{}
	c.Events.Turn = func(turn Turn) { turned[turn.Step] = true }
	mustRun(t, c)
	listed := map[int]bool{0: true}
	for _, s := range surveyed(t, c.Out) {
		for _, m := range s.Milestones {
			listed[m.Step] = true
		}
	}
	if !reflect.DeepEqual(listed, turned) {
		t.Errorf("listed %v, turned %v", listed, turned)
	}
}
