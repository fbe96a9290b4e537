package datasets

import (
	"fmt"
	"math/rand/v2"
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
