package sweep

import (
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"petrify/train"
)

// oracle is the decision by its definition: rung by rung, the best of those that are left.
func oracle(c *contest) (passed, stopped []int) {
	passed, stopped = make([]int, len(c.variants)), slices.Repeat([]int{-1}, len(c.variants))
	mean := func(variant string, rung int) float64 {
		sum, n := 0.0, 0.0
		for i, v := range c.variants {
			if v == variant {
				if c.refused[i] {
					return math.Inf(-1)
				}
				sum, n = sum+c.values[i][rung].Accuracy, n+1
			}
		}
		return sum / n
	}
	for rung := range c.Epochs {
		var left []string
		for i, v := range c.variants {
			if stopped[i] < 0 && !slices.Contains(left, v) {
				left = append(left, v)
			}
			if stopped[i] < 0 && !c.refused[i] && len(c.values[i]) <= rung {
				return passed, stopped
			}
		}
		for i, v := range c.variants {
			if stopped[i] >= 0 {
				continue
			}
			better := 0
			for j, other := range left {
				if a, b := mean(other, rung), mean(v, rung); a > b || a == b && j < slices.Index(left, v) {
					better++
				}
			}
			if better < int(math.Ceil(c.keep*float64(len(left)))) {
				passed[i]++
			} else {
				stopped[i] = rung
			}
		}
	}
	return passed, stopped
}

// Decisions are those of the definition, for many contests at many moments; and what is
// decided stays so, however the trials go on.
func TestHalving(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	for range 500 {
		rungs, variants, seeds := 1+rng.IntN(3), 1+rng.IntN(7), 1+rng.IntN(3)
		c := &contest{Halving: &Halving{Epochs: []int{1, 2, 5}[:rungs], keep: []float64{0.25, 0.5, 0.75}[rng.IntN(3)]}}
		whole := make([][]train.Metrics, variants*seeds)
		for i := range whole {
			c.variants = append(c.variants, fmt.Sprint(i%variants))
			c.refused = append(c.refused, rng.IntN(20) == 0)
			for range rungs {
				whole[i] = append(whole[i], train.Metrics{Accuracy: float64(1+rng.IntN(4)) / 4}) // with ties
			}
		}
		c.values = make([][]train.Metrics, len(whole))
		for {
			c.decide()
			passed, stopped := oracle(c)
			if !slices.Equal(c.passed, passed) || !slices.Equal(c.stopped, stopped) {
				t.Fatalf("passed %v, stopped %v; want %v, %v for %+v", c.passed, c.stopped, passed, stopped, c)
			}
			var going []int
			for i := range whole {
				if c.stopped[i] < 0 && !c.refused[i] && len(c.values[i]) <= c.passed[i] && len(c.values[i]) < rungs {
					going = append(going, i)
				}
			}
			if len(going) == 0 {
				break
			}
			next := going[rng.IntN(len(going))]
			c.values[next] = whole[next][:len(c.values[next])+1]
			before := [2][]int{c.passed, c.stopped}
			c.decide()
			for i := range whole {
				if c.passed[i] < before[0][i] || before[1][i] >= 0 && c.stopped[i] != before[1][i] {
					t.Fatalf("trial %d: a decision was taken back", i)
				}
			}
		}
		for i := range whole {
			if c.stopped[i] < 0 && c.passed[i] < rungs {
				t.Fatalf("trial %d waits for ever: %+v", i, c)
			}
		}
	}
}

