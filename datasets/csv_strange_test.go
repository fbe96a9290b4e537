package datasets

import (
	"encoding/csv"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"testing"
	"unicode/utf16"
)

// rowsOf is a table of n rows, each made of its number.
func rowsOf(header string, n int, row func(i int) string) string {
	var b strings.Builder
	b.WriteString(header)
	for i := range n {
		b.WriteString(row(i) + "\n")
	}
	return b.String()
}

// wide encodes text as UTF-16 with a byte order mark.
func wide(text string, low, high int) string {
	b := make([]byte, 0, 2*len(text)+2)
	for _, u := range append([]uint16{0xfeff}, utf16.Encode([]rune(text))...) {
		two := [2]byte{}
		two[low], two[high] = byte(u), byte(u>>8)
		b = append(b, two[:]...)
	}
	return string(b)
}

// strangeTable is a table of somebody else's, which a reader in a hurry
// misunderstands, and what is said of it.
type strangeTable struct {
	csv     string
	opts    Options
	columns int
	want    []string // parts of the account
	silent  bool     // no warnings
}

func (c strangeTable) check(t *testing.T) {
	set, err := Open(write(t, map[string][]byte{"d.csv": []byte(c.csv)})+"/d.csv", c.opts)
	if err != nil {
		t.Fatal(err)
	}
	said := set.Account.String()
	for _, part := range c.want {
		if !strings.Contains(said, part) {
			t.Errorf("the account does not say %q", part)
		}
	}
	if set.Shape[0] != c.columns || c.silent != (set.Account.Warnings == nil) {
		t.Errorf("%d columns, want %d; warnings %q", set.Shape[0], c.columns, set.Account.Warnings)
	}
	if t.Failed() {
		t.Log(said)
	}
}

// Row i of most of these tables is plain(i), with a pet as label.
const pets = "2 with 4 + 1 samples each: cat, dog"

func pet(i int) string { return []string{"cat", "dog"}[i%2] }

func plain(i int) string { return fmt.Sprintf("%d.5,%d.25,%s", i/2, i%3, pet(i)) }

