package datasets

import (
	"fmt"
	"slices"
)

// matched is what windows are matched with, other than one class each.
type matched struct {
	wanted  Target      // what is asked for; AnyTarget: the look of all tables says
	known   []string    // names of what a trained network computes
	called  []string    // names of numbers, labels or the classes of rows, in the order they occur
	at      []int       // by name in the table that is cut, its place in called; −1: none
	numbers [][]float32 // by window: a label's is the share of the rows that have it
	masks   []uint8     // a class for each row of each window, by its place in called
	rows    labels      // the label's column of all tables, where its look says
	strange bool        // the number of some row is neither 0 nor 1
}

// ofRows reads what the rows of a table are matched with.
func (c *cutter) ofRows(t *table) (err error) {
	names := t.labels.names
	switch {
	case c.wanted == PixelTargets && t.targets != nil:
		return fmt.Errorf("data.targets: the class of a row is in one column: want data.label")
	case t.targets == nil && t.column < 0 || c.wanted == ClassTarget:
		return nil
	case c.wanted == PixelTargets && c.known == nil:
		c.see(t)
	case c.wanted == PixelTargets:
	case c.wanted == AnyTarget && t.targets == nil:
		if c.see(t); t.numberLabels() != nil { // there are words
			t.answer.values = nil
			return nil
		}
		names = []string{t.Label.name()}
	default:
		if err := t.answerWith(max(c.wanted, NumberTargets), c.known, []*table{t}); err != nil {
			return err
		}
		names = t.answer.names
	}
	c.strange = c.strange || !marked(t.answer.values)
	c.at, err = c.places(names)
	return err
}

// see takes note of how the label's column of a table looks.
func (c *cutter) see(t *table) {
	c.rows.free = true // they have been cleaned
	for _, n := range t.labels.rows {
		c.rows.add([]byte(t.labels.names[n]))
	}
	c.rows.plain = c.rows.plain || t.labels.plain
	c.rows.first = t.labels.first
}

// places are those of a table's names among all.
func (c *cutter) places(names []string) (at []int, err error) {
	for _, name := range names {
		k := slices.Index(c.called, name)
		switch {
		case c.wanted == PixelTargets && name == "":
			k = -1
		case k < 0 && c.known != nil:
			return nil, fmt.Errorf("label %q, want one of %s", clip(name), listed(c.known))
		case k < 0 && c.wanted == PixelTargets && len(c.called) == maxPixelClasses:
			return nil, fmt.Errorf("more than %d different labels of rows, such as %q", maxPixelClasses, clip(name))
		case k < 0:
			k, c.called = len(c.called), append(c.called, name)
		}
		at = append(at, k)
	}
	return at, nil
}

// unmatched reports whether a row has nothing to be matched with, so that recordings are cut
// there. A row without a class stays where each has its own.
func (c *cutter) unmatched(t *table, row int32) bool {
	n := len(t.answer.names)
	if t.targets == nil {
		n = min(1, len(t.answer.values))
	}
	missing := func(v float32) bool { return v != v }
	return t.column >= 0 && c.wanted <= NumberTargets && t.labels.names[t.labels.rows[row]] == "" ||
		t.answer.values != nil && slices.ContainsFunc(t.answer.values[int(row)*n:][:n], missing)
}

// ofMasks is how many bytes the masks of windows take.
func (c *cutter) ofMasks(windows int) int {
	if c.wanted != PixelTargets {
		return 0
	}
	return windows * c.Length
}

// match appends what a window is matched with.
func (c *cutter) match(t *table, window []int32) {
	if c.wanted == PixelTargets && t.column >= 0 {
		for _, row := range window {
			class := uint8(Ignored)
			if k := c.at[t.labels.rows[row]]; k >= 0 {
				class = uint8(k)
			}
			c.masks = append(c.masks, class)
		}
	}
	if t.answer.values == nil {
		return
	}
	if c.Target == "last" {
		window = window[len(window)-1:]
	}
	numbers := make([]float32, len(c.called))
	for k, to := range c.at {
		sum := 0.0
		for _, row := range window {
			sum += float64(t.answer.values[int(row)*len(c.at)+k])
		}
		numbers[to] = float32(sum / float64(len(window)))
	}
	c.numbers = append(c.numbers, numbers)
}

