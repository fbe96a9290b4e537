package datasets

import (
	"fmt"
	"slices"
	"strings"
)

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
	if a.Task != "" {
		line("task", "%s", a.Task)
	}
	line("samples", "%v%s", a.Samples, prefixed(": ", a.Division))
	if len(a.Classes) > 0 {
		line("classes", "%s", a.classes())
	}
	if a.Target == AnomalyTargets.String() {
		line("anomalies", "%d of %d samples to test", a.Anomalous, a.Samples.Test)
	}
	if len(a.Targets) > 0 {
		line("targets", "%s", a.targets())
	}
	if a.Pixels != nil {
		line("classes", "%v", a.Pixels)
	}
	switch t := a.Table; {
	case t != nil:
		line("header", "%s", t.Header)
		line("label", "%v", t.Label)
		if a.Recordings != nil {
			line("time", "%v", t.Time)
			line("recording", "%v", t.Recording)
		}
		line("columns", "%d: %s", len(t.Columns), listed(t.used()))
		for _, c := range t.Categories {
			line("words", "%v", c)
		}
		if len(t.Fills) > 0 {
			line("filled in", "%s", t.filledIn())
		}
		if len(t.LeftOut) > 0 {
			line("left out", "%s", listed(t.leftOut()))
		}
	case a.Pictures != nil:
		line("pictures", "%v", a.Pictures)
	case a.Sounds != nil:
		line("sounds", "%v", a.Sounds)
		if silence := a.Sounds.silence(); silence != "" {
			line("silence", "%s", silence)
		}
		line("front-end", "%v", a.Sounds.Front)
	case a.Array != "":
		line("array", "%s", a.Array)
	}
	if len(a.Passed) > 0 {
		line("passed over", "%s", listPassed(a.Passed))
	}
	if a.Recordings != nil {
		line("recordings", "%v", a.Recordings)
	}
	if a.Table == nil || a.Shape[1]*a.Shape[2] > 1 {
		line("shape", "%s", a.shape())
	}
	if a.Disk != "" {
		line("on disk", "%s", a.Disk)
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
func (l LabelAccount) String() string { return l.place() + prefixed(": ", l.Reason) }

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
