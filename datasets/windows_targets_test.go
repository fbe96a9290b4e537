package datasets

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// measured is a row of a recording with all that it may be matched with; NaN is missing.
type measured struct {
	speed, load float32
	wet, loud   bool
	gait        string // "": none
}

const recordingRows = 30

// drawMeasured draws recordings of one length.
func drawMeasured(r *rand.Rand, missing bool) (all [8][recordingRows]measured) {
	for k := range all {
		for i := range all[k] {
			m := measured{speed: r.Float32() + float32(k), load: float32(r.IntN(90)) / 8, wet: r.IntN(3) == 0,
				loud: k > 0 && r.IntN(2) == 0, gait: []string{"walk", "run", "", "10", "9"}[r.IntN(5)]}
			if missing && i == 12 {
				m.speed = float32(math.NaN())
			}
			all[k][i] = m
		}
	}
	return all
}

// field is a column's text in a row.
func (m measured) field(column string) string {
	one := map[bool]string{true: "1", false: "0"}
	switch column {
	case "speed":
		if m.speed != m.speed {
			return "NA"
		}
		return fmt.Sprint(m.speed)
	case "load":
		return fmt.Sprint(m.load)
	case "wet":
		return one[m.wet]
	case "loud":
		return one[m.loud]
	case "signs":
		return strings.Join(slices.DeleteFunc([]string{one[m.wet] + "wet", one[m.loud] + "loud"},
			func(s string) bool { return s[0] == '0' }), "|")
	}
	return m.gait
}

// targetCase is a way to match windows.
type targetCase struct {
	columns []string // in the table
	opts    Options
	target  Target
	names   []string
}

func targetCases() map[string]targetCase {
	speed, both, wet := []string{"speed"}, []string{"load", "speed"}, []string{"wet", "loud"}
	return map[string]targetCase{
		"a number":           {speed, Options{Targets: speed}, NumberTargets, speed},
		"two numbers":        {[]string{"speed", "load"}, Options{Targets: both}, NumberTargets, []string{"speed", "load"}},
		"a label's number":   {speed, Options{Label: "speed", Target: NumberTargets}, NumberTargets, speed},
		"a label's look":     {speed, Options{Label: "speed"}, NumberTargets, speed},
		"numbers of 0 and 1": {wet, Options{Targets: wet, Target: NumberTargets}, NumberTargets, wet},
		"columns of labels":  {wet, Options{Targets: wet, Target: LabelTargets}, LabelTargets, wet},
		"their look":         {wet, Options{Targets: wet}, LabelTargets, wet},
		"lists of labels": {[]string{"signs"}, Options{Label: "signs", Target: LabelTargets}, LabelTargets,
			[]string{"1loud", "1wet"}},
		"a class each row": {[]string{"gait"}, Options{Label: "gait", Target: PixelTargets}, PixelTargets,
			[]string{"10", "9", "run", "walk"}},
	}
}

// want is what a window is matched with, by definition.
func (c targetCase) want(rows []measured, how string) (want []float32) {
	for _, name := range c.names {
		sum, any := 0.0, false
		for _, m := range rows {
			v := map[string]float32{"speed": m.speed, "load": m.load}[name]
			if label := strings.TrimPrefix(name, "1"); label == "wet" && m.wet || label == "loud" && m.loud {
				v, any = 1, true
			}
			if sum += float64(v); how == "last" {
				sum = float64(v)
			}
		}
		yes := map[string]bool{"": any, "any": any, "most": 2*sum > float64(len(rows)), "last": sum > 0}[how]
		switch {
		case c.target == LabelTargets && yes:
			want = append(want, 1)
		case c.target == LabelTargets:
			want = append(want, 0)
		case how == "last":
			want = append(want, float32(sum))
		default:
			want = append(want, float32(sum/float64(len(rows))))
		}
	}
	return want
}

// lay writes recordings as files: one long table, a folder, folders of it, or its splits.
func (c targetCase) lay(t *testing.T, all [8][recordingRows]measured, layout string) string {
	t.Helper()
	files := map[string]string{}
	for k, rows := range all {
		path := map[string]string{"table": "all.csv", "folder": fmt.Sprintf("d/%d.csv", k),
			"folders":   fmt.Sprintf("d/%d/%d.csv", k%2, k),
			"divided":   fmt.Sprintf("d/%s/%d.csv", []string{"train", "test"}[k/6], k),
			"test file": []string{"all.csv", "more.csv"}[k/6]}[layout]
		if files[path] == "" {
			files[path] = strings.Join(append([]string{"place", "time", "session", "kind"}, c.columns...), ",") + "\n"
		}
		for i, m := range rows {
			files[path] += fmt.Sprintf("%d,%d,%d.0,%d", i, i+100*k, k, k)
			for _, column := range c.columns {
				files[path] += "," + m.field(column)
			}
			files[path] += "\n"
		}
	}
	dir := folderOf(t, files)
	if layout == "table" || layout == "test file" {
		return filepath.Join(dir, "all.csv")
	}
	return filepath.Join(dir, "d")
}