// target says what the windows are matched with, and checks that the options suit it.
func (w *windowed) target() (kind Target, err error) {
	c, t := w.cut, w.first
	look := &table{layout: t.layout, labels: c.rows, marks: t.marks, stamps: stamps{window: c.Length}}
	switch {
	case len(c.labels.names) > 0 && t.column < 0: // folders name them
		kind = ClassTarget
	case t.targets == nil && t.column < 0:
		return AnyTarget, w.opts.Windows.suit(AnyTarget, w.like != nil)
	case c.wanted != AnyTarget:
		kind = c.wanted
	case len(t.Targets) > 1 && !c.strange:
		kind = LabelTargets
	case t.targets != nil:
		kind = NumberTargets
	case w.like != nil:
		kind = ClassTarget
	default:
		if kind, err = look.look(); err != nil {
			return 0, fmt.Errorf("label: %s; it has %w", t.Label, err)
		}
	}
	if kind == PixelTargets && w.like == nil {
		if is, _ := look.look(); is == NumberTargets {
			return 0, fmt.Errorf("label: %s; it has numbers such as %s, like a quantity, and not a class for each row",
				t.Label, c.rows.names[0])
		}
	}
	return kind, w.opts.Windows.suit(kind, w.like != nil)
}

// suit checks the options for windows that are matched with something. Those of a trained
// network have been checked.
func (w Windows) suit(kind Target, like bool) error {
	allowed := map[Target][]string{NumberTargets: {"", "mean", "last"}, LabelTargets: {"", "any", "most", "last"}}[kind]
	switch {
	case like:
	case w.Mixed != "" && kind != ClassTarget:
		return fmt.Errorf("data.windows.mixed: %s has no effect: windows are matched with %v, want classes", w.Mixed,
			kind.orNothing())
	case w.Target != "" && allowed == nil:
		return fmt.Errorf("data.windows.target: %s has no effect: windows are matched with %v, want numbers or labels",
			w.Target, kind.orNothing())
	case w.Target != "" && !slices.Contains(allowed, w.Target):
		return fmt.Errorf("data.windows.target: %s is not for %v, want %s", w.Target, kind, listed(allowed[1:]))
	}
	return nil
}

// orNothing is the target's name, nothing if there is none.
func (t Target) orNothing() string {
	if t == AnyTarget {
		return "nothing"
	}
	return t.String()
}

// match gives the windows what they are matched with.
func (w *windowed) match(s *Set, all *Split) error {
	kind, err := w.target()
	if err != nil {
		return fmt.Errorf("datasets: %s: %w", w.path, err)
	}
	c := w.cut
	if kind == ClassTarget {
		s.Classes = sortedClasses(slices.Clone(c.labels.names))
		all.Labels = c.labels.numbers(s.Classes)
		return nil
	}
	s.Target, s.Targets, all.Labels = kind, c.called, make([]int32, len(all.Labels))
	order := c.sorted(w.first.targets == nil && c.known == nil && kind != NumberTargets)
	switch kind {
	case NumberTargets, LabelTargets:
		for _, numbers := range c.numbers {
			row := make([]float32, len(c.called))
			for k, v := range numbers {
				row[order[k]] = c.ofLabel(v, kind)
			}
			all.Targets = append(all.Targets, row...)
		}
	case PixelTargets:
		for i, class := range c.masks {
			if class != Ignored {
				c.masks[i] = uint8(order[class])
			}
		}
		all.Masks = c.masks
	}
	c.account.Target = c.says(kind)
	return nil
}

// sorted is where each name is among all. Those of lists and of rows are put in order.
func (c *cutter) sorted(inOrder bool) []int {
	before, order := slices.Clone(c.called), make([]int, len(c.called))
	if inOrder {
		c.called = sortedClasses(c.called)
	}
	for k, name := range before {
		order[k] = slices.Index(c.called, name)
	}
	return order
}

// ofLabel is whether a window has the label that a share of its rows has; numbers stay.
func (c *cutter) ofLabel(share float32, kind Target) float32 {
	least := float32(0)
	if c.Target == "most" {
		least = 0.5
	}
	switch {
	case kind != LabelTargets:
		return share
	case share > least:
		return 1
	}
	return 0
}

// says is what windows are matched with in words.
func (c *cutter) says(kind Target) string {
	switch {
	case kind == PixelTargets:
		return "a class for each row"
	case kind == AnyTarget:
		return ""
	case c.Target == "last":
		return "of a window's last row"
	case kind == NumberTargets:
		return "the mean of a window's rows"
	case c.Target == "most":
		return "of more than half of a window's rows"
	}
	return "of any of a window's rows"
}
