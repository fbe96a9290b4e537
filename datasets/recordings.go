package datasets

import (
	"fmt"
	"path/filepath"
	"slices"
)

// recording is a file of a folder of recordings.
type recording struct {
	path  string
	class string // the folder's name; "": rows have their own labels
	split int
}

// isRecordingFolder recognises a folder of tables, or of folders of tables, without
// pictures.
func isRecordingFolder(dir string) bool {
	t := newTables()
	files, _, err := t.recordings(dir)
	for _, form := range pictureForms() {
		if t.passed[form] > 0 {
			return false
		}
	}
	return err == nil && len(files) > 0
}

// recordings lists the tables of a folder, of the folders of its classes, or of such
// folders for each split.
func (t *tree) recordings(dir string) (all []recording, divided bool, err error) {
	folders, err := t.splits(dir)
	if err != nil {
		return nil, false, err
	}
	for split, dir := range folders {
		if dir == "" {
			continue
		}
		classes, files, err := contents(dir)
		if err != nil {
			return nil, false, err
		}
		all = append(all, t.tables(dir, "", files, split)...)
		for _, class := range classes {
			_, files, err := contents(filepath.Join(dir, class))
			if err != nil {
				return nil, false, err
			}
			all = append(all, t.tables(filepath.Join(dir, class), class, files, split)...)
		}
	}
	return all, folders[toTest]+folders[toValidate] != "", nil
}

// tables are those of the files.
func (t *tree) tables(dir, class string, files []string, split int) (all []recording) {
	for _, name := range files {
		if isTable(name) {
			all = append(all, recording{filepath.Join(dir, name), class, split})
		} else {
			t.passed[extension(name)]++
		}
	}
	return all
}

// names reports whether a column of the tables is predicted, whatever folders they are in.
func (o Options) names() bool {
	return len(o.Targets) > 0 || o.Target == NumberTargets || o.Target == LabelTargets || o.Target == PixelTargets
}

// unclassed are files without the names of their folders.
func unclassed(files []recording) []recording {
	for i := range files {
		files[i].class = ""
	}
	return files
}

// newTables is a folder of tables.
func newTables() *tree {
	return &tree{kind: "tables", forms: []string{".csv", ".tsv"}, passed: map[string]int{}}
}

func isTable(path string) bool { return slices.Contains([]string{".csv", ".tsv"}, form(path)) }

// openRecordings reads a folder with a table for each recording.
func (l *loading) openRecordings(dir string, opts Options) (*Set, error) {
	g := newTables()
	files, divided, err := g.recordings(dir)
	if err != nil {
		return nil, err
	}
	if opts.Windows.Length == 0 {
		return nil, fmt.Errorf("datasets: %s: a folder of tables holds recordings: data.windows.length says how many "+
			"rows make a sample", dir)
	}
	if opts.names() {
		files = unclassed(files)
	}
	classed := slices.ContainsFunc(files, func(f recording) bool { return f.class != "" })
	if classed && slices.ContainsFunc(files, func(f recording) bool { return f.class == "" }) {
		return nil, fmt.Errorf("datasets: %s: tables in folders of classes and beside them, want one or the other", dir)
	}
	if classed && opts.Label != "" && opts.Label != "none" {
		return nil, fmt.Errorf("datasets: %s: folders name the classes: data.label %q has no effect", dir, opts.Label)
	}
	if classed {
		opts.Label = "none"
	}
	w := newWindowed(l, dir, opts)
	w.divided = divided
	var paths []string
	for _, f := range files {
		if err := w.read(f.path, filepath.Base(f.path), f.class, f.split); err != nil {
			return nil, err
		}
		paths = append(paths, f.path)
	}
	if opts.Test != "" {
		more, err := w.readTest(opts.Test, classed)
		if err != nil {
			return nil, err
		}
		paths = append(paths, more...)
	}
	s, err := w.set()
	if err != nil {
		return nil, err
	}
	s.Account.Passed = g.passed
	return l.from(s, nil, paths...)
}