// Windows have the numbers, labels and rows' classes that their rows have, however the
// recordings are laid out; and read like training's they have the same.
func TestTargetsOfWindows(t *testing.T) {
	ways := map[Target][]string{NumberTargets: {"", "mean", "last"}, LabelTargets: {"", "any", "most", "last"},
		PixelTargets: {""}}
	seed := uint64(0)
	for name, c := range targetCases() {
		for _, how := range ways[c.target] {
			for _, layout := range []string{"table", "folder", "folders", "divided", "test file"} {
				seed++
				t.Run(strings.Join([]string{name, how, layout}, ", "), func(t *testing.T) {
					r := rand.New(rand.NewPCG(seed, 1))
					missing := slices.Contains(c.columns, "speed")
					all, o := drawMeasured(r, missing), c.opts
					o.Windows = Windows{Length: 5, Hop: 1 + r.IntN(6), Target: how}
					if missing {
						o.Windows.Missing = "cut"
					}
					path := c.lay(t, all, layout)
					if layout == "folders" && o.Target == AnyTarget && o.Targets == nil {
						o.Target = c.target // else they name classes
					}
					if layout == "test file" {
						o.Test = filepath.Join(filepath.Dir(path), "more.csv")
					}
					set, err := Open(path, o)
					if err != nil {
						t.Fatal(err)
					}
					c.check(t, set, all, o)
					contract := like(set, o)
					contract.Options.Target, contract.Targets = c.target, c.names // as models say
					again, err := OpenLike(context.Background(), path, contract)
					if err != nil {
						t.Fatal(err)
					}
					c.check(t, again, all, o)
					if c.target == PixelTargets || c.opts.Targets == nil && c.target == LabelTargets {
						return
					}
					contract.Table = &TableAccount{Columns: set.Account.Table.Columns} // a model without its run
					if again, err = OpenLike(context.Background(), path, contract); err != nil {
						t.Fatal(err)
					}
					c.check(t, again, all, o)
				})
			}
		}
	}
}

// check compares each window with its rows.
func (c targetCase) check(t *testing.T, set *Set, all [8][recordingRows]measured, o Options) {
	t.Helper()
	if set.Target != c.target || !slices.Equal(set.Targets, c.names) || set.Shape != [3]int{2, 1, 5} {
		t.Fatalf("%v %q of %v, want %v %q", set.Target, set.Targets, set.Shape, c.target, c.names)
	}
	sides := map[float32]*Split{}
	for _, s := range []*Split{set.Train, set.Test} {
		if s.Len() == 0 {
			t.Error("no windows")
		}
		for i := range s.Len() {
			x := s.values(i, 10)
			if other := sides[x[1]]; other != nil && other != s {
				t.Errorf("recording %v is in both splits", x[1])
			}
			sides[x[1]] = s
			rows := all[int(x[1])][int(x[0]):][:5]
			if c.target != PixelTargets {
				if got, want := set.TargetsOf(s, i), c.want(rows, o.Windows.Target); !slices.Equal(got, want) {
					t.Fatalf("window at %v of %v has %v, want %v", x[0], x[1], got, want)
				}
				continue
			}
			for k, class := range set.MaskOf(s, i) {
				if rows[k].gait == "" && class != Ignored || rows[k].gait != "" && set.Targets[class] != rows[k].gait {
					t.Fatalf("row %d of the window at %v of %v has class %v, want %q", k, x[0], x[1], class, rows[k].gait)
				}
			}
		}
	}
}