// Whether the first row is a header, and which column is the label.
func TestStrangeHeaders(t *testing.T) {
	for name, c := range map[string]strangeTable{
		"no header, numbers as labels": {rowsOf("", 10, func(i int) string {
			return fmt.Sprintf("%d.5,%d.25,%d", i/2, i%3, i%2)
		}), Options{}, 2, []string{"header      none: row 1 holds data",
			"label       column 3: the last column", "warning     no header and no data.label: column 3"}, false},
		"no header, label said": {rowsOf("", 10, func(i int) string {
			return fmt.Sprintf("%d,%d.5,%d.25", i%2, i/2, i%3)
		}), Options{Label: "1"}, 2, []string{"column 1: data.label", "2 with 4 + 1 samples each: 0, 1"}, true},
		"no header, words and numbers as labels": {rowsOf("", 10, func(i int) string {
			return fmt.Sprintf("%s,%d.5,%d.25", []string{"x", "7"}[i%2], i/2, i%3)
		}), Options{Label: "1"}, 2, []string{"header      none", "2 with 4 + 1 samples each: 7, x"}, true},
		"no header, text first": {rowsOf("", 10, func(i int) string {
			return fmt.Sprintf("%s,%d.5,%d.25", pet(i), i/2, i%3)
		}), Options{Label: "1"}, 2, []string{"header      none", "columns     2: columns 2 to 3", pets}, true},
		"a header whose label is the only text": {rowsOf("sepal,species,petal\n", 10, func(i int) string {
			return fmt.Sprintf("%d.5,%s,%d.25", i/2, pet(i), i%3)
		}), Options{}, 2, []string{`header      row 1: "sepal" is not a number`,
			`label       column 2, "species": its title says so`, pets}, true},
		"a header without a hint of the label": {rowsOf("p,q,r\n", 10, func(i int) string {
			return fmt.Sprintf("%d.5,%d.25,%d", i/2, i%3, i%2)
		}), Options{}, 2, []string{`column 3, "r": the last column`, `warning     no title says label`}, false},
		"a row whose label is y": {rowsOf("", 10, func(i int) string {
			return fmt.Sprintf("%d.5,%d.25,%s", i/2, i%3, []string{"y", "n"}[i%2])
		}), Options{}, 2, []string{"header      none", "each: n, y"}, true},
		"titles that count up": {rowsOf("0,1,2\n", 10, func(i int) string {
			return fmt.Sprintf("%d.5,%d.25,%d", i/2, i%3, i%2)
		}), Options{}, 2,
			[]string{"warning     row 1 counts up: 0, 1, 2; if these are titles, set data.header to true"},
			false},
		"titles that count up, said": {rowsOf("0,1,2\n", 10, func(i int) string {
			return fmt.Sprintf("%d.5,%d.25,%d", i/2, i%3, i%2)
		}), Options{Header: HeaderTrue, Label: "-1"}, 2, []string{"header      row 1: data.header",
			"columns     2: 0, 1", "2 with 4 + 1 samples each: 0, 1"}, true},
		"numbers and the title label": {rowsOf("0,1,label\n", 10, plain), Options{}, 2,
			[]string{"columns     2: 0, 1", pets}, true},
		"a misprint in the first row": {"oops,3.5,2.25,cat\n" + rowsOf("", 9, func(i int) string {
			return fmt.Sprintf("%d.5,%s", i%4, plain(i))
		}), Options{}, 3, []string{`header      row 1: "oops" is not a number`,
			`warning     row 1 is taken as titles, but "3.5" is a number; data.header: false reads it as data`},
			false},
		"numbers as titles": {rowsOf("kind,1,2,3\n", 10, func(i int) string {
			return fmt.Sprintf("%s,%d.5,%d.25,%d.75", pet(i), i/2, i%3, i%5)
		}), Options{Header: HeaderTrue, Label: "kind"}, 3, []string{"columns     3: 1, 2, 3", pets}, true},
		"numbers as titles, unsaid": {rowsOf("kind,1,2,3\n", 10, func(i int) string {
			return fmt.Sprintf("%s,%d.5,%d.25,%d.75", pet(i), i/2, i%3, i%5)
		}), Options{Label: "1"}, 3, []string{"warning     row 1 counts up: 1, 2, 3; if these are titles"}, false},
		"words above words": {rowsOf("colour,shape,kind\n", 20, func(i int) string {
			return fmt.Sprintf("%s,%s,%s", []string{"red", "blue"}[i/2%2], []string{"round", "flat"}[i/4%2], pet(i))
		}), Options{Categories: []string{"1", "2"}}, 4, []string{`header      row 1: "colour" and the others occur in no`,
			"colour=blue, colour=red", "2 with 8 + 2 samples each: cat, dog"}, true},
		"words that occur again": {rowsOf("", 20, func(i int) string {
			return fmt.Sprintf("%s,%s,%s", []string{"red", "blue"}[i/2%2], []string{"round", "flat"}[i/4%2], pet(i))
		}), Options{Categories: []string{"1", "2"}}, 4, []string{"header      none", "2 with 8 + 2 samples each: cat, dog"}, true},
		"words of which each is its own": {rowsOf("", 20, func(i int) string {
			return fmt.Sprintf("word%d,%s,%s", i, []string{"round", "flat"}[i/4%2], pet(i))
		}), Options{Categories: []string{"1", "2"}, Unseen: "zero"}, 22, []string{"header      none"}, true},
		"words of which each is its own, and a class": {rowsOf("w,v,fox\n", 19, func(i int) string {
			return fmt.Sprintf("w%d,v%d,%s", i, i, pet(i))
		}), Options{Categories: []string{"1", "2"}, Unseen: "zero"}, 40, []string{"header      none", "fox (1 + 0)"}, false},
		"words that are no header": {rowsOf("label,1.5,cat\n", 9, plain),
			Options{Header: HeaderFalse, Columns: []string{"2"}}, 1, []string{"none: data.header", "column 3 is taken as the label"},
			false},
	} {
		t.Run(name, c.check)
	}
}

