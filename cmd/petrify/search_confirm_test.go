package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math"
	"slices"
	"strings"
	"testing"

	"petrify/internal/analysis"
	"petrify/internal/config"
	part "petrify/internal/sample"
	"petrify/train"
)

// confirmingOn makes a search train as many choices, in a folder, and call step after each
// training step. What their log says must name their runs.
func confirmingOn(t *testing.T, s *seeker, count int, folder string, step func(train.StepEnd)) {
	t.Helper()
	data := s.study.Config.Data
	var log bytes.Buffer
	t.Cleanup(func() {
		for line := range strings.Lines(log.String()) {
			if !strings.Contains(line, "run=") || !strings.Contains(line, folder) {
				t.Errorf("the log does not say of which run this is: %s", line)
			}
		}
	})
	s.qat = confirming{count: count, epochs: 1, folder: folder, settings: s.settings,
		prepare: func(chosen *config.Config) (train.Config, error) {
			c, err := chosen.Train(data)
			c.Events.Step, c.Log = step, slog.New(slog.NewTextHandler(&log, nil))
			return c, err
		}}
}

func budgetsOf(t *testing.T, texts ...string) budgets {
	t.Helper()
	b, err := parseBudgets(texts)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// What was lost after training decides: with a drop, no choice is smaller that was trained
// and keeps it; without, none that was trained loses less.
func TestTrainingConfirms(t *testing.T) {
	for i, text := range []string{"drop=30", "packed=1k"} {
		if part.Skips(i, 2) {
			continue
		}
		t.Run(text, func(t *testing.T) {
			s := seekerOn(t, budgetsOf(t, text))
			confirmingOn(t, s, 3, t.TempDir(), nil)
			r, err := s.seek(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			if r.Epochs != 1 || r.Chosen.Trained == nil || !s.keeps(r.Chosen.Trained.Costs) {
				t.Fatalf("%d epochs; chosen is %v", r.Epochs, r.Chosen)
			}
			trained := 0
			for _, c := range r.Front {
				if c.Trained == nil {
					continue
				}
				trained++
				if s.drop >= 0 && s.lost(&c.Trained.Measure) <= s.drop && c.Costs[0] < r.Chosen.Costs[0] {
					t.Errorf("%v is smaller than what is chosen, %v", c, r.Chosen)
				}
				if s.drop < 0 && c.Trained.Loss < r.Chosen.Trained.Loss {
					t.Errorf("%v loses less than what is chosen, %v", c, r.Chosen)
				}
			}
			if trained == 0 || trained > 3 {
				t.Errorf("%d choices are trained, want 1 to 3", trained)
			}
			comparesUniform(t, r, 3)
		})
	}
}

// comparesUniform checks that as many uniform bits are trained, and that none of the others is
// nearer in size to what is chosen; and that the table and the picture show them.
func comparesUniform(t *testing.T, r *found, want int) {
	t.Helper()
	away := func(c candidate) int64 { return max(c.Costs[0]-r.Chosen.Costs[0], r.Chosen.Costs[0]-c.Costs[0]) }
	trained, farthest, nearest := 0, int64(0), int64(math.MaxInt64)
	for _, c := range r.Uniform {
		if c.Trained == nil {
			nearest = min(nearest, away(c))
			continue
		}
		trained, farthest = trained+1, max(farthest, away(c))
	}
	if trained != want || farthest > nearest {
		t.Errorf("%d uniform bits are trained, up to %d from what is chosen, and none %d from it; want %d, the nearest",
			trained, farthest, nearest, want)
	}
	var table, picture bytes.Buffer
	if err := errors.Join(r.print(&table, "search.yaml"), r.chart().SVG(&picture)); err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(table.String()) {
		for _, c := range r.Uniform {
			if c.Trained == nil || !strings.Contains(line, fmt.Sprintf("%d bits everywhere", c.uniform())) {
				continue
			}
			if fields := strings.Fields(line); !slices.Contains(fields, fmt.Sprintf("%.4f", c.Trained.Loss)) {
				t.Errorf("%q, want the loss after QAT, %.4f", line, c.Trained.Loss)
			}
		}
	}
	if want := "same bits, after QAT"; !strings.Contains(picture.String(), want) {
		t.Errorf("the picture has no line %q", want)
	}
}

// Wherever training begins, halving the gap finds the smallest choice that keeps the drop
// after it, if greater ones do, too; and none other than before if nothing does.
func TestHalvingFindsTheSmallest(t *testing.T) {
	const n = 21
	float := 0
	none := analysis.Measure{Errors: &float}
	s := &seeker{budgets: budgets{drop: 5}, analysis: &analysis.Result{Float: none}, terms: termsOf("", none, 100)}
	for from := range n + 1 { // the smallest that keeps it
		all := make([]candidate, n)
		for i := range all {
			errors := 6
			if i >= from {
				errors = 5
			}
			all[i].Trained = &outcome{Measure: analysis.Measure{Errors: &errors}}
		}
		for at := -1; at < n; at++ {
			want := from
			if from == n {
				want = at
			}
			got, err := s.confirm(t.Context(), all, nil, at)
			if err != nil || got != want {
				t.Fatalf("from %d on, begun at %d: %d, %v; want %d", from, at, got, err, want)
			}
		}
	}
}

// A drop that no choice keeps before training may be kept after it. One that is never kept is
// an error that says so.
func TestTrainingRescues(t *testing.T) {
	b := budgetsOf(t, "drop=1", "packed=800")
	s := seekerOn(t, b)
	none := -1000 // errors; so that nothing keeps the drop
	s.analysis.Float.Errors = &none
	confirmingOn(t, s, 1, t.TempDir(), nil)
	_, err := s.seek(t.Context())
	if want := " after training, and most is lost by "; err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("%v, want %q", err, want)
	}
}

// A search that was interrupted while it trained ends with the same file as one that was
// not, and repeats no step.
func TestConfirmationGoesOn(t *testing.T) {
	search := func(folder string, ctx context.Context, step func(int)) (text string, steps int, err error) {
		s := seekerOn(t, budgetsOf(t, "packed=1k"))
		confirmingOn(t, s, 2, folder, func(e train.StepEnd) {
			if e.Stage == train.QAT {
				steps++
				step(e.Step)
			}
		})
		r, err := s.seek(ctx)
		if err != nil {
			return "", steps, err
		}
		var b bytes.Buffer
		err = r.Write(&b)
		return b.String(), steps, err
	}
	want, all, err := search(t.TempDir(), t.Context(), func(int) {})
	if err != nil {
		t.Fatal(err)
	}
	for i, at := range []int{3, all - 2} { // of a choice, and of uniform bits
		if part.Skips(i, 2) {
			continue
		}
		folder, count := t.TempDir(), 0
		ctx, cancel := context.WithCancel(t.Context())
		_, before, err := search(folder, ctx, func(int) {
			if count++; count == at {
				cancel()
			}
		})
		if !errors.Is(err, context.Canceled) {
			t.Fatalf("got %v, want an interrupted search", err)
		}
		got, after, err := search(folder, t.Context(), func(int) {})
		if err != nil {
			t.Fatal(err)
		}
		if got != want {
			t.Errorf("%s, want\n%s", got, want)
		}
		if before != at || before+after != all {
			t.Errorf("%d steps, and %d after the interruption: want %d, and %d of all", before, after, at, all)
		}
		if _, again, err := search(folder, t.Context(), func(int) {}); err != nil || again != 0 {
			t.Errorf("%d steps when all have finished, %v", again, err)
		}
	}
}
