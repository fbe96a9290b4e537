package quantized

import (
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
	"unicode/utf8"
)

// String is the proof in one line, such as "355 images, 3,550 outputs: 0
// differ (training = integer engine = re-read file)".
func (p *Proof) String() string {
	var equal, near, apart []string
	differing := 0
	for i, c := range p.all() {
		list := &equal
		if i == 0 {
			*list = append(*list, c.A)
		}
		switch {
		case !c.Holds():
			list = &apart
			differing = max(differing, c.Differing)
		case c.Differing > 0:
			list = &near
		}
		*list = append(*list, c.second())
	}
	text := fmt.Sprintf("%s images, %s outputs: %s differ (%s)",
		digits(int64(p.Data.Samples)), digits(int64(p.Outputs)), digits(int64(differing)), strings.Join(equal, " = "))
	if near != nil {
		text += "; within rounding of float sums: " + strings.Join(near, ", ")
	}
	if apart != nil {
		text += "; differs: " + strings.Join(apart, ", ")
	}
	return text
}

// WriteTable writes the proof for people: what was compared, and the bounds of
// the sums.
func (p *Proof) WriteTable(w io.Writer) error {
	fmt.Fprintf(w, "%s on %s, %s split: %s images, %s outputs\n\n", p.Network, p.Data.Name, p.Data.Split,
		digits(int64(p.Data.Samples)), digits(int64(p.Outputs)))
	rows := [][]string{{"compared", "elements", "differ", "largest"}}
	for _, c := range p.all() {
		rows = append(rows, []string{c.A + " = " + c.second(), digits(int64(c.Elements)), digits(int64(c.Differing)),
			fmt.Sprintf("%.3g", c.Largest)})
	}
	if err := writeRows(w, rows); err != nil {
		return err
	}
	for _, c := range p.all() {
		if err := c.writeLayers(w); err != nil {
			return err
		}
	}
	if len(p.Accumulators) == 0 {
		return nil
	}
	fmt.Fprintln(w)
	rows = [][]string{{"sums of", "least", "greatest", "bits", "fit"}}
	for _, a := range p.Accumulators {
		rows = append(rows, []string{a.Layer, signed(a.Min), signed(a.Max), fmt.Sprint(a.Bits), a.least()})
	}
	return writeRows(w, rows)
}

// second is the second way, and the number of images if it was used for some
// only.
func (c Comparison) second() string {
	if c.Samples == 0 {
		return c.B
	}
	return fmt.Sprintf("%s on %s images", c.B, digits(int64(c.Samples)))
}

// writeLayers writes where a runtime differs.
func (c Comparison) writeLayers(w io.Writer) error {
	if c.Layers == nil {
		return nil
	}
	fmt.Fprintf(w, "\nThe layers of %s, each from its own inputs, for the images whose outputs differ:\n\n", c.B)
	rows := [][]string{{"layer", "elements", "differ", "may differ", "wrong", "largest"}}
	for _, l := range c.Layers {
		rows = append(rows, []string{l.Layer, digits(int64(l.Elements)), digits(int64(l.Differing)),
			digits(int64(l.Near)), digits(int64(l.Beyond)), fmt.Sprintf("%.3g", l.Largest)})
	}
	return writeRows(w, rows)
}

// writeRows writes a table whose first column is aligned left.
func writeRows(w io.Writer, rows [][]string) error {
	width := 0
	for _, r := range rows {
		width = max(width, utf8.RuneCountInString(r[0]))
	}
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', tabwriter.AlignRight)
	for _, r := range rows {
		fmt.Fprintf(t, "%-*s\t%s\t\n", width, r[0], strings.Join(r[1:], "\t"))
	}
	return t.Flush()
}

// least is the narrowest common accumulator that holds every sum.
func (a Accumulator) least() string {
	switch {
	case a.Fits(16):
		return "int16"
	case a.ExactInFloat32():
		return "float32"
	case a.Fits(32):
		return "int32"
	}
	return "none"
}