// Which columns are features.
func TestStrangeColumns(t *testing.T) {
	for name, c := range map[string]strangeTable{
		"an index without a title, from 0": {rowsOf(",a,b,label\n", 10, func(i int) string {
			return fmt.Sprintf("%d,%s", i, plain(i))
		}), Options{}, 2, []string{pets, `column 4, "label": its title says so`,
			"left out    column 1 (an index without a title)"}, true},
		"an index without a title, from 1": {rowsOf(",a,b,label\n", 10, func(i int) string {
			return fmt.Sprintf("%d,%s", i+1, plain(i))
		}), Options{}, 2, []string{pets, "column 1 (an index without a title)"}, true},
		"an index without a title, shuffled": {rowsOf(",a,b,label\n", 10, func(i int) string {
			return fmt.Sprintf("%d,%s", 7*i%10, plain(i))
		}), Options{}, 2, []string{"column 1 (an index without a title)"}, true},
		"an index without a title, chosen": {rowsOf(",a,b,label\n", 10, func(i int) string {
			return fmt.Sprintf("%d,%s", i, plain(i))
		}), Options{Columns: []string{"1..3"}}, 3, []string{"columns     3: column 1, a, b"}, false},
		"values without a title": {rowsOf(",a,label\n", 10, plain), Options{}, 2,
			[]string{"columns     2: column 1, a", pets}, true},
		"a column left out": {rowsOf("id,a,b,label\n", 10, func(i int) string {
			return fmt.Sprintf("P%03d,%s", i, plain(i))
		}), Options{Columns: []string{"!id"}}, 2, []string{`left out    "id" (data.columns)`, pets}, true},
		"columns chosen": {rowsOf("id,a,b,c,label\n", 10, func(i int) string {
			return fmt.Sprintf("P%03d,%d.5,%s", i, i%4, plain(i))
		}), Options{Columns: []string{"a", "4"}}, 2, []string{"columns     2: a, c",
			`left out    "id" (data.columns), "b" (data.columns)`}, true},
		"a title that is a number": {rowsOf("0,1,2,kind\n", 10, func(i int) string {
			return fmt.Sprintf("%d,%s", 1000+37*i%101, plain(i))
		}), Options{Columns: []string{"!0"}, Header: HeaderTrue}, 2, []string{"columns     2: 1, 2"}, true},
		"a range without one": {rowsOf("", 10, func(i int) string {
			return fmt.Sprintf("P%03d,%d.5,%s", i, i%4, plain(i))
		}), Options{Columns: []string{"2..5", "!3"}, Label: "-1"}, 2,
			[]string{"columns     2: column 2, column 4"}, true},
		"an empty column at the end": {rowsOf("a,b,label,\n", 10, func(i int) string { return plain(i) + "," }),
			Options{}, 2, []string{"left out    column 4 (no title and no values)", pets}, true},
		"rows that end with a separator": {rowsOf("", 10, func(i int) string {
			return fmt.Sprintf("%d.5;%d.25;%d;", i/2, i%3, i%2)
		}), Options{Label: "3"}, 2, []string{"left out    column 4 (no title and no values)"}, true},
		"an id among the features": {rowsOf("id,a,label\n", 10, func(i int) string {
			return fmt.Sprintf("%d,%d.5,%s", 1000+37*i%101, i/2, pet(i))
		}), Options{}, 2, []string{`warning     "id" has a different whole number in each row`, `!id`}, false},
		"an index without a title, of two tables": {rowsOf(",a,b,label\n", 10, func(i int) string {
			return fmt.Sprintf("%d,%s", i%5, plain(i))
		}), Options{}, 3, []string{`warning     column 1 has no title and is a feature, of whole numbers that repeat`, `"!1"`},
			false},
		"an index of two levels": {rowsOf(",Unnamed: 1,a,label\n", 10, func(i int) string {
			return fmt.Sprintf("%d,%d,%d.5,%s", i/2, i%2, i, pet(i))
		}), Options{}, 3, []string{"warning     column 1 has no title", `warning     "Unnamed: 1" has no title`}, false},
		"an index that was chosen": {rowsOf(",a,b,label\n", 10, func(i int) string {
			return fmt.Sprintf("%d,%s", i%5, plain(i))
		}), Options{Columns: []string{"1..3"}}, 3, nil, true},
		"measurements differ in each row": {rowsOf("a,b,label\n", 10, func(i int) string {
			return fmt.Sprintf("%d.5,%d.25,%s", i, i%3, pet(i))
		}), Options{}, 2, nil, true},
	} {
		t.Run(name, c.check)
	}
}

