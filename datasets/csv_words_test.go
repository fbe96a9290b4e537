package datasets

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

// wordsTable has a column of each kind: words, numbers, some of them missing, and a target.
const wordsTable = `city,rooms,age,kind,rent
Oslo,3,10,b,1250.5
Rome,2,,a,980.25
Oslo,4,30,c,1725.5
Bern,3,20,a,1120.75
Rome,1,NA,b,610.25
Oslo,2,60,c,800.5
`

// likeTable is the contract of a network that was trained on a set from a table.
func likeTable(s *Set) Contract {
	return Contract{Shape: s.Shape, PixelScale: 1, Mean: s.Mean, Std: s.Std, Table: s.Account.Table, Targets: s.Targets,
		Options: Options{Target: s.Target}}
}

func openText(t *testing.T, text string, opts Options) (*Set, error) {
	t.Helper()
	return Open(write(t, map[string][]byte{"d.csv": []byte(text)})+"/d.csv", opts)
}

// TestWordsBecomeFeatures: a feature for each word in the order of the words, wherever the
// column is, with the other columns as they are.
func TestWordsBecomeFeatures(t *testing.T) {
	s, err := openText(t, wordsTable, Options{Categories: []string{"city", "4"}, Missing: []string{"0"}})
	if err != nil {
		t.Fatal(err)
	}
	want := []string{"city=Bern", "city=Oslo", "city=Rome", "rooms", "age", "kind=a", "kind=b", "kind=c"}
	if !slices.Equal(s.Account.Table.Columns, want) || s.Shape != [3]int{8, 1, 1} || s.Target != NumberTargets {
		t.Fatalf("columns %q, shape %v, %v", s.Account.Table.Columns, s.Shape, s.Target)
	}
	rows := [][]float32{{0, 1, 0, 3, 10, 0, 1, 0}, {0, 0, 1, 2, 0, 1, 0, 0}, {0, 1, 0, 4, 30, 0, 0, 1},
		{1, 0, 0, 3, 20, 1, 0, 0}, {0, 0, 1, 1, 0, 0, 1, 0}, {0, 1, 0, 2, 60, 0, 0, 1}}
	if got := s.Train.Values; !slices.Equal(got, slices.Concat(rows...)) {
		t.Errorf("values %v", got)
	}
	said := s.Account.String()
	for _, want := range []string{"words       city: Bern, Oslo, Rome; other words are refused",
		"filled in   age by 0, in 2 rows\n"} {
		if !strings.Contains(said, want) {
			t.Errorf("the account does not say %q:\n%s", want, said)
		}
	}
}