// windowed collects the windows of a set.
type windowed struct {
	*loading
	path    string
	opts    Options
	first   *table // whose columns the others have, too
	cut     *cutter
	splits  []int32 // by window
	divided bool    // the data have a test split
}

func newWindowed(l *loading, path string, opts Options) *windowed {
	c := &cutter{loading: l, Windows: opts.Windows, matched: matched{wanted: opts.Target, known: l.targets(), called: l.targets()}}
	c.account.Length, c.account.Hop = opts.Windows.Length, opts.Windows.hop()
	return &windowed{loading: l, path: path, opts: opts, cut: c}
}

// read cuts the table at path. name is "" if it holds several recordings.
func (w *windowed) read(path, name, class string, split int) error {
	like := w.like
	if like != nil {
		like = &Contract{Shape: [3]int{like.Shape[0], 1, 1}, Table: like.Table, Targets: like.Targets}
	}
	if w.first != nil && like == nil {
		like = &Contract{Shape: [3]int{w.first.cols, 1, 1}, Table: &w.first.TableAccount}
	}
	before := w.held
	t, err := w.readCSVFile(path, like, w.opts)
	if err != nil {
		return err
	}
	if w.first == nil {
		if like == nil {
			t.leaveIndices()
			if err := t.askForClocks(w.opts.Windows); err != nil {
				return fmt.Errorf("datasets: %s: %w", path, err)
			}
		}
		if class != "" {
			t.Label.Reason = "the names of the folders"
		}
		w.first = t
	}
	table := w.held - before
	if err := w.cut.ofRows(t); err != nil {
		return fmt.Errorf("datasets: %s: %w", path, err)
	}
	if err := w.cut.take(t, name, class); err != nil {
		return err
	}
	w.held -= table
	if w.first == t {
		rest := *t
		rest.values, rest.answer = nil, answer{} // only its columns matter from here on
		w.first = &rest
	}
	for len(w.splits) < len(w.cut.groups) {
		w.splits = append(w.splits, int32(split))
	}
	return nil
}

// readTest reads the table or folder of [Options.Test].
func (w *windowed) readTest(path string, classed bool) (paths []string, err error) {
	files := []recording{{path: path, split: toTest}}
	if isDir(path) {
		if files, _, err = newTables().recordings(path); err != nil {
			return nil, err
		}
	}
	if w.opts.names() {
		files = unclassed(files)
	}
	if w.divided {
		return nil, fmt.Errorf("datasets: %s has a test split: the option Test has no effect", w.path)
	}
	w.divided = true
	for _, f := range files {
		if classed != (f.class != "") {
			return nil, fmt.Errorf("datasets: %s: want folders of classes there if training has them, and only then", path)
		}
		name := ""
		if isDir(path) {
			name = filepath.Base(f.path)
		}
		if err := w.read(f.path, name, f.class, toTest); err != nil {
			return nil, err
		}
		paths = append(paths, f.path)
	}
	return paths, nil
}

// openWindows reads a table of recordings.
func (l *loading) openWindows(path string, opts Options) (*Set, error) {
	w := newWindowed(l, path, opts)
	if err := w.read(path, "", "", toTrain); err != nil {
		return nil, err
	}
	if opts.Test != "" {
		if _, err := w.readTest(opts.Test, false); err != nil {
			return nil, err
		}
	}
	return w.set()
}

// all is a split of all windows.
func (w *windowed) all() (*Split, error) {
	c := w.cut
	if len(c.groups) == 0 {
		return nil, fmt.Errorf("datasets: %s: no window: the longest stretch without a gap has %d rows, want %d "+
			"(data.windows.length)", w.path, c.account.Greatest, c.Length)
	}
	return &Split{Values: c.values, Labels: c.labels.rows, Names: c.names, Times: c.times, Groups: c.groups}, nil
}