// How text, numbers and classes are written.
func TestStrangeText(t *testing.T) {
	for name, c := range map[string]strangeTable{
		"decimal commas without header": {rowsOf("", 10, func(i int) string {
			return fmt.Sprintf("%d,5;%d,25;%s", i/2, i%3, pet(i))
		}), Options{}, 2, []string{"float32 from decimal commas, 0.25 to 4.5", pets}, true},
		"decimal commas with header": {rowsOf("a;b;label\n", 10, func(i int) string {
			return fmt.Sprintf("%d,5;%d;%s", i/2, i%3, pet(i))
		}), Options{}, 2, []string{"float32 from decimal commas, 0 to 4.5", pets}, true},
		"commas in quoted titles": {rowsOf("\"a, cm, long\";\"b, cm\";\"c, kind\"\n", 10, func(i int) string {
			return fmt.Sprintf("%d.5;%d.25;%s", i/2, i%3, pet(i))
		}), Options{}, 2, []string{"columns     2: a, cm, long, b, cm", pets}, true},
		"UTF-16, little end first": {wide(rowsOf("a,b,label\n", 10, plain), 0, 1), Options{}, 2, []string{pets}, true},
		"UTF-16, big end first": {wide(rowsOf("ä,b,label\r\n", 10, plain), 1, 0), Options{}, 2,
			[]string{"ä, b", pets}, true},
		"lines that end with a CR": {strings.ReplaceAll(rowsOf("a,b,label\n", 10, plain), "\n", "\r"), Options{}, 2,
			[]string{pets}, true},
		"a label that is missing": {rowsOf("a,b,label\n", 10, func(i int) string {
			return fmt.Sprintf("%d.5,%d.25,%s", i/2, i%3, []string{"cat", "NA"}[i%2])
		}), Options{}, 2, []string{"2 with 4 + 1 samples each: NA, cat",
			`warning     class "NA" (5 samples) looks like a missing value`}, false},
		"one class": {rowsOf("a,b,label\n", 10, func(i int) string {
			return fmt.Sprintf("%d.5,%d.25,only", i/2, i%3)
		}), Options{}, 2, []string{"warning     there is only one class: only"}, false},
		"classes that differ by case": {rowsOf("a,b,label\n", 10, func(i int) string {
			return fmt.Sprintf("%d.5,%d.25,%s", i/2, i%3, []string{"Iris setosa", "iris  Setosa"}[i%2])
		}), Options{}, 2,
			[]string{`warning     classes "Iris setosa" (5 samples) and "iris  Setosa" (5 samples) differ ` +
				`only in case or spaces`}, false},
	} {
		t.Run(name, c.check)
	}
}