// The states of trials follow from what is in their folders.
func TestStatesWithHalving(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "s.yaml")
	text := `
base: {network: mlp, validation: 0.1, qat: {epochs: 4}}
axes: {batch: [16, 32, 64], seed: 1..2}
halving: {epochs: [1, 3], keep: 0.3}
`
	if err := os.WriteFile(file, []byte(text), 0o666); err != nil {
		t.Fatal(err)
	}
	s, err := Create(file, filepath.Join(dir, "out"))
	if err != nil {
		t.Fatal(err)
	}
	say := func(index int, epochs ...float64) {
		var lines strings.Builder
		for e, accuracy := range epochs {
			fmt.Fprintf(&lines, `{"stage":"qat","epoch":%d,"validation":{"accuracy":%v}}`+"\n", e+1, accuracy)
		}
		if !isFinished(s.TrialFolder(index)) {
			lines.WriteString(`{"stage":"qat","epoch":`) // a crash
		}
		if err := os.WriteFile(filepath.Join(s.TrialFolder(index), "metrics.jsonl"), []byte(lines.String()),
			0o666); err != nil {
			t.Fatal(err)
		}
		if err := s.Record(index, Attempt{Outcome: AtRung}); err != nil {
			t.Fatal(err)
		}
	}
	states := func() (all []string) {
		survey, err := s.Survey()
		if err != nil {
			t.Fatal(err)
		}
		for index, p := range survey {
			if alone, err := s.Progress(index); err != nil || alone != p {
				t.Errorf("trial %d: %+v alone, %v; among all %+v", index, alone, err, p)
			}
			all = append(all, fmt.Sprint(p.State, p.Passed))
		}
		return all
	}
	want := func(all ...string) {
		t.Helper()
		if got := states(); !slices.Equal(got, all) {
			t.Errorf("%q, want %q", got, all)
		}
	}
	for index, accuracy := range []float64{0.5, 0.9, 0.8, 0.7, 0.9} {
		say(index, accuracy)
	}
	want("waiting 0", "waiting 0", "waiting 0", "waiting 0", "waiting 0", "planned 0")
	say(5, 0.3) // the means are 0.7, 0.75 and 0.6: one goes on
	want("stopped by halving 0", "stopped by halving 0", "interrupted 1", "interrupted 1", "stopped by halving 0",
		"stopped by halving 0")
	say(2, 0.8, 0, 0.4)
	want("stopped by halving 0", "stopped by halving 0", "waiting 1", "interrupted 1", "stopped by halving 0",
		"stopped by halving 0")
	finish(t, s, 3, `{"qat":{"accuracy":0.5}}`)
	say(3, 0.7, 0, 0.4)
	want("stopped by halving 0", "stopped by halving 0", "interrupted 2", "finished 2", "stopped by halving 0",
		"stopped by halving 0")
	r, err := s.Results("", nil, nil)
	if err != nil || r.Halved != 4 || r.Rows[0].Halved != "qat epoch 1" || r.Rows[1].Halved != "" || r.Finished != 1 {
		t.Errorf("%+v, %v", r, err)
	}
	var b strings.Builder
	if r.Text(&b); !strings.Contains(b.String(), "stopped by halving after qat epoch 1") ||
		!strings.Contains(b.String(), "1 of 6 trials finished, 4 were stopped by halving.") {
		t.Error(b.String())
	}
}

func TestMistakesInHalving(t *testing.T) {
	for text, want := range map[string]string{
		"{}":                                   "halving: want epochs, and keep",
		"{epochs: [1]}":                        "halving: want epochs, and keep",
		"{epochs: [2, 2], keep: 0.5}":          `want ascending numbers from 1, got "2"`,
		"{epochs: [0], keep: 0.5}":             `want ascending numbers from 1, got "0"`,
		"{epochs: [1], keep: 1}":               `want a share between 0 and 1, got "1"`,
		"{epochs: [1], keep: x}":               `want a share between 0 and 1, got "x"`,
		"{epochs: [1], keep: 0.5, stage: ptq}": `want float or qat, got "ptq"`,
		"{epochs: [1], keep: 0.5, rungs: 3}":   `unknown key "rungs": want epochs, keep or stage`,
	} {
		if _, err := parse("s", []byte("halving: "+text)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", text, err, want)
		}
	}
	p := planOf(t, "axes: {v: {a: {qat: {epochs: 3}}, b: {validation: 0.1, qat: {patience: 2}}}}\n"+
		"halving: {epochs: [1, 3], keep: 0.5}")
	err := p.Check()
	for _, want := range []string{"trial 0 (v=a): qat.epochs: want more than 3, the last rung",
		"trial 0 (v=a): validation: want a share", "trial 1 (v=b): qat.patience: want null"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %q", err, want)
		}
	}
	// A float stage with rungs is each trial's own.
	if p := planOf(t, "axes: {qat.epochs: [1, 2]}\nhalving: {stage: float, epochs: [1], keep: 0.5}"); p.Stages() != 0 {
		t.Error("trials share a stage in which they wait for each other")
	}
	if !reflect.DeepEqual(p.Halving, &Halving{Stage: train.QAT, Epochs: []int{1, 3}, keep: 0.5}) {
		t.Errorf("%+v", p.Halving)
	}
}
