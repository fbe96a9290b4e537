package datasets

import (
	"cmp"
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"
	"time"
)

// Windows say how recordings of sensors, tables with a row for each moment, are
// cut into samples: signals C 1 Length. A window lies within one recording and
// crosses no gap.
type Windows struct {
	Length int // rows; 0: each row of a table is a sample
	Hop    int // rows from the beginning of one window to the next; 0: half of Length

	// Time and Recording are columns, by title or number. "": those titled time,
	// timestamp, t, ts, datetime or date_time, and recording, recording_id or session, if
	// there are any.
	// Without a Recording, each gap begins one, and in a folder each file is one.
	Time, Recording string

	// Gap is the longest step of time within a recording; 0: five times the median.
	Gap float64

	// Target says what a window is matched with: of numbers the mean of its rows, mean
	// (or ""), or its last row's, last; of labels those that any row has, any (or ""),
	// that most rows have, most, or that the last one has, last.
	Target string

	Mixed   string // windows of several classes: majority (or ""), leave_out or refuse
	Missing string // rows without a value: refuse (or ""), or cut the recording there
}

func (w Windows) validate() error {
	switch {
	case w.Length == 0 && w != Windows{}:
		return errors.New("datasets: windows without a length: the other options of windows have no effect")
	case w.Length < 0 || w.Hop < 0:
		return fmt.Errorf("datasets: windows of %d rows every %d, want positive numbers", w.Length, w.Hop)
	case !(w.Gap >= 0) || math.IsInf(w.Gap, 0):
		return fmt.Errorf("datasets: gap %v, want a positive number", w.Gap)
	case !slices.Contains([]string{"", "mean", "last", "any", "most"}, w.Target):
		return fmt.Errorf("datasets: target %q of windows, want mean, last, any or most", w.Target)
	case !slices.Contains([]string{"", "majority", "leave_out", "refuse"}, w.Mixed):
		return fmt.Errorf("datasets: mixed %q, want majority, leave_out or refuse", w.Mixed)
	case !slices.Contains([]string{"", "refuse", "cut"}, w.Missing):
		return fmt.Errorf("datasets: missing %q, want refuse or cut", w.Missing)
	}
	return nil
}

func (w Windows) hop() int {
	if w.Hop == 0 {
		return max(1, w.Length/2)
	}
	return w.Hop
}

// cutter cuts tables into windows.
type cutter struct {
	*loading
	Windows
	account RecordingAccount
	columns int
	labels  labels // by window
	matched
	values []float32
	names  []string // of recordings, by window
	times  []string // of first rows, by window
	groups []int32  // recordings, by window
	next   int32    // number of the next recording
	step   float64  // of time, in the first table
}

// RecordingAccount says how recordings were cut.
type RecordingAccount struct {
	Recordings int     `json:"recordings"`
	Least      int     `json:"least"` // rows of the shortest stretch without a gap
	Greatest   int     `json:"greatest"`
	Length     int     `json:"length"`
	Hop        int     `json:"hop"`
	Step       float64 `json:"step,omitempty"`      // of time, the median
	Gaps       int     `json:"gaps,omitempty"`      // where recordings are cut
	Sorted     int     `json:"sorted,omitempty"`    // recordings whose rows were not in order
	Short      int     `json:"short,omitempty"`     // stretches without a window
	Target     string  `json:"target,omitempty"`    // what a window is matched with, if not with a class
	Mixed      int     `json:"mixed,omitempty"`     // windows of several labels
	Missing    int     `json:"missing,omitempty"`   // rows with a missing value, left out
	Otherwise  int     `json:"otherwise,omitempty"` // files with another step of time
}