// What is refused, and the words that help.
func TestStrangeTablesRefused(t *testing.T) {
	for name, c := range map[string]struct {
		csv  string
		opts Options
		want []string
	}{
		"a missing value in the first row": {"?,3,0\n1,2,1\n3,4,0\n5,6,1\n", Options{},
			[]string{"line 1, column 1", `"?" is a missing value`}},
		"a missing value later": {"a,b,label\n1,2,x\nNA,3,y\n", Options{},
			[]string{"line 3, column 1", `"NA" is a missing value`}},
		"a value in an empty column": {"a,b,label,\n1,2,x,\n1,2,x,3\n", Options{},
			[]string{"line 3, column 7", `"3"`, "column 4", "no title"}},
		"house prices": {rowsOf("area,rooms,paid\n", 400, func(i int) string {
			return fmt.Sprintf("%d.5,%d,%d", i%50, i%7, 100000+7919*i%86028)
		}), Options{}, []string{`column 3, "paid"`, "400 different numbers in 400 rows", "data.label", "quantity",
			"task: regression"}},
		"quantities that repeat": {rowsOf("area,rooms,paid\n", 4000, func(i int) string {
			return fmt.Sprintf("%d.5,%d,%d", i%50, i%7, 100000+1000*(i%90))
		}), Options{}, []string{"90 different numbers in 4000 rows"}},
		"ages": {rowsOf("area,rooms,age\n", 100, func(i int) string {
			return fmt.Sprintf("%d.5,%d,%d", i%50, i%7, 20+i%40)
		}), Options{}, []string{"40 different numbers in 100 rows"}},
		"wine with the label first": {rowsOf("", 178, func(i int) string {
			return fmt.Sprintf("%d,%d.25,%d", 1+i/60, i%11, 278+i*i%1400)
		}), Options{}, []string{"column 3", "the last column", "different numbers in 178 rows", "data.label"}},
		"an unknown column": {"a,b,label\n1,2,x\n", Options{Columns: []string{"d"}},
			[]string{`"d"`, "a, b, label"}},
		"a column out of range": {"a,b,label\n1,2,x\n", Options{Columns: []string{"2..4"}}, []string{"2..4", "1..3"}},
		"a range that turns":    {"a,b,label\n1,2,x\n", Options{Columns: []string{"3..2"}}, []string{`"3..2"`}},
		"the label as feature": {"a,b,label\n1,2,x\n", Options{Columns: []string{"a", "label"}},
			[]string{`"label"`, "is the label"}},
		"nothing left": {"a,label\n1,x\n", Options{Columns: []string{"!a"}}, []string{"no column is left"}},
		"the label left out": {"a,b,label\n1,2,x\n", Options{Columns: []string{"!label"}},
			[]string{`"label"`, "is the label"}},
		"a name without a header": {"1,2,x\n", Options{Label: "kind", Header: HeaderFalse},
			[]string{`"kind"`, "no header"}},
		"UTF-16 without a mark": {wide("a,b,label\n1,2,x\n", 0, 1)[2:], Options{}, []string{"UTF-16", "UTF-8"}},
		"UTF-32":                {"\xff\xfe\x00\x00a\x00\x00\x00", Options{}, []string{"UTF-32", "UTF-8"}},
		"a title in Latin-1":    {"l\xe4nge,b,label\n1,2,x\n", Options{}, []string{"line 1", `"l\xe4nge"`, "UTF-8"}},
		"two features of one title": {"a,b,a,label\n1,2,3,x\n", Options{},
			[]string{`columns 1 and 3 both have the title "a": rename one`}},
		"two features of one title, one left out": {"a,b,a,label\n1,2,3,x\n", Options{Columns: []string{"!3"}},
			[]string{`columns 1 and 3 both have the title "a": rename one`}},
		"a feature with the label's title": {"grade,b,grade\n1,2,x\n3,4,y\n", Options{},
			[]string{`columns 1 and 3 both have the title "grade": rename one`}},
		"a column left out with the label's title": {"grade,b,grade\n1,2,x\n3,4,y\n", Options{Columns: []string{"!1"}},
			[]string{`columns 1 and 3 both have the title "grade": rename one`}},
		"two columns for the label": {"grade,b,grade\n1,2,x\n", Options{Label: "grade"},
			[]string{`data.label: "grade" means 2 columns, want one`, "data.targets"}},
		"a range for the label": {"a,b,c\n1,2,x\n", Options{Label: "2..3"},
			[]string{`data.label: "2..3" means 2 columns, want one`}},
		"a target with a feature's title": {"a,b,a\n1,2,3\n", Options{Targets: []string{"3"}},
			[]string{`columns 1 and 3 both have the title "a": rename one`}},
		"a range for the time": {"t,u,a,label\n1,2,3,x\n", Options{Windows: Windows{Length: 1, Time: "1..2"}},
			[]string{`data.windows.time: "1..2" means 2 columns, want one`}},
		"a spreadsheet": {"PK\x03\x04\x14\x00", Options{}, []string{"spreadsheet", "CSV"}},
		"thousands or decimals": {"a;b;label\n1.5;2;x\n2,5;3;y\n", Options{},
			[]string{"line 3, column 1", `"2,5"`, "decimal point"}},
		"thousands and decimals": {"a;b;label\n\"1.234,5\";2;x\n2,5;3;y\n", Options{},
			[]string{"line 2, column 1", `"1.234,5", want a finite number`}},
		"a strange separator":           {"sep=|\na|b\n1|x\n", Options{}, []string{`line 1: separator "|", want a comma`}},
		"lines after a named separator": {"sep=;\na;b;class\n1;2;p\n3;no;q\n", Options{}, []string{"line 4, column 3"}},
		"blanks between columns":        {"a b label\n1 2 x\n", Options{}, []string{"one column", "comma, semicolon or tab"}},
		"text among the features": {"a,b,label\n1,P1,x\n2,P2,y\n", Options{},
			[]string{"line 2, column 3", `"P1"`, "data.columns", "!b"}},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := Open(write(t, map[string][]byte{"d.csv": []byte(c.csv)})+"/d.csv", c.opts)
			wantError(t, err, append(c.want, "d.csv")...)
		})
	}
}