// What windows cannot be matched with is refused, with what can be.
func TestTargetsOfWindowsThatAreRefused(t *testing.T) {
	w := Windows{Length: 4, Hop: 2}
	with := func(change func(*Windows)) Windows { v := w; change(&v); return v }
	rows := func(title string, of func(i int) string) string {
		return rowsOf("time,x,"+title+"\n", 60, func(i int) string {
			return fmt.Sprintf("%d,%d,%s", i+100*(i/12), i*i%7, of(i))
		})
	}
	number := rows("y1", func(i int) string { return fmt.Sprintf("%d.5", i%9) })
	numbers := rows("x1,y1", func(i int) string { return fmt.Sprintf("%d,%d.5", i%5, i%9) })
	flags := rows("a,b", func(i int) string { return fmt.Sprintf("%d,%d", i%2, i/2%2) })
	words := rows("gait", func(i int) string { return []string{"run", "walk"}[i/3%2] })
	whole := rows("label", func(i int) string { return fmt.Sprint(i / 2 * 3) })
	for name, c := range map[string]struct {
		csv  string
		opts Options
		want string
	}{
		"an unknown column":   {number, Options{Targets: []string{"y2"}}, `data.targets: no column "y2", have time, x, y1`},
		"a target of text":    {words, Options{Targets: []string{"gait"}}, `line 2, column 5: "run", want a finite number`},
		"a label of text":     {words, Options{Label: "gait", Target: NumberTargets}, `row 1: "run", want a finite number`},
		"time as a target":    {number, Options{Targets: []string{"time"}}, `"time" is predicted, and the time of rows as well: data.windows.time names another`},
		"time as the label":   {number, Options{Label: "time", Target: NumberTargets}, `"time" is predicted, and the time of rows as well: data.windows.time names another`},
		"not labels":          {numbers, Options{Targets: []string{"x", "y1"}, Target: LabelTargets}, "are not all 0 or 1"},
		"rows of numbers":     {number, Options{Label: "y1", Target: PixelTargets}, "has numbers such as 0.5, like a quantity"},
		"rows by columns":     {flags, Options{Targets: []string{"a"}, Target: PixelTargets}, "want data.label"},
		"labels by the mean":  {flags, Options{Targets: []string{"a", "b"}, Windows: with(func(w *Windows) { w.Target = "mean" })}, "data.windows.target: mean is not for labels, want any, most, last"},
		"numbers of any":      {number, Options{Targets: []string{"y1"}, Windows: with(func(w *Windows) { w.Target = "any" })}, "data.windows.target: any is not for numbers, want mean, last"},
		"classes by the mean": {words, Options{Windows: with(func(w *Windows) { w.Target = "mean" })}, "data.windows.target: mean has no effect: windows are matched with classes"},
		"mixed numbers":       {number, Options{Targets: []string{"y1"}, Windows: with(func(w *Windows) { w.Mixed = "majority" })}, "data.windows.mixed: majority has no effect: windows are matched with numbers"},
		"no such way":         {number, Options{Targets: []string{"y1"}, Windows: with(func(w *Windows) { w.Target = "first" })}, `target "first" of windows, want mean, last, any or most`},
		"whole numbers in rows alike": {rowsOf("time,x,label\n", 200, func(i int) string {
			return fmt.Sprintf("%d,%d,%d", i+100*(i/12), i*i%7, i/8)
		}), Options{}, "is predicted as a number"},
		"few whole numbers": {whole, Options{}, "is predicted as a number"},
		"words as features": {words, Options{Categories: []string{"gait"}}, "Categories, Unseen and Missing have no effect"},
		"dates as a channel": {rows("when,label", func(i int) string { return fmt.Sprintf("2026-01-01 00:00:%02d,a", i) }), Options{},
			`line 2, column 5: "2026-01-01 00:00:00", want a finite number; data.columns: ["!when"] leaves the column out, data.windows.time: when`},
		"words as a channel": {rows("gait,label", func(i int) string { return "run,a" }), Options{Label: "label"},
			`"run", want a finite number; data.columns: ["!gait"] leaves the column out`},
		"a clock":   {strings.Replace(number, "time", "secs", 1), Options{Targets: []string{"y1"}}, `"secs" rises by 1 from row to row, like time or the number of a row: data.windows.time: secs`},
		"a counter": {numbers, Options{Targets: []string{"y1"}, Columns: []string{"x1"}}, "columns     1: x1"},
		"a clock among others": {strings.Replace(rows("n,y1", func(i int) string { return fmt.Sprintf("%d,%d.5", i, i%9) }), "x,", "w,", 1),
			Options{Targets: []string{"y1"}}, `"n" is a channel and rises by 1 from row to row, like the number of a row; data.columns: ["!n"]`},
		"a missing target": {number + "700,1,NA\n", Options{Targets: []string{"y1"}}, `line 62, column 7: "NA" is a missing value`},
	} {
		t.Run(name, func(t *testing.T) {
			if c.opts.Windows.Length == 0 {
				c.opts.Windows = w
			}
			set, err := openText(t, c.csv, c.opts)
			said := fmt.Sprint(err)
			if err == nil {
				said = set.Account.String()
			}
			if !strings.Contains(said, c.want) {
				t.Errorf("%s\nwant %s", said, c.want)
			}
		})
	}
}