// String returns text such as "24 of 480 to 960 rows, step 0.02; windows of 128 rows, one every 64".
func (a *RecordingAccount) String() string {
	s := fmt.Sprintf("%d of %d", a.Recordings, a.Least)
	if a.Least != a.Greatest {
		s += fmt.Sprintf(" to %d", a.Greatest)
	}
	s += " rows"
	if a.Step > 0 {
		s += fmt.Sprintf(", step %.4g", a.Step)
	}
	s += fmt.Sprintf("; windows of %d rows, one every %d", a.Length, a.Hop)
	s += prefixed("; targets: ", a.Target)
	for _, part := range []struct {
		n    int
		what string
	}{
		{a.Gaps, "cut at gaps"}, {a.Sorted, "sorted by time"}, {a.Mixed, "windows of several labels"},
		{a.Missing, "rows left out for missing values"},
	} {
		if part.n > 0 {
			s += fmt.Sprintf("; %s: %d", part.what, part.n)
		}
	}
	return s
}

// take cuts a table. name is that of its recording, if the table is one, else "".
// class is the label of all its rows, or "" if they have their own.
func (c *cutter) take(t *table, name, class string) error {
	if c.columns == 0 {
		c.columns = t.cols
	}
	ids, rows := t.byRecording()
	for _, r := range rows {
		if t.inTime(r) {
			c.account.Sorted++
		}
	}
	step := t.medianStep(rows)
	gap := c.Gap
	if gap == 0 {
		gap = 5 * step
	}
	if c.step == 0 {
		c.step, c.account.Step = step, step
	}
	if step > 0 && math.Abs(step-c.step) > c.step/4 {
		c.account.Otherwise++
	}
	for k, r := range rows {
		id := ids[k]
		if name != "" {
			id = name
		}
		for i, part := range t.parts(r, gap) {
			if i > 0 {
				c.account.Gaps++
			}
			if begins := i == 0 || t.recording < 0; begins && name == "" {
				c.next++
			}
			if err := c.cut(t, part, c.named(id), class); err != nil {
				return err
			}
		}
	}
	if name != "" {
		c.next++
	}
	return nil
}

// named is the name of the recording, or else its number.
func (c *cutter) named(name string) string {
	return cmp.Or(name, fmt.Sprintf("recording %d", c.next))
}

// cut takes the windows of rows that follow each other without a gap in time.
func (c *cutter) cut(t *table, rows []int32, name, class string) error {
	for len(rows) > 0 {
		n := slices.IndexFunc(rows, func(row int32) bool { return t.misses(row) || c.unmatched(t, row) })
		if n < 0 {
			n = len(rows)
		} else {
			c.account.Missing++
		}
		if err := c.stretch(t, rows[:n], name, class); err != nil {
			return err
		}
		rows = rows[min(n+1, len(rows)):]
	}
	return nil
}

// misses reports whether a row lacks a value.
func (t *table) misses(row int32) bool {
	for _, v := range t.values[int(row)*t.cols:][:t.cols] {
		if v != v {
			return true
		}
	}
	return false
}

// stretch takes the windows of complete rows.
func (c *cutter) stretch(t *table, rows []int32, name, class string) error {
	if len(rows) == 0 {
		return nil
	}
	a := &c.account
	if a.Greatest == 0 {
		a.Least = len(rows)
	}
	a.Least, a.Greatest = min(a.Least, len(rows)), max(a.Greatest, len(rows))
	if len(rows) < c.Length {
		a.Short++
		return nil
	}
	windows := (len(rows)-c.Length)/c.hop() + 1
	if err := c.hold(4*int64(windows*c.Length*c.columns) + int64(c.ofMasks(windows))); err != nil {
		return fmt.Errorf("datasets: %s: %w", name, err)
	}
	for ; len(rows) >= c.Length; rows = rows[min(c.hop(), len(rows)):] {
		window := rows[:c.Length]
		label, mixed := "", false
		if class != "" {
			label = class
		} else if c.wanted <= ClassTarget {
			label, mixed = t.majority(window)
		}
		if mixed {
			a.Mixed++
			if c.Mixed == "refuse" {
				return fmt.Errorf("datasets: %s: the window at %s has several labels; data.windows.mixed: majority takes "+
					"the most frequent, leave_out none of such windows", name, t.timeOf(window[0]))
			}
			if c.Mixed == "leave_out" {
				continue
			}
		}
		if label == "" {
			c.labels.rows = append(c.labels.rows, 0)
		} else if err := c.labels.add([]byte(label)); err != nil {
			return fmt.Errorf("datasets: %s: %w", name, err)
		}
		c.match(t, window)
		for _, row := range window {
			c.values = append(c.values, t.values[int(row)*t.cols:][:t.cols]...)
		}
		c.names, c.times = append(c.names, name), append(c.times, t.timeOf(window[0]))
		c.groups = append(c.groups, c.next)
	}
	return nil
}