// Fisher's iris as strangers write it trains right without a key.
func TestStrangersIris(t *testing.T) {
	file, err := os.Open("testdata/iris.csv")
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	flowers, err := csv.NewReader(file).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	names, flowers := flowers[0], flowers[1:]
	names[2] = "petal; length, in cm" // a separator in quotes
	kinds, means := []string{"setosa", "versicolor", "virginica"}, []float64{5.84, 3.05, 3.76, 1.20}
	r := rand.New(rand.NewPCG(15, 0))
	for variant := range 48 {
		header, quoted, index := variant&1 != 0, variant&2 != 0, variant&4 != 0
		comma, point := []string{",", ";", "\t"}[variant/8%3], "."
		if comma == ";" && variant >= 24 {
			point = ","
		}
		order := r.Perm(5)
		line := func(i int, row []string) string {
			var fields []string
			if index && header {
				fields = append(fields, map[bool]string{true: "", false: fmt.Sprint(i)}[i < 0])
			}
			for _, j := range order {
				f := strings.Replace(row[j], ".", point, 1)
				if i < 0 || quoted && j == 4 {
					f = `"` + f + `"`
				}
				fields = append(fields, f)
			}
			return strings.Join(fields, comma)
		}
		what := fmt.Sprintf("header %v, quoted %v, index %v, %q %q, order %v", header, quoted, index, comma, point,
			order)
		text := ""
		if header {
			text = line(-1, names) + "\n"
		}
		text = rowsOf(text, 150, func(i int) string { return line(i, flowers[i]) })
		opts := Options{}
		if place := slices.Index(order, 4); !header && place < 4 { // words that are not last may be features
			opts.Label = fmt.Sprint(place + 1)
		}
		set, err := Open(write(t, map[string][]byte{"iris.csv": []byte(text)})+"/iris.csv", opts)
		if err != nil {
			t.Fatalf("%s: %v", what, err)
		}
		a := set.Account
		right := true // each feature has its mean
		for k, j := range slices.DeleteFunc(slices.Clone(order), func(j int) bool { return j == 4 }) {
			right = right && math.Abs(float64(set.Mean[k])-means[j]) < 0.1
		}
		if !right || !slices.Equal(set.Classes, kinds) || set.Shape != [3]int{4, 1, 1} ||
			a.Classes[0].Counts != (Counts{40, 0, 10}) || a.Warnings != nil {
			t.Errorf("%s:\n%v", what, a)
		}
	}
}
