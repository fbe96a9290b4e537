package datasets

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// sine is rows of a recording without gaps.
func sine(n int, label string) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, "%d,%d.5,%s\n", i, i%7, label)
	}
	return b.String()
}

func TestStrangeRecordings(t *testing.T) {
	const head = "time,x,label\n"
	w := Windows{Length: 4}
	for name, c := range map[string]struct {
		csv  string
		opts Options
		want []string // of the account, or of the error
		ok   bool
	}{
		"one recording": {head + sine(40, "a"), Options{Windows: w},
			[]string{"no recording is left for testing", "data.windows.recording"}, false},
		"too short": {head + sine(3, "a") + sine(3, "b"), Options{Windows: w},
			[]string{"no window: the longest stretch without a gap has 3 rows, want 4"}, false},
		"some are too short": {head + sine(9, "a") + sine(3, "a") + sine(9, "a"), Options{Windows: w},
			[]string{"shorter than a window of 4 rows: 1 stretches", "2 of 3 to 9 rows"}, true},
		"not a number": {head + "0,1,a\n1,NaN,a\n", Options{Windows: w},
			[]string{`line 3, column 3: "NaN" is a missing value`}, false},
		"cut at what is missing": {head + sine(9, "a") + sine(9, "a") + "9,,a\n10,nan,a\n11,1,a\n",
			Options{Windows: Windows{Length: 4, Missing: "cut"}}, []string{"rows left out for missing values: 2"}, true},
		"time of words": {head + "0,1,a\nnoon,1,a\n", Options{Windows: w},
			[]string{`line 3, column 1: time "noon", want a number, or a date`}, false},
		"dates among numbers": {head + "0,1,a\n2026-01-31T12:00:00Z,1,a\n", Options{Windows: w},
			[]string{"times before it are written otherwise"}, false},
		"no label": {"time,x,y,z\n0,1,2,3\n1,1,2,3\n", Options{Windows: w},
			[]string{"no column is titled label, class or target", "have time, x, y, z"}, false},
		"mixed, majority": {head + sine(9, "a") + sine(9, "a") + "9,1,b\n", Options{Windows: Windows{Length: 4, Hop: 1}},
			[]string{"windows of several labels: 1", "there is only one class: a"}, true},
		"mixed, left out": {head + sine(9, "a") + sine(9, "a") + "9,1,b\n",
			Options{Windows: Windows{Length: 4, Hop: 1, Mixed: "leave_out"}}, []string{"6 to train, 6 to test"}, true},
		"mixed, refused": {head + sine(9, "a") + "9,1,b\n", Options{Windows: Windows{Length: 4, Hop: 1, Mixed: "refuse"}},
			[]string{"recording 1: the window at 6 has several labels"}, false},
		"mixed, equally": {head + strings.Repeat("0,1,b\n1,1,b\n2,1,a\n3,1,a\n", 2), Options{Windows: w},
			[]string{"windows of several labels: 2", "there is only one class: b"}, true},
		"a longer gap": {head + sine(9, "a") + "20,1,a\n" + sine(9, "a"), Options{Windows: Windows{Length: 4, Gap: 20}},
			[]string{"2 of 9 to 10 rows"}, true},
		"no such time": {head + sine(9, "a"), Options{Windows: Windows{Length: 4, Time: "when"}},
			[]string{`data.windows.time: no column "when", have time, x, label`}, false},
		"no time": {"x,label\n1,a\n2,a\n3,a\n4,a\n", Options{Windows: Windows{Length: 2}},
			[]string{"no recording is left"}, false},
		"without a length": {head, Options{Windows: Windows{Hop: 2}}, []string{"windows without a length"}, false},
		"with a shape":     {head, Options{Windows: w, Shape: [3]int{1, 1, 1}}, []string{"Shape and ChannelsFirst"}, false},
		"wrong words": {head, Options{Windows: Windows{Length: 2, Mixed: "some"}},
			[]string{`mixed "some", want majority, leave_out or refuse`}, false},
		"wrong gap": {head, Options{Windows: Windows{Length: 2, Gap: -1}}, []string{"gap -1, want a positive"}, false},
		"wrong hop": {head, Options{Windows: Windows{Length: 2, Hop: -1}}, []string{"want positive numbers"}, false},
		"wrong missing": {head, Options{Windows: Windows{Length: 2, Missing: "fill"}},
			[]string{`missing "fill", want refuse or cut`}, false},
	} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(write(t, map[string][]byte{"s.csv": []byte(c.csv)}), "s.csv")
			set, err := Open(path, c.opts)
			got := fmt.Sprint(err)
			if err == nil {
				got = set.Account.String()
			}
			if (err == nil) != c.ok {
				t.Errorf("error %v", err)
			}
			for _, want := range c.want {
				if !strings.Contains(got, want) {
					t.Errorf("want %q in\n%s", want, got)
				}
			}
		})
	}
}