// majority is the most frequent label of rows, of several the first that occurs; ""
// without labels.
func (t *table) majority(rows []int32) (label string, mixed bool) {
	if t.column < 0 {
		return "", false
	}
	counts := make([]int, len(t.labels.names))
	for _, row := range rows {
		counts[t.labels.rows[row]]++
	}
	first := t.labels.rows[rows[0]]
	best := first
	for _, row := range rows {
		if n := t.labels.rows[row]; counts[n] > counts[best] {
			best = n
		}
	}
	return t.labels.names[best], counts[first] < len(rows)
}

// byRecording lists the rows of each recording, and their names.
func (t *table) byRecording() (names []string, rows [][]int32) {
	if t.recording < 0 {
		all := make([]int32, t.rows())
		for i := range all {
			all[i] = int32(i)
		}
		return []string{""}, [][]int32{all}
	}
	return t.recordings.names, byClass(t.recordings.rows)
}

// inTime sorts the rows of a recording by time if they are not and no two have the
// same time. If some have, time begins again, where another recording does.
func (t *table) inTime(rows []int32) (sorted bool) {
	if t.time < 0 {
		return false
	}
	earlier := func(a, b int32) int { return cmp.Compare(t.times[a], t.times[b]) }
	if slices.IsSortedFunc(rows, earlier) {
		return false
	}
	order := slices.Clone(rows)
	slices.SortStableFunc(order, earlier)
	for i := 1; i < len(order); i++ {
		if earlier(order[i-1], order[i]) == 0 {
			return false
		}
	}
	copy(rows, order)
	return true
}

// medianStep is the median of the steps forward in time, 0 if there are none.
func (t *table) medianStep(recordings [][]int32) float64 {
	if t.time < 0 {
		return 0
	}
	var steps []float64
	for _, rows := range recordings {
		for i := 1; i < len(rows); i++ {
			if d := t.times[rows[i]] - t.times[rows[i-1]]; d > 0 {
				steps = append(steps, d)
			}
		}
	}
	if steps == nil {
		return 0
	}
	slices.Sort(steps)
	return steps[len(steps)/2]
}

// parts are the rows of a recording between gaps, and between steps back.
func (t *table) parts(rows []int32, gap float64) (parts [][]int32) {
	from := 0
	for i := 1; i < len(rows) && t.time >= 0; i++ {
		if d := t.times[rows[i]] - t.times[rows[i-1]]; d < 0 || gap > 0 && d > gap {
			parts, from = append(parts, rows[from:i]), i
		}
	}
	return append(parts, rows[from:])
}

// timeOf is the time of a row, or its number from 1 if there are no times.
func (t *table) timeOf(row int32) string {
	switch {
	case t.time < 0:
		return fmt.Sprintf("row %d", row+1)
	case t.dated:
		return time.UnixMicro(int64(math.Round(t.times[row] * 1e6))).UTC().Format("2006-01-02T15:04:05.999999Z")
	}
	return strconv.FormatFloat(t.times[row], 'f', -1, 64)
}

// warn says what a user should know of recordings that did not fit.
func (a *RecordingAccount) warn(to *Account) {
	if a.Short > 0 {
		to.warn("left out, since shorter than a window of %d rows: %d stretches without a gap", a.Length, a.Short)
	}
	if a.Otherwise > 0 {
		to.warn("files with another step of time than %.4g, so that their windows last longer or shorter: %d",
			a.Step, a.Otherwise)
	}
}
