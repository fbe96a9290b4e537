package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"petrify/internal/sweep"
	"petrify/train"
)

// peerFile writes lines of trials and returns the file's name.
func peerFile(t *testing.T, lines ...sweep.Ending) string {
	var text []byte
	for _, l := range lines {
		line, err := json.Marshal(l)
		if err != nil {
			t.Fatal(err)
		}
		text = append(append(text, line...), '\n')
	}
	file := filepath.Join(t.TempDir(), "torch-n.jsonl")
	if err := os.WriteFile(file, text, 0o666); err != nil {
		t.Fatal(err)
	}
	return file
}

// ended is a trial that begins with an accuracy of 0.9.
func ended(trial string, accuracy, seconds float64) sweep.Ending {
	return sweep.Ending{Config: "c", Trial: trial, Float: train.Metrics{Accuracy: 0.9},
		QAT: train.Metrics{Accuracy: accuracy}, Processor: seconds}
}

// A row has a cell for each method, whatever has run; petrify's accuracy is compared with
// PyTorch's of the same seed only.
func TestPeersTable(t *testing.T) {
	own := []sweep.Ending{ended("seed=1 bits=W4A4 method=nearest", 0.87, 2), ended("seed=1 bits=W4A4 method=LSQ", 0.89, 10),
		ended("seed=2 bits=W4A4 method=LSQ", 0.87, 20), ended("seed=3 bits=W4A4 method=LSQ", 0.5, 30)}
	file := peerFile(t, ended("seed=1 bits=W4A4 method=PyTorch LSQ", 0.88, 100),
		ended("seed=2 bits=W4A4 method=PyTorch LSQ", 0.86, 200), ended("seed=4 bits=W4A4 method=PyTorch LSQ", 0.84, 300),
		ended("seed=1 bits=W4A4 method=PyTorch PTQ", 0.88, 5))
	p, err := newPeers(file, []string{"W8A8", "W4A4", "ternary", "binary"}, own)
	if err != nil {
		t.Fatal(err)
	}
	for i, want := range []peerRow{
		{"W8A8", "0", []string{"–", "–", "–", "–", "–", "–"}},
		{"W4A4", "0–3", []string{"88.00", "−1.00", "–", "–", "86.00 ± 4.97", "+1.00 ± 0.00"}},
	} {
		if got := p.Rows[i]; got.Bits != want.Bits || got.Seeds != want.Seeds || !slices.Equal(got.Cells, want.Cells) {
			t.Errorf("%+v, want %+v", got, want)
		}
	}
	if len(p.Rows) != 2 || len(p.Methods) != 6 || !slices.Equal(p.Cost, []string{"PTQ 5 and 2", "LSQ 150 and 15"}) {
		t.Errorf("%d rows, columns %q, cost %q", len(p.Rows), p.Methods, p.Cost)
	}
	if p, err := newPeers(file+"x", nil, own); p != nil || err != nil {
		t.Errorf("no file: %v, %v", p, err)
	}
}

// What is compared must have begun with the same float network.
func TestPeersRefused(t *testing.T) {
	own := []sweep.Ending{ended("seed=1 bits=W4A4 method=LSQ", 0.89, 10)}
	other := ended("seed=1 bits=W4A4 method=PyTorch LSQ", 0.88, 100)
	other.Float.Accuracy = 0.9006
	for want, line := range map[string]sweep.Ending{
		"begins with 90.06 % in float, and petrify's with 90.00 %": other,
		`no trial of PyTorch's is "seed=1 bits=W4A4 method=LSQ"`:   own[0],
		`no trial of PyTorch's is "seed=1 method=PyTorch LSQ"`:     ended("seed=1 method=PyTorch LSQ", 0.88, 1),
		`no trial of PyTorch's is "seed=1 bits=W8 method=PyTorch PACT"`: ended("seed=1 bits=W8 method=PyTorch PACT",
			0.88, 1),
		"torch-n.jsonl:1: want the end of a trial": {},
	} {
		if _, err := newPeers(peerFile(t, line), []string{"W4A4"}, own); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %s", err, want)
		}
	}
}
