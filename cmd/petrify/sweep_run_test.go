package main

import (
	"os"
	"path/filepath"
	"reflect"
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
