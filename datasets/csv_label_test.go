package datasets

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

// drawnTable is a table of three columns, and perhaps an index before them.
type drawnTable struct {
	kinds [3]byte // of values: words, integers or reals
	title string  // of one column: a usual one of labels
	at    int     // its place; −1: none has one
	plain bool    // there is no header
	index bool    // an untitled column numbers the rows
}

func (d drawnTable) text() string {
	titles := []string{"a", "b", "c"}
	if d.at >= 0 {
		titles[d.at] = d.title
	}
	header, before := strings.Join(titles, ",")+"\n", ""
	if d.index {
		header = "," + header
	}
	if d.plain {
		header = ""
	}
	return rowsOf(header, 40, func(i int) string {
		if d.index {
			before = fmt.Sprintf("%d,", i)
		}
		var fields []string
		for c, kind := range d.kinds {
			n := (i + c) % (3 + c)
			fields = append(fields, map[byte]string{'w': string(rune('p'+n)) + "x", 'i': fmt.Sprint(n),
				'r': fmt.Sprintf("%d.5", n)}[kind])
		}
		return before + strings.Join(fields, ",")
	})
}

// label is the column that must be taken, and whether that is said in a warning; −1: the
// table must be refused. All other columns must hold numbers.
func (d drawnTable) label() (at int, warned bool) {
	c, words := -1, strings.Count(string(d.kinds[:]), "w")
	switch {
	case d.at >= 0:
		c, warned = d.at, d.title == "price" && d.at < 2 && !(d.kinds[d.at] == 'w' && words == 1)
	case d.kinds[2] == 'w' || words == 0:
		c, warned = 2, words != 1
	}
	if c < 0 || words > 1 || words == 1 && d.kinds[c] != 'w' {
		return -1, false
	}
	return c, warned
}

// TestLabelOfEveryTable: whatever the columns hold and are called, the label's column is
// found by what says so, or the error names the keys to write, and real numbers are never
// classes.
func TestLabelOfEveryTable(t *testing.T) {
	const values = "wir"
	for n := range 27 {
		kinds := [3]byte{values[n%3], values[n/3%3], values[n/9]}
		for at := -1; at < 3; at++ {
			for _, d := range []drawnTable{
				{kinds: kinds, at: at, title: "target"}, {kinds: kinds, at: at, title: "Price", index: true},
				{kinds: kinds, at: at, title: "price"}, {kinds: kinds, at: -1, plain: true},
			} {
				d.check(t)
			}
		}
	}
}

func (d drawnTable) check(t *testing.T) {
	t.Helper()
	what := fmt.Sprintf("%s, %q at %d, header %v, index %v", d.kinds, d.title, d.at, !d.plain, d.index)
	s, err := Open(write(t, map[string][]byte{"d.csv": []byte(d.text())})+"/d.csv", Options{})
	d.title = strings.ToLower(d.title)
	want, warned := d.label()
	if want < 0 {
		keys := fmt.Sprint(err)
		if !strings.Contains(keys, "data.label: ") && !strings.Contains(keys, `data.columns: ["!`) {
			t.Errorf("%s: error %v, want one that says which keys to write", what, err)
		}
		return
	}
	if err != nil {
		t.Errorf("%s: %v", what, err)
		return
	}
	shift := 1
	if d.index {
		shift = 2
	}
	if got := s.Account.Table.Label.Number - shift; got != want {
		t.Errorf("%s: the label is column %d of the three, want %d", what, got+1, want+1)
	}
	if real := s.Target == NumberTargets; real != (d.kinds[want] == 'r') {
		t.Errorf("%s: target %v", what, s.Target)
	}
	said := slices.ContainsFunc(s.Account.Warnings, func(w string) bool { return strings.Contains(w, "as the label") })
	if said != warned {
		t.Errorf("%s: warnings %q, want one of the label: %v", what, s.Account.Warnings, warned)
	}
}

// TestTwoTitlesOfALabel: a table that has two is not guessed at.
func TestTwoTitlesOfALabel(t *testing.T) {
	for titles, want := range map[string]string{
		"class,x,target":   `"class" and "target"`,
		"quality,price,x":  `"quality" and "price"`,
		"label,x,y":        "",
		"y,price,x":        "",
		"label,label,x":    `"label" and "label"`,
		"outcome,y,target": "",
	} {
		text := rowsOf(titles+"\n", 40, func(i int) string { return fmt.Sprintf("%d,%d,%d", i%3, i%2, i%4) })
		_, err := Open(write(t, map[string][]byte{"d.csv": []byte(text)})+"/d.csv", Options{})
		if (err != nil) != (want != "") {
			t.Errorf("%s: %v", titles, err)
		} else if err != nil {
			wantError(t, err, want, "data.label")
		}
	}
}
