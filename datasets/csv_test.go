package datasets

import (
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"testing"
)

func TestCSV(t *testing.T) {
	for name, c := range map[string]struct {
		csv     string
		opts    Options
		classes []string
		columns int
	}{
		"header with label": {"label,a,b\ncat,1,2\ndog,3,4\ncat,5,6\ndog,7,8\n", Options{},
			[]string{"cat", "dog"}, 2},
		"header, label chosen": {"a,species,b\n1,x,2\n3,y,4\n5,x,6\n7,y,8\n", Options{Label: "species"},
			[]string{"x", "y"}, 2},
		"no header, last column":   {"1,2,0\n3,4,1\n5,6,0\n7,8,1\n", Options{}, []string{"0", "1"}, 2},
		"no header, first column":  {"5,1,2\n9,3,4\n5,5,6\n9,7,8\n", Options{Label: "1"}, []string{"5", "9"}, 2},
		"from the end":             {"1,u,2\n3,v,4\n5,u,6\n7,v,8\n", Options{Label: "-2"}, []string{"u", "v"}, 2},
		"integers sort as such":    {"1,2,10\n3,4,9\n5,6,10\n7,8,9\n", Options{}, []string{"9", "10"}, 2},
		"integers written as real": {"1,2,1.0e+00\n3,4,0\n5,6,1\n7,8,0.0\n", Options{}, []string{"0", "1"}, 2},
		"a named separator":        {"sep=;\r\na;b;class\r\n1,0;2;p\r\n3;4;q\r\n5;6;p\r\n7;8;q\r\n", Options{}, []string{"p", "q"}, 2},
		"a named tab":              {"\ufeff\"sep=\t\"\na\tb\tclass\n1,0\t2\tp\n3\t4\tq\n5\t6\tp\n7\t8\tq\n", Options{}, []string{"p", "q"}, 2},
		"semicolons":               {"a;b;class\n1;2;p\n3;4;q\n5;6;p\n7;8;q\n", Options{}, []string{"p", "q"}, 2},
		"tabs, spaces": {" a\t b\ty \n 1\t2 \tp\n3\t4\tq\n5\t6\tp\n7\t8\tq\n", Options{},
			[]string{"p", "q"}, 2},
		"byte order mark": {"\ufefflabel,a,b\nc,1,2\nd,3,4\nc,5,6\nd,7,8\n", Options{}, []string{"c", "d"}, 2},
		"no labels":       {"a,b\n1,2\n3,4\n5,6\n7,8\n", Options{Label: "none"}, nil, 2},
	} {
		t.Run(name, func(t *testing.T) {
			for file, content := range map[string][]byte{"data.csv": []byte(c.csv),
				"data.csv.gz": zipped([]byte(c.csv))} {
				c.opts.TestFraction = 0.5
				set, err := Open(write(t, map[string][]byte{file: content})+"/"+file, c.opts)
				if err != nil {
					t.Fatal(err)
				}
				if set.Name != "data" || set.Shape != [3]int{c.columns, 1, 1} || !slices.Equal(set.Classes, c.classes) {
					t.Errorf("name %s, shape %v, classes %q, want %q", set.Name, set.Shape, set.Classes, c.classes)
				}
				checkPairs(t, set, c.csv)
			}
		})
	}
}

// checkPairs checks that the numbers 1 … 8 all occur once, in rows (1, 2), (3,
// 4) …, and that rows 1 and 3, and 2 and 4, have the same label, as in the
// tables above.
func checkPairs(t *testing.T, set *Set, csv string) {
	t.Helper()
	seen := map[float32]int32{}
	for _, s := range []*Split{set.Train, set.Test} {
		for i, label := range s.Labels {
			row := s.values(i, 2)
			if row[1] != row[0]+1 {
				t.Errorf("row %v", row)
			}
			seen[row[0]] = label
		}
	}
	labelled := set.Classes != nil
	if len(seen) != 4 || seen[1] != seen[5] || seen[3] != seen[7] || labelled && seen[1] == seen[3] {
		t.Errorf("labels by first column %v in\n%s", seen, csv)
	}
}

func TestCSVAsImages(t *testing.T) {
	csv := "0,1,2,3,4,5,a\n0,1,2,3,4,5,a\n"
	path := write(t, map[string][]byte{"d.csv": []byte(csv)}) + "/d.csv"
	for _, c := range []struct {
		first bool
		want  []float32
	}{{false, []float32{0, 1, 2, 3, 4, 5}}, {true, []float32{0, 3, 1, 4, 2, 5}}} {
		set, err := Open(path, Options{Shape: [3]int{2, 1, 3}, ChannelsFirst: c.first})
		if err != nil {
			t.Fatal(err)
		}
		if set.Shape != [3]int{2, 1, 3} || !slices.Equal(values(set.Train, 6), c.want) {
			t.Errorf("channels first %v: shape %v, values %v, want %v", c.first, set.Shape, values(set.Train, 6),
				c.want)
		}
	}
}

func TestCSVSecondFile(t *testing.T) {
	dir := write(t, map[string][]byte{"train.csv": []byte("a,y\n1,dog\n2,cat\n"), "test.csv": []byte("a,y\n3,dog\n")})
	set, err := Open(dir+"/train.csv", Options{Test: dir + "/test.csv"})
	if err != nil {
		t.Fatal(err)
	}
	if want := []string{"cat", "dog"}; !slices.Equal(set.Classes, want) {
		t.Errorf("classes %q, want %q", set.Classes, want)
	}
	if set.Train.Labels[0] != 1 || set.Test.Labels[0] != 1 || set.Test.Values[0] != 3 {
		t.Errorf("train %+v, test %+v", set.Train, set.Test)
	}
}

