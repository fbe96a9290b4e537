package datasets

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// Account says what a set was read from, how, and with what result. Readers say
// what only they know; [New] adds what the set itself shows.
type Account struct {
	Dataset    string          `json:"dataset"`
	Source     string          `json:"source,omitempty"`   // a citation or a path
	Kind       string          `json:"kind,omitempty"`     // what was read, such as "a CSV file"
	Division   string          `json:"division,omitempty"` // how the splits came about
	Samples    Counts          `json:"samples"`
	Shape      [3]int          `json:"shape"`              // C H W of a sample
	Channels   string          `json:"channels,omitempty"` // of pictures: grey or RGB
	Classes    []ClassAccount  `json:"classes,omitempty"`
	Table      *TableAccount   `json:"table,omitempty"`
	Pictures   *PictureAccount `json:"pictures,omitempty"`
	Array      string          `json:"array,omitempty"`       // how that of an npz file was understood
	Passed     map[string]int  `json:"passed_over,omitempty"` // a folder's other files, by extension
	Values     ValueAccount    `json:"values"`
	Normalised string          `json:"normalised"` // what is done to values before the network
	Warnings   []string        `json:"warnings,omitempty"`
}

// Counts is how many samples each split has.
type Counts struct {
	Train      int `json:"train"`
	Validation int `json:"validation,omitempty"`
	Test       int `json:"test"`
}

// of is the count of a split, by its number.
func (c *Counts) of(split int) *int { return []*int{&c.Train, &c.Validation, &c.Test}[split] }

// ClassAccount is a class and how many samples of it each split has.
type ClassAccount struct {
	Name string `json:"name"`
	Counts
}

// TableAccount says how the columns of a table were understood.
type TableAccount struct {
	Header  string       `json:"header"` // whether there is one, and why
	Label   LabelAccount `json:"label"`
	Columns []string     `json:"columns"` // those used: their titles, or numbers from 1
	LeftOut []LeftColumn `json:"left_out,omitempty"`
}

// LabelAccount says which column holds the label, and why.
type LabelAccount struct {
	Number int    `json:"number"` // from 1; 0: none does
	Title  string `json:"title,omitempty"`
	Reason string `json:"reason"`
}

// LeftColumn is a column that is not used.
type LeftColumn struct {
	Column string `json:"column"`
	Reason string `json:"reason"`
}

// PictureAccount says what a folder of pictures holds.
type PictureAccount struct {
	Files    int    `json:"files"`
	Least    [2]int `json:"least"`             // H W of the smallest, by area
	Greatest [2]int `json:"greatest"`          // and of the largest picture
	Turned   int    `json:"turned,omitempty"`  // pictures turned upright, as their orientation asks
	Resized  int    `json:"resized,omitempty"` // pictures scaled to the common size
	Depth    int    `json:"depth"`             // bits of a channel
}

// ValueAccount describes the values of the training split, before they are
// normalised.
type ValueAccount struct {
	Type     string   `json:"type"` // such as uint8
	Least    float64  `json:"least"`
	Greatest float64  `json:"greatest"`
	Mean     float64  `json:"mean"`
	Whole    bool     `json:"whole,omitempty"`    // none has a fraction
	Constant []string `json:"constant,omitempty"` // features or channels with one value only
}

// warn adds a warning, once.
func (a *Account) warn(format string, args ...any) {
	w := fmt.Sprintf(format, args...)
	if !slices.Contains(a.Warnings, w) {
		a.Warnings = append(a.Warnings, w)
	}
}

// complete adds what the set itself shows.
func (a *Account) complete(s *Set, channels []channel, given bool) {
	a.Dataset, a.Source, a.Shape = s.Name, s.Source, s.Shape
	a.Samples, a.Classes = Counts{}, nil
	if a.Channels == "" && s.Shape[0] == 1 && s.Shape[1] > 1 && s.Shape[2] > 1 {
		a.Channels = "grey"
	}
	for _, name := range s.Classes {
		a.Classes = append(a.Classes, ClassAccount{Name: name})
	}
	for i, p := range s.splits() {
		*a.Samples.of(i) = p.Len()
		if len(a.Classes) > 0 {
			for _, label := range p.Labels {
				*a.Classes[label].of(i)++
			}
		}
	}
	a.warnOfClasses()
	a.Values.complete(s, channels, a.feature)
	a.Normalised = normalisation(s, given)
}