// TestWordsLike: another table is read with the words of training, its columns in any
// order, with or without titles; other words are refused or none of them.
func TestWordsLike(t *testing.T) {
	const plain = "Oslo,3,10,b,1250.5\nRome,2,5,a,980.25\nBern,4,30,c,1725.5\nBern,4,30,c,1725.5\n"
	for name, c := range map[string]struct {
		trained, other, unseen string
		want                   []float32 // of its rows
		says                   string    // of the error
	}{
		"in another order": {wordsTable, "rent,kind,age,city,rooms\n1.5,c,7,Rome,5\n2.5,a,8,Oslo,6\n", "",
			[]float32{0, 0, 1, 5, 7, 0, 0, 1, 0, 1, 0, 6, 8, 1, 0, 0}, ""},
		"with another column": {wordsTable, "more,kind,age,city,rooms,rent\n9,c,7,Rome,5,1.5\n", "",
			[]float32{0, 0, 1, 5, 7, 0, 0, 1}, ""},
		"without titles": {plain, "Rome,5,7,c,1.5\n", "", []float32{0, 0, 1, 5, 7, 0, 0, 1}, ""},
		"a new word": {wordsTable, "city,rooms,age,kind,rent\nParis,5,7,c,1.5\n", "", nil,
			`line 2, column 1: "Paris", want one of the words of training: Bern, Oslo, Rome; data.unseen`},
		"a new word, none of them": {wordsTable, "city,rooms,age,kind,rent\nParis,5,7,c,1.5\n", "zero",
			[]float32{0, 0, 0, 5, 7, 0, 0, 1}, ""},
		"no word": {wordsTable, "city,rooms,age,kind,rent\n,5,7,c,1.5\n", "", nil, `"" is a missing value`},
		"no word, none of them": {wordsTable, "city,rooms,age,kind,rent\n?,5,7,c,1.5\n", "zero",
			[]float32{0, 0, 0, 5, 7, 0, 0, 1}, ""},
		"no column": {wordsTable, "rooms,age,kind,rent\n5,7,c,1.5\n", "", nil, "no column city, have rooms"},
		"a missing number, filled as in training": {wordsTable, "city,rooms,age,kind,rent\nRome,5,,c,1.5\n", "",
			[]float32{0, 0, 1, 5, 25, 0, 0, 1}, ""},
		"a missing number that had no rule": {wordsTable, "city,rooms,age,kind,rent\nRome,,7,c,1.5\n", "", nil,
			`line 2, column 6`},
	} {
		t.Run(name, func(t *testing.T) {
			opts := Options{Categories: []string{"1", "4"}, Unseen: c.unseen}
			opts.Missing = []string{"3=25"}
			s, err := openText(t, c.trained, opts)
			if err != nil {
				t.Fatal(err)
			}
			dir := write(t, map[string][]byte{"new.csv": []byte(c.other)})
			like, err := OpenLike(t.Context(), dir+"/new.csv", likeTable(s))
			if c.says != "" {
				wantError(t, err, c.says)
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if !slices.Equal(like.Train.Values, c.want) {
				t.Errorf("values %v, want %v", like.Train.Values, c.want)
			}
			in, err := ReadInputs(t.Context(), dir+"/new.csv", likeTable(s))
			if err != nil || !slices.Equal(in.Set.Train.Values, c.want) {
				t.Errorf("inputs differ: %v", err)
			}
		})
	}
}

// TestMissingIsFilled: with the mean or the median of the training split, not of the rows
// that are tested with; per column.
func TestMissingIsFilled(t *testing.T) {
	train := "a,b,y\n1,10,0.5\n2,,1.5\n,40,2.5\n9,20,3.5\n"
	dir := write(t, map[string][]byte{"train.csv": []byte(train), "test.csv": []byte("b,a,y\n1000,NA,0.5\n?,77,1.5\n")})
	for _, c := range []struct {
		missing     []string
		a, b        float32
		train, test int // rows filled
		says        string
	}{
		{[]string{"mean"}, 4, 70.0 / 3, 1, 1, ""},
		{[]string{"median"}, 2, 20, 1, 1, ""},
		{[]string{"-1.5"}, -1.5, -1.5, 1, 1, ""},
		{[]string{"median", "b=mean"}, 2, 70.0 / 3, 1, 1, ""},
		{[]string{"b=mean", "median"}, 2, 70.0 / 3, 1, 1, ""},
		{[]string{"a=mean", "2=7"}, 4, 7, 1, 1, ""},
		{[]string{"mean", "b=refuse"}, 0, 0, 0, 0, `line 3, column 3: "b": "" is a missing value`},
		{[]string{"a=mean"}, 0, 0, 0, 0, `data.missing: b=median`},
		{nil, 0, 0, 0, 0, `"b"`},
		{[]string{"y=mean"}, 0, 0, 0, 0, `"y" is not a feature`},
		{[]string{"c=mean"}, 0, 0, 0, 0, `no column "c"`},
		{[]string{"mode"}, 0, 0, 0, 0, `"mode", want mean, median, refuse or a number`},
		{[]string{"a=NaN"}, 0, 0, 0, 0, `want mean`},
	} {
		s, err := Open(dir+"/train.csv", Options{Missing: c.missing, Test: dir + "/test.csv"})
		if c.says != "" {
			wantError(t, err, c.says)
			continue
		}
		if err != nil {
			t.Errorf("%q: %v", c.missing, err)
			continue
		}
		want, test := []float32{1, 10, 2, c.b, c.a, 40, 9, 20}, []float32{c.a, 1000, 77, c.b}
		if !slices.Equal(s.Train.Values, want) || !slices.Equal(s.Test.Values, test) {
			t.Errorf("%q: %v and %v, want %v and %v", c.missing, s.Train.Values, s.Test.Values, want, test)
		}
		if fills := s.Account.Table.Fills; len(fills) != 2 || fills[0].Rows != 2 || fills[1].Value != c.b {
			t.Errorf("%q: recorded %+v", c.missing, fills)
		}
	}
	_, err := Open(dir+"/train.csv", Options{Missing: []string{"a=mean", "b=mean", "a=refuse"}, Test: dir + "/test.csv"})
	wantError(t, err, `"a"`, "missing value")
}

// TestFillingIsOfTheTrainingRows: of a table that is divided, too.
func TestFillingIsOfTheTrainingRows(t *testing.T) {
	text := rowsOf("a,y\n", 50, func(i int) string {
		if i%5 == 0 {
			return ",0.5"
		}
		return fmt.Sprintf("%d,1.5", i*i)
	})
	s, err := openText(t, text, Options{Missing: []string{"mean"}, Seed: 3})
	if err != nil {
		t.Fatal(err)
	}
	sum, n := 0.0, 0.0
	for _, i := range s.Train.Rows {
		if i%5 != 0 {
			sum, n = sum+float64(i*i), n+1
		}
	}
	if got := s.Account.Table.Fills[0]; got.Value != float32(sum/n) || got.Rows != 10 || n == 40 {
		t.Errorf("filled with %+v, want %v", got, sum/n)
	}
}

// TestWordsRefused: what cannot be meant says so.
func TestWordsRefused(t *testing.T) {
	many := rowsOf("name,x,y\n", 1200, func(i int) string { return fmt.Sprintf("n%d,%d,0.5", i, i%7) })
	for name, c := range map[string]struct {
		text string
		opts Options
		says []string
	}{
		"names of things": {many, Options{Categories: []string{"name"}}, []string{`"n1000"`, "1000 at most"}},
		"no such column": {wordsTable, Options{Categories: []string{"town"}},
			[]string{`data.categories: no column "town"`}},
		"the target": {wordsTable, Options{Categories: []string{"city", "kind", "rent"}, Label: "rent"},
			[]string{`data.categories: "rent" is what is predicted`}},
		"nothing unseen": {wordsTable, Options{Unseen: "zero"}, []string{"Unseen has no effect"}},
		"unseen, how":    {wordsTable, Options{Categories: []string{"city"}, Unseen: "skip"}, []string{`"skip"`, "zero"}},
		"words without a rule": {wordsTable, Options{Categories: []string{"city"}, Label: "rent"},
			[]string{"line 2, column 11", `"b"`, `data.categories: ["kind"]`}},
		"windows": {wordsTable, Options{Categories: []string{"city"}, Windows: Windows{Length: 2}}, []string{"windows"}},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := openText(t, c.text, c.opts)
			wantError(t, err, c.says...)
		})
	}
}