func TestCSVFaults(t *testing.T) {
	for name, c := range map[string]struct {
		csv  string
		opts Options
		want []string
	}{
		"empty":        {"", Options{}, []string{"no rows"}},
		"header alone": {"a,b,y\n", Options{}, []string{"no rows"}},
		"one column":   {"y\n1\n", Options{}, []string{"one column"}},
		"a word":       {"1,2,x\n3,oops,y\n", Options{}, []string{"line 2, column 3", `"oops"`}},
		"nothing":      {"1,2,x\n3,,y\n", Options{}, []string{"line 2, column 3", `""`}},
		"not a number": {"1,2,x\n3,NaN,y\n", Options{}, []string{"line 2, column 3", "finite"}},
		"infinity":     {"1,2,x\n3,1e300,y\n", Options{}, []string{"line 2, column 3", "finite"}},
		"endless line": {strings.Repeat("1,", 5<<19), Options{}, []string{"a line of more than 4194304 bytes"}},
		"ragged":       {"1,2,x\n3,y\n", Options{}, []string{"line 2", "fields"}},
		"quote":        {"1,2,x\n3,\"4,y\n", Options{}, []string{"line", "quote"}},
		"no label":     {"1,2,x\n1,2,\n", Options{}, []string{"line 2, column 5", "no label"}},
		"label not UTF-8": {"1,2,x\n1,2,\xc2\xc2\n", Options{},
			[]string{"line 2, column 5", `"\xc2\xc2"`, "UTF-8"}},
		"unknown column":       {"a,b\n1,2\n", Options{Label: "kind"}, []string{`"kind"`, "a, b"}},
		"column out of range":  {"1,2\n", Options{Label: "3"}, []string{"column 3", "1..2"}},
		"column zero":          {"1,2\n", Options{Label: "0"}, []string{"column 0", "1..2"}},
		"one row":              {"1,2,x\n", Options{}, []string{"no test images"}},
		"shape that disagrees": {"1,2,x\n1,2,x\n", Options{Shape: [3]int{1, 3, 1}}, []string{"2 columns", "[1 3 1]"}},
		"channels of a table":  {"1,2,x\n1,2,x\n", Options{ChannelsFirst: true}, []string{"ChannelsFirst"}},
		"size of a table":      {"1,2,x\n1,2,x\n", Options{Size: [2]int{1, 1}}, []string{"without effect", "Size"}},
		"bad fraction":         {"1,2,x\n1,2,x\n", Options{TestFraction: 1}, []string{"test fraction 1"}},
		"two ways to test": {"1,2,x\n1,2,x\n", Options{TestFraction: 0.5, Test: "t.csv"},
			[]string{"t.csv", "exclude"}},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := Open(write(t, map[string][]byte{"d.csv": []byte(c.csv)})+"/d.csv", c.opts)
			wantError(t, err, c.want...)
			if err != nil && !strings.HasPrefix(err.Error(), "datasets: ") {
				t.Errorf("error %q does not name the package", err)
			}
		})
	}
}

// A second table's columns are found by their titles.
func TestCSVSecondFileInAnotherOrder(t *testing.T) {
	dir := write(t, map[string][]byte{"a.csv": []byte("p,q,y\n1,2,x\n3,4,z\n"), "b.csv": []byte("y,q,p\nz,6,5\n"),
		"more.csv": []byte("q,note,p,y\n6,hi,5,z\n"), "less.csv": []byte("p,y\n1,x\n"),
		"unlabelled.csv": []byte("p,q\n1,2\n")})
	for name, warning := range map[string]string{"b.csv": "", "more.csv": "more.csv: \"note\" (not in training)"} {
		set, err := Open(dir+"/a.csv", Options{Test: dir + "/" + name})
		if err != nil {
			t.Fatal(err)
		}
		if got := values(set.Test, 2); !slices.Equal(got, []float32{5, 6}) || set.Test.Labels[0] != 1 {
			t.Errorf("%s: row %v, label %d; want 5, 6 of z", name, got, set.Test.Labels[0])
		}
		said := set.Account.String()
		if strings.Contains(said, "left out") != (warning != "") || !strings.Contains(said, warning) {
			t.Errorf("%s\nwant a warning %q", said, warning)
		}
	}
	_, err := Open(dir+"/a.csv", Options{Test: dir + "/less.csv"})
	wantError(t, err, "less.csv: no column q, have p, y")
	_, err = Open(dir+"/a.csv", Options{Test: dir + "/unlabelled.csv"})
	wantError(t, err, `unlabelled.csv: no column "y" for the label, have p, q`)
}

func BenchmarkOpenCSV(b *testing.B) {
	r := rand.New(rand.NewPCG(1, 0))
	text := make([]byte, 0, 1<<23)
	for range 1 << 14 {
		for range 64 {
			text = strconv.AppendFloat(text, float64(r.IntN(1e6))/1e5, 'g', -1, 64)
			text = append(text, ',')
		}
		text = strconv.AppendInt(text, r.Int64N(10), 10)
		text = append(text, '\n')
	}
	path := write(b, map[string][]byte{"d.csv": text}) + "/d.csv"
	b.SetBytes(int64(len(text)))
	for b.Loop() {
		if _, err := Open(path, Options{}); err != nil {
			b.Fatal(err)
		}
	}
}
