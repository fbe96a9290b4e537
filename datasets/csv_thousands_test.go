package datasets

import (
	"fmt"
	"strings"
	"testing"
)

// A mark before three digits is one of thousands, if anything is, where other numbers of the
// column have no decimals: in a feature, in a label, and in a second file.
func TestThousandsAreWarnedOf(t *testing.T) {
	for name, c := range map[string]struct {
		numbers []string
		warned  string // what is said to be read; "": nothing
	}{
		"commas":               {[]string{"950", "1,250", "12,000"}, `"1,250" is read as 1.25, and "950" as it is`},
		"points":               {[]string{"1.250", "-950"}, `"1.250" is read as 1.25, and "-950" as it is`},
		"a sign":               {[]string{"7", "+1,250"}, `"+1,250" is read as 1.25, and "7" as it is`},
		"decimals elsewhere":   {[]string{"950", "1,250", "3,5"}, ""},
		"three decimals":       {[]string{"1,250", "2,375"}, ""},
		"whole numbers":        {[]string{"950", "1250"}, ""},
		"below one":            {[]string{"950", "0,250"}, ""},
		"four before the mark": {[]string{"950", "1250,125"}, ""},
		"an exponent":          {[]string{"950", "1,25e3"}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			number := func(i int) string { return c.numbers[i%len(c.numbers)] }
			feature := rowsOf("a;n;label\n", 30, func(i int) string { return fmt.Sprintf("%d;%s;%s", i%7, number(i), pet(i)) })
			label := rowsOf("a;label\n", 30, func(i int) string { return fmt.Sprintf("%d;%s", i%7, number(i)) })
			plain := rowsOf("a;n;label\n", 30, func(i int) string { return fmt.Sprintf("%d;%d;%s", i%7, i%5, pet(i)) })
			dir := write(t, map[string][]byte{"f.csv": []byte(feature), "l.csv": []byte(label), "p.csv": []byte(plain)})
			for file, opts := range map[string]Options{"f.csv": {}, "l.csv": {Target: NumberTargets}, "p.csv": {Test: dir + "/f.csv"}} {
				set, err := Open(dir+"/"+file, opts)
				if err != nil {
					t.Fatal(err)
				}
				said := strings.Join(set.Account.Warnings, "\n")
				if strings.Contains(said, "thousands") != (c.warned != "") || !strings.Contains(said, c.warned) {
					t.Errorf("%s: warnings %q, want %q", file, said, c.warned)
				}
				if file != "p.csv" {
					continue
				}
				in, err := ReadInputs(t.Context(), dir+"/f.csv", likeTable(set))
				if err != nil {
					t.Fatal(err)
				}
				if said := strings.Join(in.Warnings, "\n"); !strings.Contains(said, c.warned) || (said == "") != (c.warned == "") {
					t.Errorf("warnings of inputs %q, want %q", said, c.warned)
				}
			}
		})
	}
}
