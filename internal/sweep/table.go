package sweep

import (
	"encoding/csv"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"strconv"
	"strings"
	"text/tabwriter"
)

// JSON writes everything.
func (r *Results) JSON(w io.Writer) error {
	e := json.NewEncoder(w)
	e.SetIndent("", "  ")
	return e.Encode(r)
}

// CSV writes one row for each row, numbers in full.
func (r *Results) CSV(w io.Writer) error {
	c := csv.NewWriter(w)
	c.Write(append(append([]string{}, r.By...), "trials", "finished", "float", "float_half", "ptq", "ptq_half", "qat",
		"qat_half", "qat_low", "qat_high", "bytes", "seconds", "processor_seconds", "frontier", "difference", "p",
		"p_permutation", "p_holm"))
	number := func(v float64) string { return strconv.FormatFloat(v, 'g', -1, 64) }
	for _, row := range r.Rows {
		line := append(append([]string{}, row.Labels...), strconv.Itoa(row.Trials), strconv.Itoa(row.QAT.N))
		for _, v := range []float64{row.Float.Mean, row.Float.Half, row.PTQ.Mean, row.PTQ.Half, row.QAT.Mean,
			row.QAT.Half, row.QAT.Bootstrap[0], row.QAT.Bootstrap[1], row.Bytes, row.Seconds,
			row.Processor} {
			line = append(line, number(v))
		}
		c.Write(append(line, strconv.FormatBool(row.Frontier), number(row.Difference.Difference),
			number(row.Difference.Student), number(row.Difference.Permutation), number(row.Holm)))
	}
	c.Flush()
	return c.Error()
}

// Text writes the table for a terminal.
func (r *Results) Text(w io.Writer) error {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	for _, line := range r.Cells() {
		fmt.Fprintln(t, strings.Join(line, "\t"))
	}
	if err := t.Flush(); err != nil {
		return err
	}
	_, err := fmt.Fprintf(w, "\n%s\n", r.Legend())
	return err
}

// Markdown writes the table for a document.
func (r *Results) Markdown(w io.Writer) error {
	escape := strings.NewReplacer("|", "\\|", "<", "&lt;")
	for i, line := range r.Cells() {
		for j := range line {
			line[j] = escape.Replace(line[j])
		}
		fmt.Fprintf(w, "| %s |\n", strings.Join(line, " | "))
		if i == 0 {
			fmt.Fprintf(w, "|%s\n", strings.Repeat(" --- |", len(line)))
		}
	}
	_, err := fmt.Fprintf(w, "\n%s\n", r.Legend())
	return err
}

// Cells is the table as text, the head first.
func (r *Results) Cells() [][]string {
	lines := [][]string{append(append([]string{}, r.By...), "seeds", "float", "PTQ", "QAT", "bytes", "seconds",
		"against *", "p", "")}
	for i, row := range r.Rows {
		line := append(append([]string{}, row.Labels...), fmt.Sprintf("%d/%d", row.QAT.N, row.Trials))
		if row.QAT.N == 0 {
			lines = append(lines, append(line, "–", "–", "–", "–", "–", "–", "–", row.halved()))
			continue
		}
		line = append(line, r.estimate(row.Float), r.estimate(row.PTQ), r.estimate(row.QAT),
			strconv.FormatFloat(row.Bytes, 'f', 0, 64), strconv.FormatFloat(row.Seconds, 'f', 1, 64))
		lines = append(lines, append(line, r.against(i)...))
	}
	return lines
}

// halved is where halving stopped a row's trials, "" if it did not.
func (r Row) halved() string {
	if r.Halved == "" {
		return ""
	}
	return "stopped by halving after " + r.Halved
}

// against is what a row says of the comparison, and its marks.
func (r *Results) against(i int) []string {
	row, marks := r.Rows[i], ""
	if i == r.Best {
		marks = "best "
	}
	if row.Frontier {
		marks += "frontier"
	}
	marks = strings.TrimSpace(marks)
	switch {
	case i == r.Against:
		return []string{"*", "", marks}
	case row.Difference.Pairs == 0:
		return []string{"–", "–", marks}
	case row.Difference.Pairs == 1:
		return []string{r.signed(row.Difference.Difference), "–", marks}
	}
	return []string{r.signed(row.Difference.Difference), strconv.FormatFloat(row.Holm, 'f', 3, 64), marks}
}

// estimate is such as "91.90 ± 0.36", in per cent for shares.
func (r *Results) estimate(e Estimate) string {
	mean, half := r.number(e.Mean), r.number(e.Half)
	if e.N < 2 {
		return mean
	}
	return mean + " ± " + half
}

func (r *Results) number(v float64) string {
	switch {
	case r.metric().Share:
		return strconv.FormatFloat(100*v, 'f', 2, 64)
	case math.Abs(v) >= 1000:
		return strconv.FormatFloat(v, 'f', 1, 64)
	}
	return strconv.FormatFloat(v, 'f', 4, 64)
}

// Scale is what the measure is multiplied by for pictures.
func (r *Results) Scale() float64 {
	if r.metric().Share {
		return 100
	}
	return 1
}

// Unit is the measure's name with what it is then in, such as "accuracy, %".
func (r *Results) Unit() string {
	if r.metric().Share {
		return r.metric().Name + ", %"
	}
	return r.metric().Name
}

// Value is the best row's mean in words, such as "accuracy 92.10 %".
func (r *Results) Value() string {
	v := r.number(r.Rows[r.Best].QAT.Mean)
	if r.metric().Share {
		v += " %"
	}
	return r.metric().Name + " " + v
}

func (r *Results) signed(v float64) string {
	if v < 0 {
		return "−" + r.number(-v)
	}
	return "+" + r.number(v)
}

// Legend says what the numbers are, a sentence or two on a line.
func (r *Results) Legend() string {
	what := "Test " + r.metric().Name
	if r.metric().Share {
		what += " in per cent"
	}
	halved := ""
	if r.Halved > 0 {
		halved = fmt.Sprintf(", %d were stopped by halving", r.Halved)
	}
	return fmt.Sprintf("%s: mean ± half of Student's 95 %% interval. %d of %d trials finished%s.\n"+
		"Against *: mean difference of QAT, seed by seed; p is of Student's paired t-test,\n"+
		"adjusted for the number of rows (Holm). Bytes: scales, biases, and weights without\n"+
		"unused bits. Frontier: no other row is as good and smaller, or as small and better.",
		what, r.Finished, r.Trials, halved)
}
