package datasets

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
)

// lastColumn is a table of two features and a target, with the values in turn.
func lastColumn(title string, rows int, values ...string) string {
	return rowsOf("a,b,"+title+"\n", rows, func(i int) string {
		return fmt.Sprintf("%d.5,%d,%s", i%13, i%7, values[i%len(values)])
	})
}

func numbered100(format string, scale float64) (all []string) {
	for i := range 100 {
		all = append(all, fmt.Sprintf(format, float64(i*i%97)*scale))
	}
	return all
}

// TestWhatATableIsFor: a target that is written as real numbers never becomes classes, and
// words never become numbers; where both could be meant, the error asks.
func TestWhatATableIsFor(t *testing.T) {
	for name, c := range map[string]struct {
		text string
		opts Options
		want Target
		says []string // of the error, where there is one
	}{
		"prices":             {lastColumn("price", 100, numbered100("%.2f", 3.17)...), Options{}, NumberTargets, nil},
		"three reals":        {lastColumn("y", 60, "0.5", "1", "1.5"), Options{}, NumberTargets, nil},
		"exponents":          {lastColumn("y", 60, "1e-3", "2.5e2", "7"), Options{}, NumberTargets, nil},
		"negative reals":     {lastColumn("y", 60, "-0.25", "0.25"), Options{}, NumberTargets, nil},
		"many whole numbers": {lastColumn("target", 100, numbered100("%.0f", 1000)...), Options{}, NumberTargets, nil},
		"a year's temperature": {strings.ReplaceAll(lastColumn("t", 60, "21;5", "22;5", "19;25"), ",", ";;"),
			Options{}, 0,
			[]string{"fields"}},
		"decimal commas": {"a;b;y\n" + strings.Repeat("1,5;2;3,5\n2,5;3;4,25\n", 20), Options{}, NumberTargets, nil},
		"thousands": {lastColumn("price", 60, `"1,250,000.50"`, `"980,000.00"`), Options{}, 0,
			[]string{"980,000.00", "plain", "task"}},
		"dollars": {lastColumn("price", 60, "$1200", "$980"), Options{}, 0,
			[]string{"$", "plain number", "task"}},
		"percent": {lastColumn("share", 60, "12%", "9.5%"), Options{}, 0, []string{"%", "plain number", "task"}},
		"apostrophes": {lastColumn("price", 60, "1'250", "980"), Options{}, 0,
			[]string{"1'250", "plain number", "task"}},
		"a real is missing": {lastColumn("y", 60, "0.5", "NA", "1.5"), Options{}, 0,
			[]string{"row 2", `"NA"`, "missing value"}},
		"a number and a word": {lastColumn("y", 60, "0.5", "high"), Options{}, 0, []string{`"0.5"`, `"high"`}},
		"whole with decimals": {lastColumn("y", 60, "1.0", "2.0"), Options{}, 0, []string{"1.0", "task: regression"}},
		"asked for classes":   {lastColumn("y", 60, "1.0", "2.0"), Options{Target: ClassTarget}, ClassTarget, nil},
		"asked for numbers": {lastColumn("y", 60, "1.0", "2.0"), Options{Target: NumberTargets},
			NumberTargets, nil},
		"whole numbers": {lastColumn("y", 60, "1", "2", "3"), Options{}, ClassTarget, nil},
		"whole as numbers": {lastColumn("y", 60, "1", "2", "3"), Options{Target: NumberTargets},
			NumberTargets, nil},
		"words": {lastColumn("y", 60, "cat", "dog"), Options{}, ClassTarget, nil},
		"words as numbers": {lastColumn("y", 60, "cat", "dog"), Options{Target: NumberTargets}, 0,
			[]string{"row 1", `"cat"`}},
		"ranges of ages": {lastColumn("age", 60, "20-29", "30-39"), Options{}, ClassTarget, nil},
		"a date in each row": {lastColumn("day", 60, dates()...), Options{}, 0,
			[]string{"60 different words", "dates"}},
		"one target by name": {lastColumn("y", 60, "1", "2"), Options{Targets: []string{"b"}, Columns: []string{"a"}}, NumberTargets, nil},
		"a target left unnamed": {lastColumn("y", 60, "x", "z"), Options{Targets: []string{"b"}}, 0,
			[]string{"line 2", `"x"`}},
		"lists": {lastColumn("tags", 60, "cat|dog", "", "dog"), Options{Target: LabelTargets},
			LabelTargets, nil},
		"no lists": {lastColumn("tags", 60, "", "none"), Options{Target: LabelTargets}, 0,
			[]string{"no label"}},
		"columns of 0 and 1": {"x,cat,dog\n" + strings.Repeat("1.5,0,1\n2.5,1,1\n3.5,0,0\n", 10),
			Options{Targets: []string{"2..3"}}, LabelTargets, nil},
		"columns of 0 to 2": {"x,cat,dog\n" + strings.Repeat("1.5,0,2\n2.5,1,1\n", 10),
			Options{Targets: []string{"2..3"}}, NumberTargets, nil},
		"labels of 0 to 2": {"x,cat,dog\n" + strings.Repeat("1.5,0,2\n2.5,1,1\n", 10),
			Options{Targets: []string{"2..3"}, Target: LabelTargets}, 0, []string{"cat, dog", "0 or 1"}},
		"a target and a label": {lastColumn("y", 60, "1"), Options{Targets: []string{"b"}, Label: "y"}, 0,
			[]string{"one of them"}},
		"targets as features": {lastColumn("y", 60, "1"), Options{Targets: []string{"b"}, Columns: []string{"a", "b"}}, 0,
			[]string{`"b"`, "is a target"}},
	} {
		t.Run(name, func(t *testing.T) {
			dir := write(t, map[string][]byte{"d.csv": []byte(c.text)})
			s, err := Open(dir+"/d.csv", c.opts)
			if c.says != nil {
				wantError(t, err, c.says...)
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if s.Target != c.want || (len(s.Classes) > 0) != (c.want == ClassTarget) {
				t.Errorf("target %v with classes %v, want %v", s.Target, s.Classes, c.want)
			}
		})
	}
}

func dates() (all []string) {
	for i := range 60 {
		all = append(all, fmt.Sprintf("2024-%02d-%02d", 1+i/28, 1+i%28))
	}
	return all
}

// TestTargetsReachTheBatch: each sample keeps its targets through division, shuffling and
// batches, whatever the order of the columns.
func TestTargetsReachTheBatch(t *testing.T) {
	text := rowsOf("up,x,down\n", 50, func(i int) string { return fmt.Sprintf("%d.5,%d,%d", 10*i, i, -i) })
	dir := write(t, map[string][]byte{"d.csv": []byte(text)})
	s, err := Open(dir+"/d.csv", Options{Targets: []string{"down", "up"}})
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(s.Targets, []string{"up", "down"}) || s.Outputs() != 2 {
		t.Fatalf("targets %v", s.Targets)
	}
	seen := 0
	for _, p := range []*Split{s.Train, s.Test} {
		for b, err := range s.Batches(p, BatchOptions{Size: 7, Rand: rand.New(rand.NewPCG(3, 0))}) {
			if err != nil {
				t.Fatal(err)
			}
			for i := range b.N {
				x := float64(b.X[i]*s.Std[0] + s.Mean[0])
				i, up, down := int(x+0.5), b.Targets[2*i], b.Targets[2*i+1]
				if up != float32(10*i)+0.5 || down != float32(-i) {
					t.Errorf("row %d has the targets %v and %v", i, up, down)
				}
				seen++
			}
			for _, v := range b.Targets[2*b.N:] {
				if v != 0 {
					t.Error("rows that only fill the batch have targets")
				}
			}
		}
	}
	if seen != 50 {
		t.Errorf("%d samples, want 50", seen)
	}
}

// TestLabelsInLists: the names are found in all rows and sorted; a row may have none.
func TestLabelsInLists(t *testing.T) {
	dir := write(t, map[string][]byte{"d.csv": []byte("x,tags\n" + strings.Repeat("1,dog|cat\n2,\n3,cow; cat\n", 9))})
	s, err := Open(dir+"/d.csv", Options{Target: LabelTargets, Label: "tags"})
	if err != nil {
		t.Fatal(err)
	}
	want := map[float32][]float32{1: {1, 0, 1}, 2: {0, 0, 0}, 3: {1, 1, 0}}
	if !slices.Equal(s.Targets, []string{"cat", "cow", "dog"}) {
		t.Errorf("labels %v", s.Targets)
	}
	for i := range s.Train.Len() {
		if x := s.Train.values(i, 1)[0]; !slices.Equal(s.TargetsOf(s.Train, i), want[x]) {
			t.Errorf("row with x = %v has %v, want %v", x, s.TargetsOf(s.Train, i), want[x])
		}
	}
}

// TestTargetsLike: another table gives a network the targets of training, wherever its
// columns are, and is refused without them.
func TestTargetsLike(t *testing.T) {
	dir := write(t, map[string][]byte{
		"d.csv":    []byte(lastColumn("y", 60, "0.5", "2.5")),
		"like.csv": []byte("y,b,a\n1,2,3\n2,3,4\n"),
		"none.csv": []byte("b,a\n2,3\n"),
	})
	s, err := Open(dir+"/d.csv", Options{})
	if err != nil {
		t.Fatal(err)
	}
	c := Contract{Shape: s.Shape, PixelScale: 1, Mean: s.Mean, Std: s.Std, Table: s.Account.Table, Targets: s.Targets,
		Options: Options{Target: NumberTargets}}
	like, err := OpenLike(t.Context(), dir+"/like.csv", c)
	if err != nil {
		t.Fatal(err)
	}
	if got := like.Train.Targets; like.Target != NumberTargets || !slices.Equal(got, []float32{1, 2}) {
		t.Errorf("targets %v %v", like.Target, got)
	}
	_, err = OpenLike(t.Context(), dir+"/none.csv", c)
	wantError(t, err, `"y"`, "b, a")
}
