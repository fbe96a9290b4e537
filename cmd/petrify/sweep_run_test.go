package main

import (
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"petrify/internal/sweep"
)

// A float stage waits just before the first trial that begins with it.
func TestOrderOfSweep(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "s.yaml")
	if err := os.WriteFile(file, []byte("axes: {seed: 1..2, qat.epochs: [1, 2]}"), 0o666); err != nil {
		t.Fatal(err)
	}
	s, err := sweep.Create(file, filepath.Join(dir, "out"))
	if err != nil {
		t.Fatal(err)
	}
	p := &pool{sweep: s, stages: map[int]bool{}}
	if err := p.enqueue(); err != nil {
		t.Fatal(err)
	}
	want := []task{{stage: true}, {index: 0}, {index: 1}, {stage: true, index: 1}, {index: 2}, {index: 3}}
	if !reflect.DeepEqual(p.waiting, want) {
		t.Errorf("%+v, want %+v", p.waiting, want)
	}
}

// What differs between a checkpoint and a configuration is in lines of its own.
func TestReasonIsOneLine(t *testing.T) {
	long := strings.Repeat("é", reasonLength)
	for text, want := range map[string]string{
		"is of another float stage:\n  version: 1, not 2\n": "is of another float stage: version: 1, not 2",
		long: long, long + "\né": long + " …",
	} {
		if got := inOneLine(text); got != want {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	}
}