// set divides the windows.
func (w *windowed) set() (*Set, error) {
	all, err := w.all()
	if err != nil {
		return nil, err
	}
	c, t := w.cut, w.first
	s := Set{Name: baseName(w.path), Source: w.path, Shape: [3]int{c.columns, 1, c.Length}}
	if err := w.match(&s, all); err != nil {
		return nil, err
	}
	c.account.Recordings = len(slices.Compact(slices.Clone(c.groups)))
	s.Account = Account{Table: &t.TableAccount, Recordings: &c.account, Warnings: t.warnings}
	s.Account.Values.Type = t.marks.String()
	c.account.warn(&s.Account)
	if err := w.divide(&s, all); err != nil {
		return nil, err
	}
	return newSet(s, w.path)
}

// divide makes the splits of whole recordings.
func (w *windowed) divide(s *Set, all *Split) error {
	if w.like != nil && !w.divided {
		s.Train, s.Test = all, all
		return nil
	}
	if w.divided {
		if w.opts.TestFraction != 0 || w.opts.Seed != 0 {
			return fmt.Errorf("datasets: %s has a test split: TestFraction and Seed have no effect", w.path)
		}
		part := func(split int32) *Split {
			chosen := make([]bool, all.Len())
			for i := range chosen {
				chosen[i] = w.splits[i] == split
			}
			_, part := all.Cut(chosen)
			if part.Len() == 0 {
				return nil
			}
			return part
		}
		parts := [3]*Split{part(toTrain), part(toValidate), part(toTest)}
		division, err := separate(w.path, &parts, w.opts)
		s.Train, s.Validation, s.Test, s.Account.Division = parts[toTrain], parts[toValidate], parts[toTest], division
		return err
	}
	s.Account.Division = fmt.Sprintf("%.4g %% of the recordings of each class drawn for testing, split_seed %d",
		100*w.opts.testFraction(), w.opts.Seed)
	s.Train, s.Test = all.Cut(all.drawn(w.opts))
	if s.Test.Len() == 0 {
		each := ""
		if len(s.Classes) > 0 {
			each = " of each class"
		}
		return fmt.Errorf("datasets: %s: no recording is left for testing, with %d in all and one%s to "+
			"train on: record more, or say where others are (data.test), or which column tells them apart "+
			"(data.windows.recording)", w.path, s.Account.Recordings.Recordings, each)
	}
	return nil
}

// drawn chooses whole recordings for testing as [divide] chooses images. A
// recording has the label that most of its windows have.
func (s *Split) drawn(opts Options) []bool {
	recordings := byClass(s.groups())
	var labels []int32
	for _, windows := range recordings {
		counts := map[int32]int{}
		best := s.Labels[windows[0]]
		for _, i := range windows {
			counts[s.Labels[i]]++
		}
		for label, n := range counts {
			if n > counts[best] || n == counts[best] && label < best {
				best = label
			}
		}
		labels = append(labels, best)
	}
	chosen := make([]bool, s.Len())
	for k, yes := range drawn(labels, opts) {
		for _, i := range recordings[k] {
			chosen[i] = yes
		}
	}
	return chosen
}

// windowInputs reads recordings for a network: a table, or a folder of tables.
func (l *loading) windowInputs(path string) (split *Split, passed string, err error) {
	c := *l.like
	if c.bytes() {
		return nil, "", fmt.Errorf("datasets: %s: a table has values; the model wants %s", path, c)
	}
	opts := c.options()
	opts.Label, opts.Windows = "none", c.Options.Windows
	w := newWindowed(l, path, opts)
	files := []recording{{path: path}}
	if isDir(path) {
		if files, _, err = newTables().recordings(path); err != nil {
			return nil, "", err
		}
	}
	for _, f := range files {
		if err := w.read(f.path, f.path, "", toTrain); err != nil {
			return nil, "", err
		}
	}
	if w.first == nil {
		return nil, "", fmt.Errorf("datasets: %s: no tables (.csv, .tsv)", path)
	}
	if split, err = w.all(); err != nil {
		return nil, "", err
	}
	var others []string
	for _, c := range w.first.LeftOut {
		others = append(others, c.Column)
	}
	if n := w.cut.account.Short; n > 0 {
		others = append(others, fmt.Sprintf("stretches shorter than a window: %d", n))
	}
	return split, listed(others), nil
}