// HoldOut is the account of the same data with some samples of the training
// split held out, unless the data have a validation split of their own.
func (a Account) HoldOut(held *Split) Account {
	if held == nil || a.Samples.Validation > 0 {
		return a
	}
	a.Classes, a.Warnings = slices.Clone(a.Classes), slices.Clone(a.Warnings)
	a.Samples.Train, a.Samples.Validation = a.Samples.Train-held.Len(), held.Len()
	for i := range a.Classes {
		a.Classes[i].Validation = 0
	}
	if len(a.Classes) > 0 {
		for _, label := range held.Labels {
			a.Classes[label].Train--
			a.Classes[label].Validation++
		}
	}
	for _, c := range a.Classes {
		if c.Train == 0 && c.Validation > 0 {
			a.warn("no training samples of class %s are left, with %d held out", c.Name, c.Validation)
		}
	}
	return a
}

// feature names a channel: a table's column, or a number from 0.
func (a *Account) feature(c int) string {
	if t := a.Table; t != nil && len(t.Columns) == a.Shape[0] {
		return t.Columns[c]
	}
	return "channel " + strconv.Itoa(c)
}

func (v *ValueAccount) complete(s *Set, channels []channel, name func(c int) string) {
	if v.Type == "" {
		v.Type = "float32"
		if s.Train.Images != nil {
			v.Type = "uint8"
		}
	}
	v.Least, v.Greatest, v.Whole = channels[0].least, channels[0].greatest, true
	for c, ch := range channels {
		v.Whole = v.Whole && !ch.fractions
		v.Least, v.Greatest = min(v.Least, ch.least), max(v.Greatest, ch.greatest)
		v.Mean += ch.mean / float64(len(channels))
		if ch.least == ch.greatest {
			v.Constant = append(v.Constant, name(c))
		}
	}
}

// normalisation describes r = (p·PixelScale − Mean) / Std in words.
func normalisation(s *Set, given bool) string {
	each, from := "channel", "in training"
	if s.Shape[1]*s.Shape[2] == 1 {
		each = "feature"
	}
	if given {
		from = "as given"
	}
	scaled := ""
	if s.PixelScale != 1 {
		scaled = fmt.Sprintf("value × %.4g, then ", s.PixelScale)
	}
	return fmt.Sprintf("%sminus mean, divided by standard deviation of each %s %s", scaled, each, from)
}

// How many names an account lists in a line, and how many warnings.
const (
	mostShown  = 8
	mostWarned = 4
)

// String is a block of lines with the warnings last.
func (a Account) String() string {
	var b strings.Builder
	line := func(name, format string, args ...any) {
		fmt.Fprintf(&b, "  %-11s %s\n", name, fmt.Sprintf(format, args...))
	}
	fmt.Fprintln(&b, a.Dataset+prefixed(": ", a.Kind))
	if a.Source != "" {
		line("source", "%s", a.Source)
	}
	line("samples", "%v%s", a.Samples, prefixed(": ", a.Division))
	if len(a.Classes) > 0 {
		line("classes", "%s", a.classes())
	}
	switch t := a.Table; {
	case t != nil:
		line("header", "%s", t.Header)
		line("label", "%v", t.Label)
		line("columns", "%d: %s", len(t.Columns), listed(t.used()))
		if len(t.LeftOut) > 0 {
			line("left out", "%s", listed(t.leftOut()))
		}
	case a.Pictures != nil:
		line("pictures", "%v", a.Pictures)
	case a.Array != "":
		line("array", "%s", a.Array)
	}
	if len(a.Passed) > 0 {
		line("passed over", "%s", listPassed(a.Passed))
	}
	if a.Table == nil || a.Shape[1]*a.Shape[2] > 1 {
		line("shape", "%s", a.shape())
	}
	line("values", "%v", a.Values)
	line("normalised", "%s", a.Normalised)
	for _, w := range a.Warnings[:min(len(a.Warnings), mostWarned)] {
		line("warning", "%s", w)
	}
	if n := len(a.Warnings) - mostWarned; n > 0 {
		line("", "and %d more warnings, which petrify data --json shows", n)
	}
	return b.String()
}

// prefixed puts the prefix before s, unless s is empty.
func prefixed(prefix, s string) string {
	if s == "" {
		return ""
	}
	return prefix + s
}

