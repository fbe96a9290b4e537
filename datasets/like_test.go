package datasets

import (
	"context"
	"fmt"
	"image/color"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// like is the contract of a network that was trained on a set.
func like(set *Set, o Options) Contract {
	return Contract{Shape: set.Shape, PixelScale: set.PixelScale, Mean: set.Mean, Std: set.Std,
		Table: set.Account.Table, Options: o}
}

// A table's columns are those of training by their titles, in whatever order and
// among whatever others, or without titles by their numbers; all rows are read.
func TestTablesAreReadLikeTraining(t *testing.T) {
	titled := rowsOf("a,b,kind\n", 10, plain)
	untitled := rowsOf("", 10, plain)
	numbers := rowsOf("0,1,kind\n", 10, plain)
	index := rowsOf(",a,b,kind\n", 10, func(i int) string { return fmt.Sprintf("%d,%s", i, plain(i)) })
	gap := rowsOf(",a,kind\n", 10, plain)
	for name, c := range map[string]struct {
		trained string
		o       Options
		other   string
		want    string // of the error; "": rows 1.5, 2.25 of cat and 7.5, 0.25 of dog
	}{
		"the same":            {titled, Options{}, "a,b,kind\n1.5,2.25,cat\n7.5,0.25,dog\n", ""},
		"another order":       {titled, Options{}, "kind;b;a\ncat;2,25;1,5\ndog;0,25;7,5\n", ""},
		"other columns":       {titled, Options{}, "id,b,kind,note,a\nP1,2.25,cat,x,1.5\nP2,0.25,dog,y,7.5\n", ""},
		"two columns of text": {titled, Options{}, "a,b,kind,name\n1.5,2.25,cat,Tom\n7.5,0.25,dog,Rex\n", ""},
		"with an index":       {titled, Options{}, ",a,b,kind\n0,1.5,2.25,cat\n1,7.5,0.25,dog\n", ""},
		"without the index":   {index, Options{}, "b,a,kind\n2.25,1.5,cat\n0.25,7.5,dog\n", ""},
		"no titles at all":    {untitled, Options{}, "1.5,2.25,cat\n7.5,0.25,dog\n", ""},
		"titles now":          {untitled, Options{}, "a,b,kind\n1.5,2.25,cat\n7.5,0.25,dog\n", ""},
		"no titles now":       {titled, Options{}, "1.5,2.25,cat\n7.5,0.25,dog\n", ""},
		"numbers as titles":   {numbers, Options{Header: HeaderTrue}, "1,0,kind\n2.25,1.5,cat\n0.25,7.5,dog\n", ""},
		"numbers alone": {rowsOf("0,1,2\n", 10, plain), Options{Header: HeaderTrue},
			"2,1,0\ncat,2.25,1.5\ndog,0.25,7.5\n", ""},
		"the label's title twice": {titled, Options{}, "kind,a,b,kind\ndog,1.5,2.25,cat\ncat,7.5,0.25,dog\n",
			`columns 1 and 4 both have the title "kind": rename one`},
		"values like titles": {rowsOf("2.25,1,kind\n", 10, plain), Options{Header: HeaderTrue},
			"1.5,2.25,cat\n7.5,0.25,dog\n", ""},
		"a title twice": {titled, Options{}, "a,b,a,kind\n1.5,2.25,3,cat\n7.5,0.25,4,dog\n",
			`columns 1 and 3 both have the title "a": rename one`},
		"a title twice, of no use": {titled, Options{}, "a,note,b,note,kind\n1.5,1,2.25,3,cat\n7.5,1,0.25,4,dog\n", ""},
		"a column untitled":        {gap, Options{}, ",a,kind\n1.5,2.25,cat\n7.5,0.25,dog\n", ""},
		"the label in the place of a column untitled": {gap, Options{}, "kind,a,\ncat,1.5,2.25\n",
			"no column column 1, have kind, a"},
		"a column less": {titled, Options{}, "a,kind\n1.5,cat\n",
			"no column b, have a, kind"},
		"no label": {titled, Options{}, "a,b,sort\n1.5,2.25,cat\n",
			`no column "kind" for the label, have a, b, sort`},
		"a column more": {untitled, Options{}, "1.5,2.25,3,cat\n",
			"4 columns without titles, want the 3 of training"},
		"a word": {titled, Options{}, "a,b,kind\nred,2.25,cat\n",
			`line 2, column 1: "red", want a finite number`},
		"a label chosen": {titled, Options{Label: "3", Columns: []string{"a", "b"}, Test: "x", Seed: 1},
			"kind,a,b\ncat,1.5,2.25\ndog,7.5,0.25\n", ""},
	} {
		t.Run(name, func(t *testing.T) {
			dir := write(t, map[string][]byte{"train.csv": []byte(c.trained), "other.csv": []byte(c.other)})
			trained, err := Open(dir+"/train.csv", Options{Label: c.o.Label, Columns: c.o.Columns, Header: c.o.Header})
			if err != nil {
				t.Fatal(err)
			}
			set, err := OpenLike(context.Background(), dir+"/other.csv", like(trained, c.o))
			if c.want != "" {
				wantError(t, err, "other.csv: "+c.want)
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if got := values(set.Test, 2); !slices.Equal(got, []float32{1.5, 2.25, 7.5, 0.25}) ||
				!slices.Equal(set.Classes, []string{"cat", "dog"}) || !slices.Equal(set.Test.Labels, []int32{0, 1}) {
				t.Errorf("rows %v of %v %q", got, set.Test.Labels, set.Classes)
			}
		})
	}
}

// Where training had no titles, the first row is a sample, whatever its label
// looks like above the next one.
func TestFirstRowIsReadLikeTraining(t *testing.T) {
	for _, c := range []struct {
		labels [2]string
		other  string
		rows   int
	}{{[2]string{"cat", "dog"}, "dog,1.5\n", 1}, {[2]string{"cat", "7"}, "cat,1.5\n7,2.5\n", 2}} {
		row := func(i int) string { return fmt.Sprintf("%s,%d.5", c.labels[i%2], i) }
		dir := write(t, map[string][]byte{"train.csv": []byte(rowsOf("", 10, row)), "other.csv": []byte(c.other)})
		trained, err := Open(dir+"/train.csv", Options{Label: "1"})
		if err != nil {
			t.Fatal(err)
		}
		set, err := OpenLike(context.Background(), dir+"/other.csv", like(trained, Options{}))
		if err != nil || set.Test.Len() != c.rows || set.Test.Values[0] != 1.5 {
			t.Errorf("%q: %+v, %v", c.other, set, err)
		}
	}
}

// The same of words among the features, above ones that are missing, with the label and without.
func TestFirstRowOfWordsIsReadLikeTraining(t *testing.T) {
	for _, header := range []Header{HeaderAuto, HeaderFalse} {
		o := Options{Header: header, Categories: []string{"1"}, Unseen: "zero", Missing: []string{"1.5"}}
		dir := write(t, map[string][]byte{"train.csv": []byte(rowsOf("", 20, func(i int) string {
			return fmt.Sprintf("%s,%d.5,%s", []string{"red", "blue"}[i/2%2], i, pet(i))
		}))})
		trained, err := Open(dir+"/train.csv", o)
		if err != nil {
			t.Fatal(err)
		}
		red, none := []float32{0, 1, 1.5}, []float32{0, 0, 1.5}
		for text, want := range map[string][]float32{
			"red,1.5,cat\n?,1.5,dog\n":                   slices.Concat(red, none),
			"red,1.5\n?,1.5\n":                           slices.Concat(red, none),
			"?,1.5\nred,1.5\n":                           slices.Concat(none, red),
			"red,?\n?,1.5\n":                             slices.Concat(red, none),
			"green,1.5\n?,1.5\n":                         slices.Concat(none, none),
			"red;1,5\n?;1,5\n":                           slices.Concat(red, none),
			"colour,size,kind\nred,1.5,cat\n?,1.5,dog\n": slices.Concat(red, none),
		} {
			dir := write(t, map[string][]byte{"other.csv": []byte(text)})
			in, err := ReadInputs(context.Background(), dir+"/other.csv", like(trained, o))
			if err != nil || !slices.Equal(in.Set.Test.Values, want) {
				t.Errorf("%v %q: %+v, %v, want %v", header, text, in, err, want)
			}
		}
	}
}

// Labels that would be quantities to learn are labels to test with.
func TestLabelsAreReadLikeTraining(t *testing.T) {
	row := func(i int) string { return fmt.Sprintf("%d.5,%d", i, 100*(i%30)) }
	dir := write(t, map[string][]byte{
		"train.csv": []byte(rowsOf("a,label\n", 300, row)), "other.csv": []byte(rowsOf("a,label\n", 25, row)),
	})
	trained, err := Open(dir+"/train.csv", Options{})
	if err != nil {
		t.Fatal(err)
	}
	set, err := OpenLike(context.Background(), dir+"/other.csv", like(trained, Options{}))
	if err != nil || len(set.Classes) != 25 {
		t.Errorf("%v, %v", set, err)
	}
}

// Pictures become like those of training: grey ones are colours for a network
// that learned those, and of another size are scaled if training scaled its own.
func TestPicturesAreReadLikeTraining(t *testing.T) {
	dir := t.TempDir()
	drawPicture(t, filepath.Join(dir, "a", "1.png"), 4, 6, color.Gray{51})
	drawPicture(t, filepath.Join(dir, "b", "1.png"), 8, 12, color.Gray{204})
	c := pictureContract(3)
	_, err := OpenLike(context.Background(), dir, c)
	wantError(t, err, "b/1.png: 8×12 pixels; the model wants 4×6, and its training pictures were not scaled")
	c.Options = Options{Size: [2]int{4, 6}, Seed: 3, Test: "none"}
	set, err := OpenLike(context.Background(), dir, c)
	if err != nil {
		t.Fatal(err)
	}
	if set.Shape != c.Shape || set.Test.Len() != 2 || set.Train != set.Test || set.Test.pixels(1, 72)[0] != 204 {
		t.Errorf("shape %v, %d pictures", set.Shape, set.Test.Len())
	}
}

// Columns are found again whatever is in their titles: what a message escapes or puts in
// quotes, too.
func TestTitlesOfAllKinds(t *testing.T) {
	titles := []string{`5" screen`, `"q"`, `back\slash`, "tab\there", "two\nlines", "Größe\u00a0(m)", "\u200dzero width",
		"قطر", "🐶👩‍🚀", "\ufeffmark", "'single'", "%d", "column 7", "a=b", "!no", "1..2", "-1", `\n`, `\"`, "\x7f"}
	var header []string
	for _, title := range titles {
		header = append(header, `"`+strings.ReplaceAll(title, `"`, `""`)+`"`)
	}
	table := func(n int, back bool) []byte {
		var b strings.Builder
		for i := -1; i < n; i++ {
			row := []string{"label"}
			if i >= 0 {
				row[0] = pet(i)
			}
			for k := range titles {
				if i < 0 {
					row = append(row, header[k])
				} else {
					row = append(row, fmt.Sprintf("%d.%d", 10*i, k))
				}
			}
			if back {
				slices.Reverse(row)
			}
			b.WriteString(strings.Join(row, ",") + "\n")
		}
		return []byte(b.String())
	}
	dir := write(t, map[string][]byte{"train.csv": table(10, false), "other.csv": table(4, true)})
	set, err := Open(dir+"/train.csv", Options{Test: dir + "/other.csv"})
	if err != nil {
		t.Fatal(err)
	}
	if got := set.Account.Table.Columns; !slices.Equal(got, titles) {
		t.Errorf("columns %q, want %q", got, titles)
	}
	other, err := OpenLike(context.Background(), dir+"/other.csv", like(set, Options{}))
	if err != nil {
		t.Fatal(err)
	}
	want := set.Train.Values[:4*len(titles)]
	if !slices.Equal(set.Test.Values, want) || !slices.Equal(other.Test.Values, want) {
		t.Errorf("values %v and %v, want %v", set.Test.Values, other.Test.Values, want)
	}
}
