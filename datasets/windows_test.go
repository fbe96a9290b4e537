package datasets

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// moment is a row of a recording: which one, its place in it, its time and label.
type moment struct {
	recording, place int
	time             float64
	label            string
}

// draw makes recordings of one label each, some with a gap.
func drawMoments(r *rand.Rand, gaps bool) (all []moment) {
	for k := range 8 {
		at := 0.0
		for i := range 20 + r.IntN(20) {
			if at += 0.5; gaps && i == 10 {
				at += 30
			}
			all = append(all, moment{k, i, at, []string{"still", "moving"}[k%2]})
		}
	}
	return all
}

func momentsCSV(all []moment, ids bool) string {
	var b strings.Builder
	fmt.Fprint(&b, "label,time,x,y,z")
	if ids {
		fmt.Fprint(&b, ",recording")
	}
	for _, m := range all {
		fmt.Fprintf(&b, "\n%s,%g,%d,%d,%g", m.label, m.time, m.recording, m.place, m.time)
		if ids {
			fmt.Fprintf(&b, ",%d.5", m.recording)
		}
	}
	return b.String()
}

// Windows are rows that follow each other in one recording; both splits have
// recordings of their own, and every window that fits is there.
func TestWindowsLieWithinARecording(t *testing.T) {
	for _, length := range []int{1, 2, 5, 12} {
		for _, hop := range []int{0, 1, 3, 13} {
			for _, ids := range []bool{false, true} {
				for _, gaps := range []bool{false, true} {
					name := fmt.Sprintf("%d every %d, ids %v, gaps %v", length, hop, ids, gaps)
					t.Run(name, func(t *testing.T) {
						r := rand.New(rand.NewPCG(uint64(length), uint64(hop)))
						all := drawMoments(r, gaps)
						w := Windows{Length: length, Hop: hop}
						set := openMoments(t, all, ids, w)
						checkWindows(t, set, all, ids, w)
						if !ids {
							return
						}
						r.Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
						shuffled := openMoments(t, all, ids, w)
						checkWindows(t, shuffled, all, ids, w)
						if shuffled.Account.Recordings.Sorted != 8 {
							t.Errorf("%d recordings sorted, want 8", shuffled.Account.Recordings.Sorted)
						}
					})
				}
			}
		}
	}
}

func openMoments(t *testing.T, all []moment, ids bool, w Windows) *Set {
	t.Helper()
	path := filepath.Join(write(t, map[string][]byte{"m.csv": []byte(momentsCSV(all, ids))}), "m.csv")
	set, err := Open(path, Options{Windows: w})
	if err != nil {
		t.Fatal(err)
	}
	return set
}

func checkWindows(t *testing.T, set *Set, all []moment, ids bool, w Windows) {
	t.Helper()
	if set.Shape != [3]int{3, 1, w.Length} || !slices.Equal(set.Classes, []string{"moving", "still"}) {
		t.Fatalf("shape %v, classes %q", set.Shape, set.Classes)
	}
	hop := max(1, w.Length/2)
	if w.Hop > 0 {
		hop = w.Hop
	}
	rows := make([]int, 8)
	for _, m := range all {
		rows[m.recording]++
	}
	gaps := slices.ContainsFunc(all, func(m moment) bool { return m.time > 25 })
	want := 0
	for _, n := range rows {
		parts := []int{n}
		if gaps {
			parts = []int{10, n - 10}
		}
		for _, n := range parts {
			if n >= w.Length {
				want += (n-w.Length)/hop + 1
			}
		}
	}
	type part struct {
		recording float32
		later     bool // after a gap, which begins another recording if they have no ids
	}
	got, in := 0, map[part]*Split{}
	for _, s := range []*Split{set.Train, set.Test} {
		got += s.Len()
		for i, label := range s.Labels {
			x := s.values(i, 3*w.Length)
			recording, place, time := x[0], x[1], x[2]
			of := part{recording, !ids && gaps && place >= 10}
			if other := in[of]; other != nil && other != s {
				t.Fatalf("recording %v is in both splits", of)
			}
			in[of] = s
			if label != 1-int32(recording)%2 {
				t.Errorf("recording %v has label %d", recording, label)
			}
			if want := fmt.Sprintf(" at %g", time); !strings.HasSuffix(set.Sample(s, i), want) {
				t.Errorf("%q, want%s", set.Sample(s, i), want)
			}
			for k := 0; k < w.Length; k++ {
				row := x[3*k:]
				if row[0] != recording || row[1] != place+float32(k) || row[2] != time+float32(k)/2 {
					t.Fatalf("row %d of the window at %v of recording %v is %v", k, time, recording, row[:3])
				}
			}
		}
	}
	if got != want {
		t.Errorf("%d windows, want %d", got, want)
	}
}

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

// What is held out of recordings is whole ones, at least as much as wanted.
func TestDrawKeepsRecordingsWhole(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for range 200 {
		s := &Split{}
		for g := range 1 + r.IntN(6) {
			for range 1 + r.IntN(9) {
				s.Groups, s.Labels = append(s.Groups, int32(g)), append(s.Labels, 0)
			}
		}
		n := 1 + r.IntN(s.Len())
		chosen, got := s.Draw(n, r), 0
		side := map[int32]bool{}
		for i, g := range s.Groups {
			if before, ok := side[g]; ok && before != chosen[i] {
				t.Fatalf("recording %d is on both sides: %v of %v", g, chosen, s.Groups)
			}
			side[g] = chosen[i]
			if chosen[i] {
				got++
			}
		}
		kept := 0
		for _, out := range side {
			if !out {
				kept++
			}
		}
		if kept == 0 || got < n && kept > 1 {
			t.Fatalf("%d drawn, want %d, %d recordings kept, of %v", got, n, kept, s.Groups)
		}
	}
}

func FuzzWindows(f *testing.F) {
	f.Add("time,x,label\n0,1,a\n1,2,a\n5,,b\n", 2, 1, "", uint8(ClassTarget), "")
	f.Add("1,2,0\n3,4,1\n", 1, 0, "1", uint8(NumberTargets), "2")
	f.Add("recording,t,x,a,b\n1,2026-01-31,2,0,1\n", 1, 3, "", uint8(LabelTargets), "4..5")
	f.Add("session,x,label\n1,2,c\n1,3,\n2,4,d\n2,5,c\n", 2, 1, "", uint8(PixelTargets), "")
	f.Fuzz(func(t *testing.T, text string, length, hop int, column string, target uint8, predicted string) {
		o := Options{Windows: Windows{Length: length, Hop: hop, Time: column, Missing: "cut"},
			Target: Target(target % uint8(AnomalyTargets))}
		if predicted != "" && o.Target != ClassTarget {
			o.Targets = []string{predicted}
		}
		if len(text) > 1<<12 || o.validate() != nil {
			return
		}
		set, err := Open(filepath.Join(write(t, map[string][]byte{"f.csv": []byte(text)}), "f.csv"), o)
		if err != nil {
			if !strings.HasPrefix(err.Error(), "datasets: ") {
				t.Errorf("error %q does not name the file", err)
			}
			return
		}
		for _, s := range []*Split{set.Train, set.Test} {
			if places := len(s.Values) / set.size(); len(s.Names) != places || len(s.Times) != places || len(s.Groups) != places {
				t.Errorf("%d windows, %d names, %d times, %d recordings", places, len(s.Names), len(s.Times), len(s.Groups))
			}
		}
	})
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
