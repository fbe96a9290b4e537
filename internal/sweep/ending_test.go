package sweep

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"petrify/internal/sums"
	"petrify/train"
)

// finish makes a trial look finished.
func finish(t *testing.T, s *Sweep, index int, summary string) {
	t.Helper()
	for name, text := range map[string]string{"summary.json": summary, "metrics.jsonl": `{"seconds":2}` + "\n" +
		`{"seconds":3}` + "\n", sums.File: ""} {
		if err := os.WriteFile(filepath.Join(s.TrialFolder(index), name), []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.Record(index, Attempt{Outcome: Done, Processor: 1.5}); err != nil {
		t.Fatal(err)
	}
}

// What has finished counts in another folder, and in another plan, where a trial has the
// same configuration, however the plan is written.
func TestKnownEndings(t *testing.T) {
	dir := t.TempDir()
	create := func(name, text string, known ...string) *Sweep {
		t.Helper()
		file := filepath.Join(dir, name+".yaml")
		if err := os.WriteFile(file, []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
		s, err := Create(file, filepath.Join(dir, name), known...)
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	file := filepath.Join(dir, "known.jsonl")
	write := func(s *Sweep) string {
		t.Helper()
		var b strings.Builder
		if err := s.WriteEndings(&b); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(b.String()), 0o666); err != nil {
			t.Fatal(err)
		}
		return b.String()
	}
	first := create("first", "base: {network: mlp}\naxes: {seed: 1..2, batch: [16, 32]}")
	finish(t, first, 2, `{"float":{"accuracy":0.9},"ptq":{"accuracy":0.8},"qat":{"accuracy":0.85},"size":{"packed":7}}`)
	text := write(first)
	if strings.Count(text, "\n") != 1 || !strings.Contains(text, `"trial":"seed=2 batch=16"`) {
		t.Errorf("%q", text)
	}

	second := create("second", "base: {\"network\": mlp} # the same\naxes:\n  batch: [8, 16]\n  seed: 1..3", file)
	opened, err := Open(second.Folder)
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range []*Sweep{second, opened} {
		for index := range s.Len() {
			p, err := s.Progress(index)
			if known := index == 4; err != nil || (p.State == Finished) != known { // batch=16 seed=2
				t.Errorf("%s: %v, %v", s.Name(s.Trial(index)), p.State, err)
			}
		}
		all, err := s.Endings()
		want := Ending{Config: first.ConfigID(2), Trial: "batch=16 seed=2", Float: train.Metrics{Accuracy: 0.9},
			PTQ: train.Metrics{Accuracy: 0.8}, QAT: train.Metrics{Accuracy: 0.85}, Bytes: 7, Seconds: 5, Processor: 1.5}
		if err != nil || len(all) != 1 || all[0] != want {
			t.Errorf("%+v, %v; want %+v", all, err, want)
		}
		if r, err := s.Results("", []string{"batch"}, nil); err != nil || r.Rows[1].QAT.Mean != 0.85 {
			t.Errorf("%+v, %v", r, err)
		}
	}
	if err := os.WriteFile(file, []byte("{}\n"), 0o666); err != nil {
		t.Fatal(err)
	}
	if _, err := Create(filepath.Join(dir, "first.yaml"), filepath.Join(dir, "third"), file); err == nil ||
		!strings.Contains(err.Error(), "known.jsonl:1: want the end of a trial") {
		t.Errorf("%v", err)
	}
}
