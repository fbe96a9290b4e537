package report

import (
	"bytes"
	"encoding/json"
	"html"
	"math/rand/v2"
	"reflect"
	"strings"
	"testing"

	"petrify/graph"
	"petrify/quantized"
	"petrify/quantized/quantizedtest"
	"petrify/train"
)

// schemes are some of those that models have.
var schemes = []quantizedtest.Scheme{quantizedtest.W8A8, quantizedtest.W8A8Affine, quantizedtest.W4A4,
	quantizedtest.W2A2,
	quantizedtest.WeightOnly, {}}

// random is a run of a random network, with a survey of all its tensors.
func random(rng *rand.Rand) *Run {
	_, m := quantizedtest.Random(rng, schemes[rng.IntN(len(schemes))], 4+rng.IntN(12))
	r := &Run{Name: "run", Model: m}
	r.Summary.Network, r.Summary.Dataset = "random", "noise"
	for _, stage := range []string{"float", "ptq", "qat"} {
		s := Survey{Stage: stage, Epoch: 1, Step: 10, End: true}
		tensors := []string{m.Input.Name}
		for _, n := range m.Nodes {
			tensors = append(tensors, n.Name, n.Name+".weight")
		}
		for _, name := range tensors {
			h := &Histogram{Least: -1, Greatest: 1, Counts: make([]int, 64)}
			for i := range h.Counts {
				h.Counts[i] = rng.IntN(100)
			}
			s.Fits = append(s.Fits, Fit{Tensor: name, Grid: [2]float64{-1, 1}, Noise: 1e-3, Levels: 3, Values: h})
		}
		if stage == "qat" { // and an epoch before its end
			epoch := s
			epoch.End, epoch.Fits = false, nil
			for _, f := range s.Fits {
				f.Values, f.Moved, f.Turned = nil, 0.25, 0.125
				epoch.Fits = append(epoch.Fits, f)
			}
			r.Surveys = append(r.Surveys, epoch)
		}
		r.Surveys = append(r.Surveys, s)
		r.Records = append(r.Records, Record{Stage: stage, Epoch: 1, Step: 10, Test: Measures{Accuracy: 0.5, Loss: 1}})
	}
	return r
}

