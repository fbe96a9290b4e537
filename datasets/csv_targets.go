package datasets

import (
	"fmt"
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// answer is what the rows of a table are matched with, apart from classes.
type answer struct {
	Target
	names  []string  // of its numbers or labels
	values []float32 // rows × names
}

// findTargets finds the columns that are predicted.
func (l *layout) findTargets(selectors []string) error {
	wanted, _, err := l.choose(selectors)
	if err != nil {
		return fmt.Errorf("data.targets: %w", err)
	}
	l.targets = make([]int, l.width)
	for c, want := range wanted {
		l.targets[c] = -1
		if want > 0 {
			l.addTarget(c, LabelAccount{Number: c + 1, Reason: "data.targets"})
		}
	}
	if l.Targets == nil {
		return fmt.Errorf("data.targets: none is left, have %s", l.have())
	}
	l.Label.Reason = "data.targets"
	return nil
}

func (l *layout) addTarget(c int, a LabelAccount) {
	if l.titles != nil {
		a.Title = l.titles[c]
	}
	l.targets[c] = len(l.Targets)
	l.Targets = append(l.Targets, a)
}

// findTargetsLike finds the columns that a network predicts in another table.
func (l *layout) findTargetsLike(t *TableAccount) error {
	l.targets = slices.Repeat([]int{-1}, l.width)
	for _, like := range t.Targets {
		c := slices.Index(l.titles, like.Title)
		if like.Title == "" || l.titles == nil {
			c = l.numbered(like.Number, t)
		}
		if c < 0 {
			return fmt.Errorf("no column for the target %s, have %s", like.place(), l.have())
		}
		l.addTarget(c, LabelAccount{Number: c + 1, Reason: like.Reason})
	}
	return nil
}

// predicts reports whether a column is one of several targets.
func (l *layout) predicts(c int) bool { return l.targets != nil && l.targets[c] >= 0 }

// targetNames are the titles of the targets, or their columns' numbers.
func (l *layout) targetNames() (names []string) {
	for _, t := range l.Targets {
		names = append(names, t.name())
	}
	return names
}

// name is the column's title, or else its number.
func (l LabelAccount) name() string {
	if l.Title == "" {
		return fmt.Sprintf("column %d", l.Number)
	}
	return l.Title
}

// target reads the value of a target in its turn. Its columns may have another order
// than in training.
func (t *table) target(text []byte, c int) error {
	n := len(t.Targets)
	v, err := t.parse(text, c)
	if err != nil {
		return err
	}
	if len(t.answer.values)%n == 0 && t.pending == 0 {
		t.answer.values = append(t.answer.values, make([]float32, n)...)
	}
	t.answer.values[len(t.answer.values)-n+t.targets[c]] = v
	t.pending = (t.pending + 1) % n
	return nil
}

// decide says what the rows of the tables are matched with, and reads it. Tables for a
// network that is trained have the targets that it computes.
func decide(tables []*table, opts Options, known []string) error {
	first := tables[0]
	kind := opts.Target
	switch {
	case first.targets != nil && kind == AnyTarget:
		kind = NumberTargets
		several := func(t *table) bool { return len(t.Targets) > 1 && marked(t.answer.values) }
		if !slices.ContainsFunc(tables, func(t *table) bool { return !several(t) }) {
			kind = LabelTargets
		}
	case first.targets == nil && first.column < 0:
		return nil
	case kind == AnyTarget && first.like:
		kind = ClassTarget
	case kind == AnyTarget:
		var err error
		if kind, err = first.look(); err != nil {
			return fmt.Errorf("label: %s; it has %w", first.Label, err)
		}
	}
	for _, t := range tables {
		if err := t.answerWith(kind, known, tables); err != nil {
			return err
		}
	}
	return nil
}

// answerWith reads what the rows are matched with.
func (t *table) answerWith(kind Target, known []string, tables []*table) (err error) {
	t.answer.Target = kind
	switch {
	case t.targets != nil:
		t.answer.names = t.targetNames()
		if kind == LabelTargets && !marked(t.answer.values) {
			return fmt.Errorf("data.targets: labels of %s are not all 0 or 1", listed(t.answer.names))
		}
	case kind == NumberTargets:
		t.answer.names = known
		if known == nil {
			t.answer.names = []string{t.Label.name()}
		}
		err = t.numberLabels()
	case kind == LabelTargets:
		t.answer.names = known
		if known == nil {
			t.answer.names = listedLabels(tables)
		}
		err = t.markLabels()
	}
	if known != nil && err == nil && kind != ClassTarget && !slices.Equal(known, t.answer.names) {
		err = fmt.Errorf("targets %s, the model computes %s", listed(t.answer.names), listed(known))
	}
	return err
}

// numberLabels reads the label's column as numbers.
func (t *table) numberLabels() error {
	numbers := make([]float32, len(t.labels.names))
	for n, name := range t.labels.names {
		v, err := t.marks.number(name)
		if name == "" && t.cut {
			v, err = float32(math.NaN()), nil
		}
		if err != nil {
			return fmt.Errorf("label: %s: row %d: %w", t.Label.place(), slices.Index(t.labels.rows, int32(n))+1, err)
		}
		numbers[n] = v
	}
	for _, n := range t.labels.rows {
		t.answer.values = append(t.answer.values, numbers[n])
	}
	return nil
}

// labelsIn are the labels that a field lists, such as "cat|dog".
func labelsIn(field string) (names []string) {
	for _, name := range strings.FieldsFunc(field, func(r rune) bool { return strings.ContainsRune("|;,", r) }) {
		if name = strings.TrimSpace(name); !isMissing(name) {
			names = append(names, name)
		}
	}
	return names
}

// listedLabels are all labels that tables list, sorted.
func listedLabels(tables []*table) (all []string) {
	for _, t := range tables {
		for _, field := range t.labels.names {
			all = append(all, labelsIn(field)...)
		}
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// markLabels reads the label's column as lists of labels.
func (t *table) markLabels() error {
	if len(t.answer.names) == 0 {
		return fmt.Errorf("label: %s lists no label in any row", t.Label.place())
	}
	for _, n := range t.labels.rows {
		row := make([]float32, len(t.answer.names))
		for _, name := range labelsIn(t.labels.names[n]) {
			at := slices.Index(t.answer.names, name)
			if at < 0 {
				return fmt.Errorf("label %q, want one of %s", name, listed(t.answer.names))
			}
			row[at] = 1
		}
		t.answer.values = append(t.answer.values, row...)
	}
	return nil
}

// dressed matches numbers with a currency, a percent sign, or separators between thousands.
var dressed = regexp.MustCompile(`^[-+]?\s?(\p{Sc}|[A-Z]{3})?\s?[-+]?(\d{1,3}([,.'’ _]\d{3})+|\d+)([.,]\d+)?\s?` +
	`(\p{Sc}|%|[A-Z]{3})?$`)

// look says whether the label's column holds classes or numbers. It asks where both
// could be meant: a number that is taken for classes trains without an error.
func (t *table) look() (Target, error) {
	var fraction, adorned, word, missing string
	for _, name := range t.labels.names {
		switch {
		case isMissing(name):
			missing = name
		case !isNumber(name, t.marks.comma) && dressed.MatchString(name):
			adorned = name
		case !isNumber(name, t.marks.comma):
			word = name
		case !isWhole(name):
			fraction = name
		}
	}
	n, rows := len(t.labels.names), t.apart()
	const ask = "task: regression predicts numbers, task: classification takes each for a class"
	switch {
	case word != "" && fraction != "":
		return 0, fmt.Errorf("%q is a number and %q a word, want the same in all rows; data.label says which column "+
			"is predicted", clip(fraction), clip(word))
	case word == "" && adorned != "":
		return 0, fmt.Errorf("%q is not written as a plain number, such as 1234.5; %s", clip(adorned), ask)
	case word != "" && n > 20 && 2*n > rows:
		return 0, fmt.Errorf("%d different words in %d rows, such as %q, like names or dates; data.label says which "+
			"column is predicted; %s", n, rows, clip(word), ask)
	case word != "":
		return ClassTarget, nil
	case fraction != "" && missing != "":
		return 0, fmt.Errorf("row %d: %q is a missing value, want a number",
			slices.Index(t.labels.rows, int32(slices.Index(t.labels.names, missing)))+1, missing)
	case fraction != "":
		return NumberTargets, nil
	case t.quantities() && t.guessed:
		return 0, fmt.Errorf("%d different numbers in %d rows, like a quantity: data.label says which column is "+
			"predicted; %s", n, rows, ask)
	case t.quantities():
		t.warnings = append(t.warnings, fmt.Sprintf("the label has %d different whole numbers in %d rows and is "+
			"predicted as a number; %s", n, rows, ask))
		return NumberTargets, nil
	case missing == "" && !t.labels.plain:
		return 0, fmt.Errorf("whole numbers with decimals, such as %s, can be classes or quantities: %s",
			t.labels.first, ask)
	}
	return ClassTarget, nil
}

// apart is how many rows say something of their own: those of a window say the same.
func (t *table) apart() int { return len(t.labels.rows) / max(1, t.window) }

// isWhole reports whether a label is one that [labels.clean] wrote as a whole number.
func isWhole(name string) bool {
	_, err := strconv.Atoi(name)
	return err == nil
}
