package datasets

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
)

// FillAccount says what replaces the missing values of a feature.
type FillAccount struct {
	Column string  `json:"column"`
	By     string  `json:"by"` // mean or median, of the training split, or number
	Value  float32 `json:"value"`
	Rows   int     `json:"rows"` // of all splits that it was missing in
}

// Ways to fill in a missing value.
const (
	byMean   = "mean"
	byMedian = "median"
	byNumber = "number"
	refused  = "refuse"
)

// filling is one of [Options.Missing]: what replaces the missing values of a column, or of
// all others.
type filling struct {
	column string // "": all
	by     string
	value  float32
}

func fillings(texts []string) (all []filling, err error) {
	for _, text := range texts {
		f := filling{by: text}
		if i := strings.LastIndex(text, "="); i >= 0 {
			f.column, f.by = strings.TrimSpace(text[:i]), strings.TrimSpace(text[i+1:])
		}
		if v, err := strconv.ParseFloat(f.by, 32); err == nil && v-v == 0 {
			f.by, f.value = byNumber, float32(v)
		} else if !slices.Contains([]string{byMean, byMedian, refused}, f.by) {
			return nil, fmt.Errorf("data.missing: %q, want mean, median, refuse or a number, for a column such as age=mean",
				text)
		}
		all = append(all, f)
	}
	return all, nil
}

// findFillings finds out what replaces the missing values of each column.
func (l *layout) findFillings(texts []string) error {
	all, err := fillings(texts)
	if err != nil || all == nil {
		return err
	}
	l.fillings = make([]*filling, l.width)
	for _, one := range []bool{false, true} {
		for i := range all {
			if (all[i].column != "") != one {
				continue
			}
			columns := l.numbers()
			if one {
				if columns, err = l.columns(all[i].column); err != nil {
					return fmt.Errorf("data.missing: %w", err)
				}
			}
			for _, c := range columns {
				if one && (!l.feature[c] || l.isCategory(c)) {
					return fmt.Errorf("data.missing: %s is not a feature of numbers", l.name(c))
				}
				l.fillings[c] = &all[i]
			}
		}
	}
	return nil
}

// numbers are the columns that are features of numbers.
func (l *layout) numbers() (list []int) {
	for c, feature := range l.feature {
		if feature && !l.isCategory(c) {
			list = append(list, c)
		}
	}
	return list
}

// filled is what stands in for a missing value in a column: NaN, until it is known.
func (t *table) filled(c int) (v float32, ok bool) {
	switch {
	case t.fillings == nil || t.fillings[c] == nil || t.fillings[c].by == refused:
		return 0, false
	case t.like && t.fillings[c].by != "":
		return t.fillings[c].value, true
	}
	return float32(math.NaN()), true
}

// fill replaces the missing values of all tables, the first of which is trained on, at the
// rows of train.
func fill(tables []*table, train *Split) error {
	t := tables[0]
	k := -1 // feature
	for c, feature := range t.feature {
		if !feature {
			continue
		}
		if k++; t.isCategory(c) {
			k += len(t.categories[c].names) - 1
			continue
		}
		if t.fillings == nil || t.fillings[c] == nil || t.fillings[c].by == refused {
			continue
		}
		a := FillAccount{Column: t.Columns[k], By: t.fillings[c].by, Value: t.fillings[c].value}
		if a.By != byNumber {
			have := t.present(k, train)
			if have == nil {
				return fmt.Errorf("%s has no value to train on: data.missing: %s=0 or another number fills it", t.name(c),
					t.selector(c))
			}
			a.Value = map[string]func([]float32) float32{byMean: mean, byMedian: median}[a.By](have)
		}
		for _, t := range tables {
			a.Rows += t.fill(k, a.Value)
		}
		t.Fills = append(t.Fills, a)
	}
	return nil
}

// present lists the values of feature k that are not missing in training.
func (t *table) present(k int, train *Split) (have []float32) {
	for i := range train.Len() {
		if v := train.values(i, t.cols)[k]; v == v {
			have = append(have, v)
		}
	}
	return have
}

// fill replaces what is missing of feature k, and counts.
func (t *table) fill(k int, v float32) (n int) {
	for i := k; i < len(t.values); i += t.cols {
		if t.values[i] != t.values[i] {
			t.values[i] = v
			n++
		}
	}
	return n
}

// complete refuses values that are still missing.
func (t *table) complete() error {
	for i, v := range t.values {
		if v != v {
			return fmt.Errorf("row %d: %q is missing; data.missing says what replaces it", i/t.cols+1, t.Columns[i%t.cols])
		}
	}
	return nil
}

func mean(x []float32) float32 {
	sum := 0.0
	for _, v := range x {
		sum += float64(v)
	}
	return float32(sum / float64(len(x)))
}

func median(x []float32) float32 {
	slices.Sort(x)
	return float32((float64(x[(len(x)-1)/2]) + float64(x[len(x)/2])) / 2)
}

// String returns text such as "age by its median, 34, in 12 rows".
func (a FillAccount) String() string {
	by := "by its " + a.By + ", "
	if a.By == byNumber {
		by = "by "
	}
	return fmt.Sprintf("%s %s%.6g, in %d rows", a.Column, by, a.Value, a.Rows)
}

// checkTableOptions checks what is said of words and missing values.
func (o Options) checkTableOptions() error {
	_, err := fillings(o.Missing)
	switch {
	case o.Unseen != "" && o.Unseen != refused && o.Unseen != "zero":
		return fmt.Errorf("datasets: unseen %q, want refuse or zero", o.Unseen)
	case o.Unseen != "" && len(o.Categories) == 0:
		return errors.New("datasets: without Categories the option Unseen has no effect")
	case o.Windows.Length > 0 && (len(o.Categories) > 0 || len(o.Missing) > 0):
		return errors.New("datasets: with windows the options Categories and Missing have no effect")
	case err != nil:
		return fmt.Errorf("datasets: %w", err)
	}
	return nil
}

// fillLike fills columns as in training, or leaves them to [fill] if that is yet to find
// out with what.
func (l *layout) fillLike(t *TableAccount, places []int, opts Options) {
	if t == nil {
		return
	}
	l.fillings = make([]*filling, l.width)
	for i, column := range t.read() {
		k := slices.IndexFunc(t.Fills, func(a FillAccount) bool { return a.Column == column })
		switch {
		case k >= 0:
			l.fillings[places[i]] = &filling{by: byNumber, value: t.Fills[k].Value}
		case len(opts.Missing) > 0 && t.Fills == nil:
			l.fillings[places[i]] = &filling{}
		}
	}
}

// filledIn lists what missing values were replaced with.
func (t *TableAccount) filledIn() string {
	var all []string
	for _, a := range t.Fills {
		if a.Rows > 0 {
			all = append(all, a.String())
		}
	}
	if all == nil {
		return fmt.Sprintf("nothing: no value of %d features is missing", len(t.Fills))
	}
	return listed(all)
}