func written(t *testing.T, r *Run) string {
	t.Helper()
	var b bytes.Buffer
	if err := Write(&b, r); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// Every layer of every network has a box and a panel of its own, and the same run
// gives the same page.
func TestPagesOfRandomNetworks(t *testing.T) {
	for seed := range uint64(40) {
		r := random(rand.New(rand.NewPCG(seed, 3)))
		page := written(t, r)
		for i := range len(r.Model.Nodes) + 1 {
			if strings.Count(page, `data-panel="`+panelID(i)+`"`) != 1 ||
				strings.Count(page, `id="`+panelID(i)+`"`) != 1 {
				t.Errorf("seed %d: layer %d has no box or no panel, or several", seed, i)
			}
		}
		if written(t, r) != page {
			t.Errorf("seed %d: another page", seed)
		}
	}
}

// What a user names may hold markup, quotes and anything else: it is shown, not run.
func TestNamesAreText(t *testing.T) {
	nasty := []string{`<script>alert(1)</script>`, `"><img src=x onerror=alert(2)>`, `'+alert(3)+'`, "</title>🦉`${1}`",
		`</script><b>`, `\u003c{{.}}`, "javascript:alert(4)"}
	rng := rand.New(rand.NewPCG(1, 2))
	r := random(rng)
	m := r.Model
	m.Classes = nasty
	r.Name, r.Summary.Network, r.Summary.Dataset, r.Config = nasty[0], nasty[1], nasty[2], nasty[3]
	r.Warnings, r.Exports = nasty, []Export{{Format: nasty[0], Runs: nasty[1], Refused: nasty[2]}}
	old := m.Nodes[0].Name
	m.Nodes[0].Name, m.Nodes[0].Output.Name = nasty[4], nasty[4]
	for i := range m.Nodes {
		for j, in := range m.Nodes[i].Inputs {
			if in == old {
				m.Nodes[i].Inputs[j] = nasty[4]
			}
		}
	}
	j := Judged{Name: "float"}
	for range nasty {
		j.Confusion = append(j.Confusion, make([]int, len(nasty)))
	}
	for _, name := range nasty {
		j.ByClass = append(j.ByClass, Class{Name: name, Samples: 1})
	}
	r.Judgement = &Judgement{Samples: 7, Judged: []Judged{j}, Flipped: 1,
		Flips: []Flip{{Sample: nasty[0], Class: nasty[1], Float: Guess{Class: nasty[2]}, QAT: Guess{Class: nasty[3]}}}}
	shown := func(r *Run) (page string) {
		page = written(t, r)
		j := r.Judgement
		r.Judgement = nil // then what is restored is shown
		r.Restoration = &Restoration{Float: []float64{1}, Shipped: []float64{2}, Shown: []Restored{{Sample: nasty[6]}}}
		for _, name := range nasty {
			r.Restoration.Shown = append(r.Restoration.Shown, Restored{Sample: name})
		}
		restored := written(t, r)
		r.Judgement = j
		return page + restored
	}
	page := shown(r)
	for _, raw := range []string{"<script>alert", "<img src=x", "</script><b>", "</title>🦉"} {
		if strings.Contains(page, raw) {
			t.Errorf("the page holds %s", raw)
		}
	}
	text := html.UnescapeString(page)
	for _, name := range nasty {
		if !strings.Contains(text, ">"+name+"<") {
			t.Errorf("the page does not show %s", name)
		}
	}
	if n := strings.Count(page, "<script"); n != 4 { // two on each page
		t.Errorf("%d scripts", n)
	}
}

// The page names nothing that a browser would fetch.
func TestPageHasNoLinksToOthers(t *testing.T) {
	page := written(t, random(rand.New(rand.NewPCG(5, 6))))
	for _, attribute := range []string{"src=\"http", "href=\"http", "src=\"//", "url(", "@import", "src=\"/"} {
		if strings.Contains(page, attribute) {
			t.Errorf("the page holds %s", attribute)
		}
	}
	if !strings.Contains(page, "default-src &#39;none&#39;") && !strings.Contains(page, "default-src 'none'") {
		t.Error("no content security policy")
	}
	if !strings.Contains(page, "Permission is hereby granted, free of charge") {
		t.Error("the licence of the script is missing")
	}
}

// What a run writes is what a page reads.
func TestLinesAreThoseOfARun(t *testing.T) {
	survey := train.Survey{Stage: train.QAT, Epoch: 2, Step: 30, End: true,
		Fits: []graph.Fit{{Tensor: "conv1.weight", Scales: [2]float32{1, 2}, Grid: [2]float32{-3, 4}, Clipped: 0.5,
			Noise: 0.25, Levels: 6, Values: &graph.Histogram{Least: -1, Greatest: 2, Counts: []int{3, 4}}}},
		Milestones: []train.Milestone{{Step: 7, What: "settle", Layers: []string{"conv1"}}},
		Warnings:   []graph.Warning{{Tensor: "conv1", Text: "too small"}}}
	var s Survey
	through(t, survey, &s)
	if want := (Survey{Stage: "qat", Epoch: 2, Step: 30, End: true,
		Fits: []Fit{{Tensor: "conv1.weight", Scales: [2]float64{1, 2}, Grid: [2]float64{-3, 4}, Clipped: 0.5,
			Noise:  0.25,
			Levels: 6, Values: &Histogram{-1, 2, []int{3, 4}}}},
		Milestones: []Milestone{{7, "settle", []string{"conv1"}}},
		Warnings:   []struct{ Tensor, Text string }{{"conv1", "too small"}}}); !reflect.DeepEqual(s, want) {
		t.Errorf("%+v, want %+v", s, want)
	}
	var l Record
	through(t, train.Record{Stage: train.Float, Epoch: 1, Step: 2, LearningRate: 3,
		Train: train.Metrics{Accuracy: 4, Loss: 5},
		Test:  train.Metrics{Accuracy: 6, Loss: 7}, Validation: train.Metrics{Accuracy: 8, Loss: 9},
		Oscillating: []graph.Oscillating{{Tensor: "w", Share: 10}}}, &l)
	if want := (Record{Stage: "float", Epoch: 1, Step: 2, LearningRate: 3, Train: Measures{Accuracy: 4, Loss: 5}, Test: Measures{Accuracy: 6, Loss: 7},
		Validation: Measures{Accuracy: 8, Loss: 9}, Oscillating: l.Oscillating}); !reflect.DeepEqual(l, want) ||
		l.Oscillating[0].Share != 10 {
		t.Errorf("%+v, want %+v", l, want)
	}
	var sum Summary
	said := train.Summary{Dataset: "a", Network: "b", Seed: 1, Kernels: "c", Samples: train.Samples{Train: 2, Test: 3},
		QAT: train.Metrics{Accuracy: 4, Loss: 5}, Size: train.Size{Float32: 6, Float16: 7, Quantized: 8},
		Speed: train.Speed{Float: 9, QAT: 10}}
	through(t, said, &sum)
	if sum.Samples.Test != 3 || sum.QAT != (Measures{Accuracy: 4, Loss: 5}) || sum.Size.Quantized != 8 || sum.Speed.QAT != 10 {
		t.Errorf("%+v", sum)
	}
}

// through writes a value as JSON and reads another.
func through(t *testing.T, from, to any) {
	t.Helper()
	text, err := json.Marshal(from)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(text, to); err != nil {
		t.Fatal(err)
	}
}

// Each layer has a cell of its own, below what it reads, and no edge passes through
// another layer's cell.
func TestLayoutOfAnyNetwork(t *testing.T) {
	for seed := range uint64(300) {
		rng := rand.New(rand.NewPCG(seed, 4))
		m := tangle(rng)
		l := layOut(m)
		of := map[place]string{}
		for name, p := range l.at {
			if other, taken := of[p]; taken {
				t.Fatalf("seed %d: %s and %s are in %v", seed, name, other, p)
			}
			of[p] = name
			if p.row >= l.rows || p.lane >= l.lanes {
				t.Fatalf("seed %d: %s is in %v, beyond %d × %d", seed, name, p, l.rows, l.lanes)
			}
		}
		edges := 0
		for _, n := range m.Nodes {
			edges += len(n.Inputs)
		}
		if len(l.edges) != edges {
			t.Fatalf("seed %d: %d edges, want %d", seed, len(l.edges), edges)
		}
		for _, e := range l.edges {
			last := len(e.way) - 1
			if e.way[0] != l.at[e.from] || e.way[last] != l.at[e.to] {
				t.Fatalf("seed %d: the way from %s to %s is %v", seed, e.from, e.to, e.way)
			}
			for i, p := range e.way[1:] {
				if p.row != e.way[i].row+1 {
					t.Fatalf("seed %d: the way from %s to %s is %v", seed, e.from, e.to, e.way)
				}
				if name, taken := of[p]; taken && i+1 < last {
					t.Fatalf("seed %d: the way from %s to %s passes through %s", seed, e.from, e.to, name)
				}
			}
		}
	}
}

// tangle is a network in which layers read any of those before them.
func tangle(rng *rand.Rand) *quantized.Model {
	m := &quantized.Model{Input: quantized.Input{Activation: quantized.Activation{Name: "input"}}}
	names := []string{"input"}
	for i := range 1 + rng.IntN(14) {
		n := quantized.Node{Name: string(rune('a' + i)), Op: quantized.Add}
		for range 1 + rng.IntN(3) {
			n.Inputs = append(n.Inputs, names[max(0, len(names)-1-rng.IntN(5))])
		}
		names = append(names, n.Name)
		m.Nodes = append(m.Nodes, n)
	}
	return m
}
