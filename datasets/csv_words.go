package datasets

import (
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"
)

// CategoryAccount is a column of words that became features: one for each word, which is
// 1 where the column holds it and otherwise 0.
type CategoryAccount struct {
	Column string   `json:"column"`
	At     int      `json:"at"`    // place of its first feature among the columns
	Words  []string `json:"words"` // in the order of the features
	Zero   bool     `json:"zero"`  // other words and missing ones are 0 in all features; else they are refused
}

// mostWords is how many different words a column may have.
const mostWords = 1000

// category reads a column of words.
type category struct {
	labels
	known bool // the words are those of training
	zero  bool
}

// findCategories finds the columns that [Options.Categories] names.
func (l *layout) findCategories(opts Options) error {
	if opts.Categories == nil {
		return nil
	}
	wanted, _, err := l.choose(opts.Categories)
	if err != nil {
		return fmt.Errorf("data.categories: %w", err)
	}
	l.categories = make([]*category, l.width)
	for c, want := range wanted {
		if want > 0 {
			l.categories[c] = &category{zero: opts.Unseen == "zero"}
		}
	}
	return nil
}

// isCategory reports whether a column's words are features.
func (l *layout) isCategory(c int) bool { return l.categories != nil && l.categories[c] != nil }

// addWord appends the number of a word, −1 for none of training's.
func (t *table) addWord(text []byte, c int) error {
	n, err := t.categories[c].number(text)
	t.values = append(t.values, float32(n))
	return err
}

// number is that of a word in the order of the rows; −1: none.
func (w *category) number(text []byte) (int32, error) {
	if n, ok := w.index[string(text)]; ok {
		return n, nil
	}
	word := string(text)
	missing := noWord(word)
	switch {
	case (missing || w.known) && w.zero:
		return -1, nil
	case missing:
		return 0, fmt.Errorf("%q is a missing value, want a word; data.unseen: zero takes it for none of the words", word)
	case w.known:
		return 0, fmt.Errorf("%q, want one of the words of training: %s; data.unseen: zero takes others for none of them",
			clip(word), listed(w.names))
	case !utf8.ValidString(word):
		return 0, fmt.Errorf("%q, want UTF-8", clip(word))
	case len(w.names) == mostWords:
		return 0, fmt.Errorf("%q is the %dth different word of a column in data.categories, want %d at most",
			clip(word), mostWords+1, mostWords)
	}
	w.learn(word)
	return int32(len(w.names) - 1), nil
}

// noWord reports whether a field holds no word. Data do hold words such as "none", which for
// numbers mean that there is none.
func noWord(field string) bool {
	return isMissing(field) && !slices.Contains([]string{"none", "nil", "missing", "-"}, strings.ToLower(field))
}

// learn appends a word.
func (w *category) learn(word string) {
	if w.index == nil {
		w.index = map[string]int32{}
	}
	w.index[word] = int32(len(w.names))
	w.names = append(w.names, word)
}

// spread replaces the number of each word by its features. Its columns are those of
// training from here on.
func (t *table) spread(hold func(bytes int64) error) error {
	if t.categories == nil {
		return nil
	}
	var of []*category // by column that is read
	for c, feature := range t.feature {
		if feature {
			of = append(of, t.categories[c])
		}
	}
	if t.order != nil {
		read := slices.Clone(of)
		for k, to := range t.order {
			of[to] = read[k]
		}
	}
	first := make([]int, len(of)+1) // feature of each column
	place := make([][]int, len(of)) // by word, its feature
	var names []string
	for k, w := range of {
		first[k] = len(names)
		if w == nil {
			names = append(names, t.Columns[k])
			continue
		}
		words := slices.Clone(w.names)
		if !w.known {
			words = sortedClasses(words)
		}
		t.Categories = append(t.Categories, CategoryAccount{t.Columns[k], first[k], words, w.zero})
		place[k] = make([]int, len(words))
		for i, word := range words {
			place[k][w.index[word]] = i
			names = append(names, t.Columns[k]+"="+word)
		}
	}
	if len(names) == 0 {
		return fmt.Errorf("%s has no words, and there are no other features", listed(t.Columns))
	}
	rows := t.rows()
	if err := hold(4 * int64(rows) * int64(len(names))); err != nil {
		return err
	}
	spread := make([]float32, rows*len(names))
	for i := range rows {
		row := spread[i*len(names):][:len(names)]
		for k, v := range t.values[i*t.cols:][:t.cols] {
			switch {
			case of[k] == nil:
				row[first[k]] = v
			case v >= 0:
				row[first[k]+place[k][int(v)]] = 1
			}
		}
	}
	t.values, t.cols, t.Columns = spread, len(names), names
	return nil
}

// read lists the columns that are read: those of features, and of words instead of the
// features that they become.
func (t *TableAccount) read() (all []string) {
	next := t.Categories
	for i := 0; i < len(t.Columns); {
		if len(next) > 0 && next[0].At == i {
			all = append(all, next[0].Column)
			i += len(next[0].Words)
			next = next[1:]
			continue
		}
		all = append(all, t.Columns[i])
		i++
	}
	return all
}

// category is that of a column that is read, with the words of training; nil: it has numbers.
func (t *TableAccount) category(column string) *category {
	for _, a := range t.Categories {
		if a.Column == column {
			w := &category{known: true, zero: a.Zero}
			for _, word := range a.Words {
				w.learn(word)
			}
			return w
		}
	}
	return nil
}

// String returns text such as "city: Oslo, Rome; other words are refused".
func (a CategoryAccount) String() string {
	others := "other words are refused"
	if a.Zero {
		others = "other words are none of them"
	}
	return fmt.Sprintf("%s: %s; %s", a.Column, listed(a.Words), others)
}

// wordsLike gives columns the words of training. places are those of the columns that are
// read, in the order of training.
func (l *layout) wordsLike(t *TableAccount, places []int) {
	if t == nil || t.Categories == nil {
		return
	}
	l.categories = make([]*category, l.width)
	for i, column := range t.read() {
		l.categories[places[i]] = t.category(column)
	}
}