// Dates are times, and are shown as dates.
func TestRecordingsWithDates(t *testing.T) {
	var b strings.Builder
	b.WriteString("timestamp;x;class\n")
	for k := range 2 {
		for i := range 4 {
			fmt.Fprintf(&b, "2026-01-3%d 12:00:0%d.5;%d,5;a\n", k, i, i)
		}
	}
	path := filepath.Join(write(t, map[string][]byte{"d.csv": []byte(b.String())}), "d.csv")
	set, err := Open(path, Options{Windows: Windows{Length: 4}})
	if err != nil {
		t.Fatal(err)
	}
	names := []string{set.Sample(set.Train, 0), set.Sample(set.Test, 0)}
	slices.Sort(names)
	want := []string{"recording 1 at 2026-01-30T12:00:00.5Z", "recording 2 at 2026-01-31T12:00:00.5Z"}
	if !slices.Equal(names, want) {
		t.Errorf("windows %q, want %q", names, want)
	}
}

// folderOf writes files below a new folder.
func folderOf(t *testing.T, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, content := range files {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(content), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func TestFoldersOfRecordings(t *testing.T) {
	const head, rows = "time,x,z\n", "0,1,2\n1,3,4\n2,5,6\n3,7,8\n"
	const labelled = "time,x,z,label\n0,1,2,a\n1,3,4,a\n2,5,6,b\n3,7,8,b\n"
	w := Windows{Length: 2}
	for name, c := range map[string]struct {
		files   map[string]string
		opts    Options
		classes []string
		counts  Counts
		fault   string
	}{
		"classes": {map[string]string{"a/1.csv": head + rows, "a/2.csv": head + rows, "b/1.csv": head + rows,
			"b/2.csv": head + rows}, Options{}, []string{"a", "b"}, Counts{Train: 6, Test: 6}, ""},
		"labels": {map[string]string{"1.csv": labelled, "2.csv": labelled, "notes.txt": ""}, Options{},
			[]string{"a", "b"}, Counts{Train: 3, Test: 3}, ""},
		"splits": {map[string]string{"train/a/1.csv": head + rows, "train/b/2.csv": head + rows,
			"val/a/3.csv": head + rows, "test/b/4.csv": head + rows}, Options{}, []string{"a", "b"},
			Counts{Train: 6, Validation: 3, Test: 3}, ""},
		"another order": {map[string]string{"a/1.csv": head + rows, "a/2.csv": "z,x,time\n2,1,0\n4,3,1\n"}, Options{},
			[]string{"a"}, Counts{Train: 3, Test: 1}, ""},
		"no channel": {map[string]string{"a/1.csv": head + rows, "a/2.csv": "time,x\n0,1\n1,2\n"}, Options{}, nil,
			Counts{}, "2.csv: no column z, have time, x"},
		"no time": {map[string]string{"a/1.csv": head + rows, "a/2.csv": "x,z\n0,1\n1,2\n"}, Options{}, nil,
			Counts{}, `2.csv: no column "time" for the time, have x, z`},
		"one of each": {map[string]string{"a/1.csv": head + rows, "b/1.csv": head + rows}, Options{}, nil, Counts{},
			"no recording is left for testing, with 2 in all"},
		"both": {map[string]string{"a/1.csv": head + rows, "2.csv": labelled}, Options{}, nil, Counts{},
			"want one or the other"},
		"label of a folder": {map[string]string{"a/1.csv": head + rows}, Options{Label: "x"}, nil, Counts{},
			`folders name the classes: data.label "x" has no effect`},
		"fraction beside splits": {map[string]string{"train/a/1.csv": head + rows, "test/a/2.csv": head + rows},
			Options{Seed: 3}, nil, Counts{}, "TestFraction and Seed have no effect"},
	} {
		t.Run(name, func(t *testing.T) {
			c.opts.Windows = Windows{Length: w.Length, Hop: 1}
			set, err := Open(folderOf(t, c.files), c.opts)
			if c.fault != "" {
				if err == nil || !strings.Contains(err.Error(), c.fault) {
					t.Errorf("error %v, want %s", err, c.fault)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if !slices.Equal(set.Classes, c.classes) || set.Account.Samples != c.counts {
				t.Errorf("classes %q, samples %v, want %q, %v", set.Classes, set.Account.Samples, c.classes, c.counts)
			}
			for _, s := range []*Split{set.Train, set.Test} {
				if x := s.values(0, 4); x[1] != x[0]+1 || x[2] != x[0]+2 || x[3] != x[0]+3 {
					t.Errorf("window %v", x)
				}
			}
			if len(set.Files) != len(c.files)-set.Account.Passed[".txt"] {
				t.Errorf("%d files, want those of %v", len(set.Files), c.files)
			}
		})
	}
	if _, err := Open(folderOf(t, map[string]string{"a/1.csv": head + rows}), Options{}); err == nil ||
		!strings.Contains(err.Error(), "data.windows.length") {
		t.Errorf("error %v, want one that asks for a length", err)
	}
}

// New recordings are read as those of training: channels by their titles, one
// window after the other.
func TestRecordingsAreReadLikeTraining(t *testing.T) {
	const table = "label,time,x,z\na,0,1,2\na,1,3,4\na,2,5,6\nb,0,1,2\nb,1,3,4\nb,2,5,6\na,0,9,9\na,1,9,9\na,2,9,9\n" +
		"b,0,9,9\nb,1,9,9\nb,2,9,9\n"
	o := Options{Windows: Windows{Length: 2, Hop: 1}}
	set, err := Open(filepath.Join(folderOf(t, map[string]string{"t.csv": table}), "t.csv"), o)
	if err != nil {
		t.Fatal(err)
	}
	contract := like(set, o)
	dir := folderOf(t, map[string]string{
		"new.csv":   "z,x,note,time\n2,1,k,10\n4,3,k,11\n6,5,k,12\n",
		"few.csv":   "x,time\n1,2\n3,4\n",
		"short.csv": "x,z,time\n1,2,3\n", "own.csv": table,
	})
	in, err := ReadInputs(context.Background(), dir+"/new.csv", contract)
	if err != nil {
		t.Fatal(err)
	}
	s := in.Set.Test
	if !slices.Equal(s.Values, []float32{1, 2, 3, 4, 3, 4, 5, 6}) || !slices.Equal(s.Times, []string{"10", "11"}) ||
		in.Passed != `"note"` {
		t.Errorf("values %v at %q, passed over %s", s.Values, s.Times, in.Passed)
	}
	for file, want := range map[string]string{"few.csv": "no column z, have x, time",
		"short.csv": "no window: the longest stretch without a gap has 1 rows, want 2"} {
		if _, err := ReadInputs(context.Background(), dir+"/"+file, contract); err == nil ||
			!strings.Contains(err.Error(), want) {
			t.Errorf("%s: error %v, want %s", file, err, want)
		}
	}
	again, err := OpenLike(context.Background(), dir+"/own.csv", contract)
	if err != nil {
		t.Fatal(err)
	}
	if again.Train.Len() != 8 || again.Test.Len() != 8 || !slices.Equal(again.Classes, set.Classes) {
		t.Errorf("%d and %d windows of %q", again.Train.Len(), again.Test.Len(), again.Classes)
	}
}

// TestTitlesOfTime: a column of time is found by each of its usual titles and is no channel.
func TestTitlesOfTime(t *testing.T) {
	for _, title := range []string{"time", "Timestamp", "t", "ts", "TS", "DateTime", "date_time"} {
		text := rowsOf(title+",x,label\n", 200, func(i int) string {
			return fmt.Sprintf("%d,%d.5,%s", i+1000*(i/50), i%7, pet(i/50)) // a gap every 50 rows
		})
		s, err := openText(t, text, Options{Windows: Windows{Length: 10}})
		if err != nil {
			t.Errorf("%s: %v", title, err)
		} else if got := s.Account.Table; got.Time.Title != title || len(got.Columns) != 1 {
			t.Errorf("%s: time %v, columns %q", title, got.Time, got.Columns)
		}
	}
}
