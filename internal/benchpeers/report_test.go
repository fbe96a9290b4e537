package main

import (
	"path/filepath"
	"strings"
	"testing"
	"time"

	"petrify/internal/benchpeers/turns"
)

// contested is two rounds in which ours does 40 and 30 units a second, the
// peer 10 and 15.
func contested(q quantity) (contest, measured) {
	c := contest{
		name:  "race",
		sides: []side{{title: "petrify"}, {title: "Peer"}},
		rows:  []row{{measure: "a race", quantity: q, ours: 0, peer: 1, reach: 2.5, dream: 4}},
	}
	m := measured{Contest: "race", Sides: []string{"petrify, path", "Peer 1.0"}, Turns: [][]turns.Slice{
		{{Seconds: 1, Units: 40, CPU: 1}, {Seconds: 1, Units: 10, CPU: 0.5}},
		{{Seconds: 2, Units: 60, CPU: 2}, {Seconds: 2, Units: 30, CPU: 1}},
	}}
	return c, m
}

func TestRatiosAreOfTheSameRound(t *testing.T) {
	for name, c := range map[string]struct {
		quantity quantity
		ratio    spread
		best     float64
		verdict  string
	}{
		"by the clock":         {rate("units/s", 1, 2), spread{3, 2, 4}, 40.0 / 15, "yes"},
		"by processor's time":  {rate("units/s", 1, 1), spread{1.5, 1, 2}, 40.0 / 30, "no"},
		"where less is better": {milliseconds("ms", 1, 2), spread{0.375, 0.25, 0.5}, 15.0 / 40, "stretch"},
	} {
		contest, m := contested(c.quantity)
		r := contest.rows[0].result(contest, m)
		if r.Ratio != c.ratio || r.Best != c.best || r.verdict() != c.verdict {
			t.Errorf("%s: ratio %v, best %v, %q; want %v, %v, %q", name, r.Ratio, r.Best, r.verdict(), c.ratio,
				c.best, c.verdict)
		}
	}
}

func TestABusyMachineSpoilsTheClockAlone(t *testing.T) {
	for name, c := range map[string]struct {
		quantity quantity
		others   float64
		want     string
	}{
		"idle, by the clock":         {rate("units/s", 1, 2), 0.05, "yes"},
		"busy, by the clock":         {rate("units/s", 1, 2), 0.5, "machine busy"},
		"busy, by processor's time":  {rate("units/s", 1, 1), 0.5, "no"},
		"busy, milliseconds by both": {milliseconds("ms", 1, 2), 0.5, "machine busy"},
	} {
		contest, m := contested(c.quantity)
		m.Others = c.others
		if got := contest.rows[0].result(contest, m).verdict(); got != c.want {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
}

func TestMarkdownHasARowForEachComparison(t *testing.T) {
	c, m := contested(rate("units/s", 1, 2))
	c.growth = &growth{measure: "time", size: "size"}
	c.growth.add(1, milliseconds("ms", 1, 2))
	c.growth.add(2, milliseconds("ms", 1, 2))
	r := report{Date: time.Date(2026, 11, 23, 0, 0, 0, 0, time.UTC),
		Machine: machine{Processor: "Abacus", Threads: 2}, Seconds: 1, Rounds: 2}
	r.add(c, m)
	text := r.markdown()
	for _, want := range []string{
		"### Abacus\n\nMeasured on 23 November 2026, 2 threads",
		"| a race | units/s | 35.0 | Peer 12.5 | **3.00** (2.00–4.00) | 2.67 | ≥ 2.5 | ≥ 4 | yes |\n",
		"| 2 | 83.3 (66.7–100) |",
		"- Peer 1.0\n",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("no %q in\n%s", want, text)
		}
	}
}

func TestAReportIsReadAsItWasWritten(t *testing.T) {
	c, m := contested(rate("units/s", 1, 2))
	m.Others = 0.5
	r := report{Date: time.Date(2026, 11, 23, 0, 0, 0, 0, time.UTC), Seconds: 1, Rounds: 2}
	r.add(c, m)
	folder := t.TempDir()
	if err := r.write(folder, ""); err != nil {
		t.Fatal(err)
	}
	read, err := readReport(filepath.Join(folder, "results.json"))
	if err != nil {
		t.Fatal(err)
	}
	if got, want := read.markdown(), r.markdown(); got != want || !strings.Contains(got, "not valid (2.00–4.00)") {
		t.Errorf("read\n%swritten\n%s", got, want)
	}
}

func TestReplaceKeepsWhatIsAround(t *testing.T) {
	const one, other, another = "### One\n\nfast\n", "### Other\n\nslow\n\nA line.\n", "### Other\n\nslower\n"
	in := func(reports string) string { return "before\n" + markBegin + reports + markEnd + "### after\n" }
	for name, c := range map[string]struct{ old, report, want string }{
		"the first":                    {"", one, one},
		"another processor's":          {one, other, other + "\n" + one},
		"the same processor's alone":   {other, another, another},
		"the same processor's, before": {other + "\n" + one, another, another + "\n" + one},
		"the same processor's, behind": {one + "\n" + other, another, one + "\n" + another},
	} {
		if got, err := replace(in(c.old), c.report); err != nil || got != in(c.want) {
			t.Errorf("%s: %q, %v; want %q", name, got, err, in(c.want))
		}
	}
	if _, err := replace("no marks\n", one); err == nil {
		t.Error("no error for a document without marks")
	}
}

func TestEnvironmentOfASide(t *testing.T) {
	t.Setenv("OPENBLAS_CORETYPE", "Haswell")
	t.Setenv("OMP_NUM_THREADS", "7")
	t.Setenv("BENCHPEERS_OTHER", "kept")
	env := strings.Join(side{threads: 2, path: []string{"OPENBLAS_CORETYPE=Own"}}.environment(), "\n")
	if strings.Contains(env, "Haswell") || strings.Contains(env, "=7") {
		t.Errorf("another's tuning in the environment")
	}
	for _, want := range []string{"OMP_NUM_THREADS=2", "GOMAXPROCS=2", "BENCHPEERS_OTHER=kept",
		"OPENBLAS_CORETYPE=Own"} {
		if !strings.Contains(env, want) {
			t.Errorf("no %s in the environment", want)
		}
	}
}
