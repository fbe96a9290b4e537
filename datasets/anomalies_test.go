package datasets

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
)

// TestAnomalies: whatever the data are, what is trained on is normal and gives mean and
// deviation; the test split keeps the samples that it has of both kinds.
func TestAnomalies(t *testing.T) {
	row := func(i int) (x float32, class string) {
		return float32(i), []string{"normal", "normal", "worn", "broken"}[i%4]
	}
	text := rowsOf("x,z,state\n", 80, func(i int) string {
		x, class := row(i)
		return fmt.Sprintf("%v,%d,%s", x, i%3, class)
	})
	var x []float32
	var y []int64
	for i := range 80 {
		x, y = append(x, float32(i), float32(i%3)), append(y, int64(i%4/2))
	}
	dir := write(t, map[string][]byte{"d.csv": []byte(text), "d.npz": npzFile(t, map[string][]byte{
		"x": npyFile("<f4", "(80, 2)", little(x)), "y": npyFile("<i8", "(80,)", little(y)),
	})})
	for name, c := range map[string]struct {
		path string
		opts Options
		odd  func(i int) bool
	}{
		"asked for": {"/d.csv", Options{Target: AnomalyTargets}, func(i int) bool { return i%4 > 1 }},
		"named":     {"/d.csv", Options{Normal: []string{"normal", "worn"}}, func(i int) bool { return i%4 == 3 }},
		"an array":  {"/d.npz", Options{Normal: []string{"0"}}, func(i int) bool { return i%4 > 1 }},
	} {
		t.Run(name, func(t *testing.T) {
			s, err := Open(dir+c.path, c.opts)
			if err != nil {
				t.Fatal(err)
			}
			if s.Target != AnomalyTargets || s.Classes != nil || !slices.Equal(s.Targets, []string{"anomalous"}) {
				t.Errorf("%v, classes %v, targets %v", s.Target, s.Classes, s.Targets)
			}
			sum, both := 0.0, [2]int{}
			for i := range s.Train.Len() {
				v := s.Train.values(i, 2)[0]
				if c.odd(int(v)) || s.TargetsOf(s.Train, i)[0] != 0 {
					t.Errorf("row %v is trained on", v)
				}
				sum += float64(v)
			}
			for i := range s.Test.Len() {
				odd := c.odd(int(s.Test.values(i, 2)[0]))
				if (s.TargetsOf(s.Test, i)[0] == 1) != odd {
					t.Errorf("row %v of the test split: anomalous %v, want %v", s.Test.values(i, 2)[0], !odd, odd)
				}
				both[map[bool]int{true: 1}[odd]]++
			}
			if both[0] == 0 || both[1] == 0 || s.Account.Anomalous != both[1] || s.Account.Samples.Test != both[0]+both[1] {
				t.Errorf("%v normal and anomalous samples, the account has %d of %v", both, s.Account.Anomalous,
					s.Account.Samples)
			}
			if want := float32(sum / float64(s.Train.Len())); s.Mean[0] != want {
				t.Errorf("mean %v, want that of normal samples, %v", s.Mean[0], want)
			}
			like := Contract{Shape: s.Shape, PixelScale: 1, Mean: s.Mean, Std: s.Std, Table: s.Account.Table}
			like.Options.Target, like.Options.Normal = AnomalyTargets, c.opts.Normal
			again, err := OpenLike(t.Context(), dir+c.path, like)
			if err != nil {
				t.Fatal(err)
			}
			if again.Test.Len() != 80 || again.Train.Len() != 80 || again.Target != AnomalyTargets {
				t.Errorf("%d samples to judge, %v", again.Test.Len(), again.Target)
			}
		})
	}
}

// TestAnomaliesRefused: without both kinds there is nothing to tell apart.
func TestAnomaliesRefused(t *testing.T) {
	dir := write(t, map[string][]byte{
		"d.csv": []byte(lastColumn("state", 40, "good", "bad")), "n.csv": []byte(lastColumn("y", 40, "0.5", "1.5")),
	})
	for name, c := range map[string]struct {
		path string
		opts Options
		says []string
	}{
		"no name":    {"/d.csv", Options{Target: AnomalyTargets}, []string{`"normal"`, "bad, good", "data.normal"}},
		"all normal": {"/d.csv", Options{Normal: []string{"bad", "good"}}, []string{"0 of 8 test samples"}},
		"numbers":    {"/n.csv", Options{Normal: []string{"0.5"}, Label: "x"}, []string{`"x"`}},
		"no classes": {"/d.csv", Options{Normal: []string{"1"}, Label: "none", Columns: []string{"a"}},
			[]string{"no classes"}},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := Open(dir+c.path, c.opts)
			wantError(t, err, c.says...)
		})
	}
}

// TestAnomaliesOfRecordings: windows of recordings are told apart, too, whether that is asked
// for or follows from the normal classes.
func TestAnomaliesOfRecordings(t *testing.T) {
	dir := write(t, map[string][]byte{"r.csv": []byte(momentsCSV(drawMoments(rand.New(rand.NewPCG(1, 2)), false), true))})
	for _, target := range []Target{AnyTarget, AnomalyTargets} {
		s, err := Open(dir+"/r.csv", Options{Target: target, Normal: []string{"still"}, Windows: Windows{Length: 4}})
		if err != nil {
			t.Fatal(err)
		}
		if s.Target != AnomalyTargets || s.Shape != [3]int{3, 1, 4} || s.Account.Anomalous == 0 {
			t.Errorf("%v, shape %v, %d anomalous samples", s.Target, s.Shape, s.Account.Anomalous)
		}
		for i := range s.Train.Len() {
			if recording := s.Train.values(i, 12)[0]; int(recording)%2 == 1 {
				t.Errorf("recording %v is trained on, which moves", recording)
			}
		}
	}
}
