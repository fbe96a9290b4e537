package main

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
)

// markdown is the report as in docs/performance.md: a section of the processor.
func (r *report) markdown() string {
	var b strings.Builder
	fmt.Fprintf(&b, heading+"%s\n\nMeasured on %s, %d threads, kernels %s, %s. Turns of at least %g s, %d rounds.\n",
		r.Machine.Processor, r.Date.Format("2 January 2006"), r.Machine.Threads, r.Machine.Extension,
		r.Machine.System, r.Seconds, r.Rounds)
	fmt.Fprintf(&b, "Other processes had %.0f %% of the processors meanwhile (%s); %d rounds were repeated "+
		"because of them.\n\n", 100*r.others(), r.busiest(), r.repeated())
	b.WriteString("| measure | unit | petrify | peer | ratio (least–most) | of the best turns | to reach | " +
		"stretch | reached |\n")
	b.WriteString("| --- | --- | ---: | --- | --- | ---: | --- | --- | --- |\n")
	for _, w := range r.Rows {
		b.WriteString(w.markdown())
	}
	for _, g := range r.Growth {
		b.WriteString(g.markdown())
	}
	b.WriteString("\nThe sides by their own names:\n\n")
	for _, name := range r.sides() {
		fmt.Fprintf(&b, "- %s\n", name)
	}
	return b.String()
}

func (w result) markdown() string {
	sign := "≥"
	if w.LessIsBetter {
		sign = "≤"
	}
	bound := func(x float64) string {
		if x == 0 {
			return "–"
		}
		return fmt.Sprintf("%s %g", sign, x)
	}
	median, best := "**"+digits(w.Ratio.Median, 3)+"**", digits(w.Best, 3)
	if w.Busy {
		median, best = "not valid", "–"
	}
	return fmt.Sprintf("| %s | %s | %s | %s %s | %s (%s–%s) | %s | %s | %s | %s |\n",
		w.Measure, w.Unit, digits(w.Ours.Median, 3), w.Peer.Side, digits(w.Peer.Median, 3),
		median, digits(w.Ratio.Least, 3), digits(w.Ratio.Most, 3), best,
		bound(w.Reach), bound(w.Stretch), w.verdict())
}

func (g growthResult) markdown() string {
	var b strings.Builder
	verdict := "linear"
	if g.Residual > mostResidual {
		verdict = "not linear"
	}
	fmt.Fprintf(&b, "\nGrowth of %s: the line is %s + %s·x, the greatest distance from it %.1f %%, so %s within "+
		"%.0f %%.\n\n",
		g.Measure, digits(g.Line.A, 3), digits(g.Line.B, 3), 100*g.Residual, verdict, 100*mostResidual)
	fmt.Fprintf(&b, "| %s | %s (least–most) | off the line |\n| ---: | --- | ---: |\n", g.Size, g.Unit)
	for i, x := range g.X {
		t := g.Times[i]
		fmt.Fprintf(&b, "| %.0f | %s (%s–%s) | %+.1f %% |\n", x, digits(t.Median, 3), digits(t.Least, 3),
			digits(t.Most, 3), 100*g.Line.off(x, t.Median))
	}
	return b.String()
}

// digits prints x with n significant digits and no exponent, and longer
// integers in full.
func digits(x float64, n int) string {
	if x == 0 || math.IsInf(x, 0) || math.IsNaN(x) {
		return fmt.Sprint(x)
	}
	after := max(0, n-1-int(math.Floor(math.Log10(math.Abs(x)))))
	return strconv.FormatFloat(x, 'f', after, 64)
}

// others is the mean share of the processors that other processes had.
func (r *report) others() (mean float64) {
	for _, m := range r.Contests {
		mean += m.Others / float64(len(r.Contests))
	}
	return mean
}

// busiest names the contest that was disturbed the most.
func (r *report) busiest() string {
	m := slices.MaxFunc(r.Contests, func(a, b measured) int { return int(math.Copysign(1, a.Others-b.Others)) })
	return fmt.Sprintf("most during %s: %.0f %%", m.Contest, 100*m.Others)
}

// repeated counts the rounds that other processes spoiled.
func (r *report) repeated() (n int) {
	for _, m := range r.Contests {
		n += m.Repeated
	}
	return n
}

// sides lists the names that the sides gave themselves.
func (r *report) sides() (names []string) {
	for _, m := range r.Contests {
		names = append(names, m.Sides...)
	}
	slices.Sort(names)
	return slices.Compact(names)
}
