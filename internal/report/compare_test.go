package report

import (
	"bytes"
	"fmt"
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"petrify/internal/score"
)

// judged is a run of a random network with settings, and with the samples that it
// classifies correctly.
func judged(name string, seed uint64, right []bool, settings ...[2]string) *Run {
	r := random(rand.New(rand.NewPCG(seed, 3)))
	r.Name, r.Settings = name, settings
	r.Judgement = &Judgement{Samples: len(right), Right: right}
	return r
}

func TestCompare(t *testing.T) {
	yes, no := true, false
	a := judged("a", 1, []bool{yes, yes, yes, no, no}, [2]string{"batch", "32"}, [2]string{"seed", "1"},
		[2]string{"out", "x"})
	b := judged("b", 1, []bool{yes, no, no, yes, no}, [2]string{"batch", "32"}, [2]string{"seed", "2"},
		[2]string{"extra", "y"}, [2]string{"out", "z"})
	b.Model.Input.Quant.Scale *= 2
	c := Compare([]*Run{a, b})
	if got, want := fmt.Sprint(c.Differences), "[{seed [1 2]} {extra [– y]}]"; got != want {
		t.Errorf("differences %s, want %s", got, want)
	}
	want := Test{"a", "b", 2, 1, score.McNemar(2, 1)}
	if len(c.Tests) != 1 || c.Tests[0] != want || c.Untested != "" {
		t.Errorf("tests %+v (%s), want %+v", c.Tests, c.Untested, want)
	}
	if len(c.Scales) != 1 || c.Scales[0].Tensor != "input" || math.Abs(c.Scales[0].Ratio-2) > 1e-6 {
		t.Errorf("scales %+v", c.Scales)
	}
}

// Networks are tested only on the same samples.
func TestComparisonWithoutTest(t *testing.T) {
	for name, change := range map[string]func(a, b *Run){
		"a and b have other data":    func(_, b *Run) { b.Model.Origin.Data = "other" },
		"b was not judged: no data":  func(_, b *Run) { b.Judgement, b.Unjudged = nil, "no data" },
		"a was not judged: no class": func(a, _ *Run) { a.Judgement, a.Unjudged = nil, "no class" },
	} {
		a, b := judged("a", 1, []bool{true}), judged("b", 1, []bool{false})
		change(a, b)
		if c := Compare([]*Run{a, b}); c.Untested != name || len(c.Tests) != 0 {
			t.Errorf("%q and %d tests, want %q", c.Untested, len(c.Tests), name)
		}
	}
}

// Any number of runs of any networks has a page.
func TestComparisonsOfRandomNetworks(t *testing.T) {
	for n := 2; n < 9; n++ {
		var runs []*Run
		for i := range n {
			runs = append(runs, judged(fmt.Sprintf("<run %d>", i), uint64(10*n+i), []bool{i%2 == 0, true}))
		}
		var b bytes.Buffer
		if err := WriteComparison(&b, runs); err != nil {
			t.Fatal(err)
		}
		for i := range n {
			if name := fmt.Sprintf(`<th scope="row">&lt;run %d&gt;</th>`, i); strings.Count(b.String(), name) != 1 {
				t.Errorf("%d runs: %s is not in the table, or twice", n, name)
			}
		}
	}
}