// shape returns text such as "1 × 28 × 28 (channels, height, width)".
func (a Account) shape() string {
	if a.Shape[1]*a.Shape[2] == 1 {
		return fmt.Sprintf("%d features", a.Shape[0])
	}
	return fmt.Sprintf("%d × %d × %d (channels, height, width)", a.Shape[0], a.Shape[1], a.Shape[2])
}

// classes lists classes with their counts.
func (a Account) classes() string {
	count := func(c ClassAccount) string {
		parts := []int{c.Train, c.Test}
		if a.Samples.Validation > 0 {
			parts = []int{c.Train, c.Validation, c.Test}
		}
		return strings.ReplaceAll(strings.Trim(fmt.Sprint(parts), "[]"), " ", " + ")
	}
	equal := !slices.ContainsFunc(a.Classes, func(c ClassAccount) bool { return c.Counts != a.Classes[0].Counts })
	var all []string
	for _, c := range a.Classes {
		name := c.Name
		if !equal {
			name = fmt.Sprintf("%s (%s)", name, count(c))
		}
		all = append(all, name)
	}
	if equal {
		return fmt.Sprintf("%d with %s samples each: %s", len(all), count(a.Classes[0]), listed(all))
	}
	return fmt.Sprintf("%d: %s", len(all), listed(all))
}

// listed joins names, the first of them if there are many.
func listed(names []string) string {
	if len(names) <= mostShown {
		return strings.Join(names, ", ")
	}
	return fmt.Sprintf("%s, … %s", strings.Join(names[:mostShown-1], ", "), names[len(names)-1])
}

// String returns text such as "120 to train, 30 to test".
func (c Counts) String() string {
	held := ""
	if c.Validation > 0 {
		held = fmt.Sprintf("%d to validate, ", c.Validation)
	}
	return fmt.Sprintf("%d to train, %s%d to test", c.Train, held, c.Test)
}

// used lists the columns, untitled ones that follow each other as one.
func (t *TableAccount) used() (all []string) {
	for i := 0; i < len(t.Columns); i++ {
		name, n := t.Columns[i], 0
		first := untitledNumber(name)
		for first > 0 && i+n+1 < len(t.Columns) && untitledNumber(t.Columns[i+n+1]) == first+n+1 {
			n++
		}
		if n > 0 {
			name, i = fmt.Sprintf("columns %d to %d", first, first+n), i+n
		}
		all = append(all, name)
	}
	return all
}

// String returns text such as `column 4, "kind": its title says so`.
func (l LabelAccount) String() string { return l.place() + ": " + l.Reason }

// place is the column's number with its title.
func (l LabelAccount) place() string {
	switch {
	case l.Number == 0:
		return "none"
	case l.Title == "":
		return fmt.Sprintf("column %d", l.Number)
	}
	return fmt.Sprintf("column %d, %q", l.Number, l.Title)
}

func (t *TableAccount) leftOut() (all []string) {
	for _, c := range t.LeftOut {
		all = append(all, fmt.Sprintf("%s (%s)", c.Column, c.Reason))
	}
	return all
}

// String returns text such as "40 of 20×30 to 64×64, 8 bits".
func (p *PictureAccount) String() string {
	s := fmt.Sprintf("%d of %d×%d", p.Files, p.Least[0], p.Least[1])
	if p.Least != p.Greatest {
		s += fmt.Sprintf(" to %d×%d", p.Greatest[0], p.Greatest[1])
	}
	s += fmt.Sprintf(", %d bits", p.Depth)
	if p.Turned > 0 {
		s += fmt.Sprintf(", %d turned upright", p.Turned)
	}
	if p.Resized > 0 {
		s += fmt.Sprintf(", %d scaled", p.Resized)
	}
	return s
}

// listPassed is such as "1 .xml, 3 .txt".
func listPassed(counts map[string]int) string {
	var all []string
	for form, n := range counts {
		all = append(all, fmt.Sprintf("%d %s", n, form))
	}
	slices.Sort(all)
	return listed(all)
}

// String returns text such as "uint8, 0 to 16, mean 4.88; constant: channel 2".
func (v ValueAccount) String() string {
	return fmt.Sprintf("%s, %.4g to %.4g, mean %.4g%s", v.Type, v.Least, v.Greatest, v.Mean,
		prefixed("; constant: ", listed(v.Constant)))
}
