package report

import (
	"cmp"
	"encoding/json"
	"math"
	"slices"
)

// Chart describes a chart of several series over one axis. The browser draws it.
type Chart struct {
	Title  string   `json:"-"` // in the page's text
	Note   string   `json:"-"` // what it says, for those who do not see it
	Kind   string   `json:"kind"`
	X      Numbers  `json:"x"`
	XLabel string   `json:"xLabel"`
	YLabel string   `json:"yLabel"`
	Series []Series `json:"series"`
	Marks  []Mark   `json:"marks,omitempty"`
	Log    bool     `json:"log,omitempty"`
	Whole  bool     `json:"whole,omitempty"` // x are whole numbers
	From0  bool     `json:"from0,omitempty"` // y begins at 0
	Names  []string `json:"names,omitempty"` // of the points
}

// The kinds of charts.
const (
	lineChart  = "line"
	barChart   = "bars"
	pointChart = "points"
)

// Series is a row of numbers with a name and a colour.
type Series struct {
	Label  string  `json:"label"`
	Colour int     `json:"colour"` // of the page's palette
	Dashed bool    `json:"dashed,omitempty"`
	Joined bool    `json:"joined,omitempty"` // a line goes through the points
	Values Numbers `json:"values"`
	Halves Numbers `json:"halves,omitempty"` // of each value's interval
}

// Mark is a vertical line.
type Mark struct {
	X     float64 `json:"x"`
	Label string  `json:"label,omitempty"` // none: part of a grid
}

// Colours of the palette, in the order of the page's style sheet.
const (
	blue = iota
	orange
	green
	vermillion
	purple
	sky

	palette = 6 // colours
)

// Numbers are null in JSON where they are not numbers.
type Numbers []float64

// MarshalJSON writes 6 digits, which are more than a screen shows.
func (n Numbers) MarshalJSON() ([]byte, error) {
	all := make([]any, len(n))
	for i, v := range n {
		if !math.IsNaN(v) && !math.IsInf(v, 0) {
			all[i] = rounded(v)
		}
	}
	return json.Marshal(all)
}

// rounded keeps 6 significant digits.
func rounded(v float64) float64 {
	if v == 0 {
		return 0
	}
	unit := math.Pow(10, 5-math.Floor(math.Log10(math.Abs(v))))
	if math.IsInf(unit, 0) || unit == 0 {
		return v
	}
	return math.Round(v*unit) / unit
}

// joined merges rows with axes of their own into one axis; numbers that a row does
// not have there are missing.
func joined(axes []Numbers, rows []Numbers) (x Numbers, values []Numbers) {
	for _, a := range axes {
		x = append(x, a...)
	}
	slices.Sort(x)
	x = slices.Compact(x)
	for i, row := range rows {
		v := slices.Repeat(Numbers{math.NaN()}, len(x))
		for j, at := range axes[i] {
			k, _ := slices.BinarySearch(x, at)
			v[k] = row[j]
		}
		values = append(values, v)
	}
	return x, values
}

// ascending sorts the points of a chart of one series, as the browser wants them.
func ascending(c *Chart) {
	order := make([]int, len(c.X))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(c.X[a], c.X[b]) })
	x, values := make(Numbers, len(order)), make(Numbers, len(order))
	for i, from := range order {
		x[i], values[i] = c.X[from], c.Series[0].Values[from]
	}
	c.X, c.Series[0].Values = x, values
}

// samplesPerBin is how many numbers an interval should have, or its height is noise.
const samplesPerBin = 20

// density is a histogram as shares per interval, at the middles of the intervals.
// It begins and ends at 0. Intervals are joined where there are few numbers.
func (h *Histogram) density() (x, y Numbers) {
	total, counts := 0, h.Counts
	for _, n := range counts {
		total += n
	}
	for len(counts) > 8 && total < samplesPerBin*len(counts) {
		counts = paired(counts)
	}
	width := (h.Greatest - h.Least) / float64(len(counts))
	if width <= 0 || total == 0 {
		return nil, nil
	}
	x, y = append(x, h.Least-width/2), append(y, 0)
	for i, n := range counts {
		x = append(x, h.Least+(float64(i)+0.5)*width)
		y = append(y, float64(n)/float64(total)/width)
	}
	return append(x, h.Greatest+width/2), append(y, 0)
}

// paired adds up neighbours.
func paired(counts []int) []int {
	half := make([]int, (len(counts)+1)/2)
	for i, n := range counts {
		half[i/2] += n
	}
	return half
}
