package config

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v4"

	"petrify/datasets"
	"petrify/graph"
)

// datasetValue is the name of a data set or the path of a file or folder.
type datasetValue struct{ to *string }

func (v datasetValue) read(r *reader, n *yaml.Node, key string) {
	n = resolve(n)
	_, err := os.Stat(n.Value)
	if n.Kind != yaml.ScalarNode || err != nil && !slices.Contains(published(), n.Value) {
		got := describe(n)
		if n.Kind == yaml.ScalarNode && n.ShortTag() == "!!str" {
			got = strconv.Quote(n.Value) // in full: the end of a path tells most
		}
		r.fault(n, key, "want one of %s, or the path of a file or folder, got %s", strings.Join(published(), ", "), got)
		return
	}
	*v.to = n.Value
}

func (v datasetValue) write() *yaml.Node      { return plain("!!str", *v.to) }
func (v datasetValue) schema() map[string]any { return text(v.to).schema() }

// published lists the data sets that have a name.
func published() (names []string) {
	for _, info := range datasets.Names() {
		names = append(names, info.Name)
	}
	return names
}

// Anchor makes the paths of data, initial weights and event files absolute, so that the
// configuration may be read from any folder.
func (c *Config) Anchor() error {
	paths := []*string{&c.Data.Dir, &c.Data.Cache, &c.Data.Test, &c.Weights, &c.TensorBoard}
	if !slices.Contains(published(), c.Dataset) {
		paths = append(paths, &c.Dataset)
	}
	for _, path := range paths {
		if *path == "" {
			continue
		}
		whole, err := filepath.Abs(*path)
		if err != nil {
			return fmt.Errorf("config: %w", err)
		}
		*path = whole
	}
	return nil
}

// Anchored is a document whose relative paths are made absolute, as relative to a folder:
// of data, initial weights, event files, and the files of a network and a quantization.
func Anchored(document *yaml.Node, folder string) *yaml.Node {
	names := map[string][]string{"dataset": published(), "network": graph.BuiltinNames()}
	var anchor func(n *yaml.Node, path string) *yaml.Node
	anchor = func(n *yaml.Node, path string) *yaml.Node {
		n = resolve(n)
		switch {
		case n.Kind == yaml.MappingNode && (path == "" || path == "data"):
			block := *n
			block.Content = slices.Clone(n.Content)
			for i := 0; i+1 < len(block.Content); i += 2 {
				block.Content[i+1] = anchor(block.Content[i+1], join(path, resolve(block.Content[i]).Value))
			}
			return &block
		case n.Kind == yaml.ScalarNode && n.ShortTag() == "!!str" && slices.Contains(pathKeys, path) &&
			!slices.Contains(names[path], n.Value) && !filepath.IsAbs(n.Value):
			whole := *n
			whole.Value = filepath.Join(folder, n.Value)
			return &whole
		}
		return n
	}
	return anchor(document, "")
}

// pathKeys are the keys that may hold a path.
var pathKeys = []string{"dataset", "data.dir", "data.cache", "data.test", "weights", "network", "quantization",
	"tensorboard"}

// data is the table of the keys for the data set's files.
func data(o *datasets.Options) value {
	return section{
		{"dir", "Folder that is searched first for the files of a data set known by name.",
			auto[string]{&o.Dir, text(&o.Dir)}},
		{"cache", "Folder for downloads and for decoded pictures that do not fit into memory; null is petrify in the user's cache folder.",
			auto[string]{&o.Cache, text(&o.Cache)}},
		{"offline", "Never download.", yes(&o.Offline)},
		{"memory", "Share of the free memory that decoded pictures, and images in npz and IDX files, may take; if they need " +
			"more, they are kept in a file in cache, with the same results. Null is 0.5.",
			auto[float64]{&o.Share, number(&o.Share, interval{low: 0, high: 1, openLow: true})}},
		{"label", "csv: the label's column, by its title or number; npz: none. Null looks for label, class, " +
			"target, y, price and the like, and otherwise takes the last column, if no other holds words.",
			auto[string]{&o.Label, text(&o.Label)}},
		{"targets", "csv: the columns to predict, by title, number or range, instead of one label: numbers, or labels " +
			"where there are several columns of 0 and 1; null is the label. npz: the names of what is in a row of y.",
			columns{words{&o.Targets}}},
		{"header", "csv: whether the first row holds titles; auto looks at it.", newHeader(&o.Header)},
		{"columns", "csv: the features, by title, number or range, such as [age, 4, 7..9], or what to leave out, " +
			"such as [\"!id\"]; null is all, apart from the label and an index without a title.",
			columns{words{&o.Columns}}},
		{"normal", "Classes whose samples are normal, for the task anomaly: others are tested with and not trained on; " +
			"null is the class normal, where the task is given.", columns{words{&o.Normal}}},
		{"categories", "csv: columns of words, by title, number or range, that become features: one for each word, 1 " +
			"where the column holds it, else 0; null is none.", columns{words{&o.Categories}}},
		{"unseen", "csv: words of data.categories that did not occur in training, and missing ones: refuse is an error, " +
			"zero makes all features of the column 0; null is refuse.",
			auto[string]{&o.Unseen, oneOf(&o.Unseen, "refuse", "zero")}},
		{"missing", "csv: what replaces missing values of features: mean or median, of the training split, a number, or " +
			"refuse; for all columns, or a list such as [median, age=mean, income=0]; null refuses them.",
			columns{words{&o.Missing}}},
		{"test", "A second file with the test split.", auto[string]{&o.Test, text(&o.Test)}},
		{"test_fraction", "Share of each class that is split off for testing; null is 0.2, of sounds 0.1, if the data " +
			"are not split already.",
			auto[float64]{&o.TestFraction, number(&o.TestFraction,
				interval{low: 0, high: 1, openLow: true, openHigh: true})}},
		{"split_seed", "Chooses which images are split off. It is not the run's seed, so that all runs are " +
			"tested on the same images.", natural(&o.Seed)},
		{"shape", "Turns rows of a table into images: [channels, height, width].",
			auto[[3]int]{&o.Shape, tuple{o.Shape[:], 1}}},
		{"channels_first", "The data's images are channels, height, width instead of height, width, " +
			"channels; signals, channels, length.",
			yes(&o.ChannelsFirst)},
		{"layout", "npz: image, N×H×W or N×H×W×C, or signal, N×L×C or N×L, for conv1d; null is features if N×F, " +
			"else image.",
			auto[string]{&o.Layout, oneOf(&o.Layout, "image", "signal")}},
		{"windows", "csv, or a folder of them: rows are moments of recordings, which windows cut into signals.",
			windows(&o.Windows)},
		{"mean", "Mean of each channel, which is subtracted from what a byte becomes, 0 to 1, or from the number: one " +
			"for all channels, or a list. Null measures it. Set mean and std to what a network was trained on " +
			"elsewhere.", numbers{&o.Mean}},
		{"std", "Standard deviation of each channel, by which the difference is divided, as mean.", numbers{&o.Std}},
		{"sound", "Folders of WAV files: how they are read, and what is computed from them.", sounds(&o.Sounds)},
		{"masks", "npz, or a folder with images and masks: how the pixels of masks, which are classes, are read.",
			masks(&o.Masks)},
		{"size", "Scales the pictures of a folder to [height, width]; null takes them as they are.",
			auto[[2]int]{&o.Size, tuple{o.Size[:], 1}}},
	}
}

// masks is the table of the keys for masks.
func masks(m *datasets.Masks) value {
	return section{
		{"classes", "Names of the classes 0, 1 and so on; null names them by their numbers, up to the greatest that occurs.",
			columns{words{&m.Classes}}},
		{"ignore", "Value of pixels that have no class, or -1 if all have one; null is 255.",
			auto[int]{&m.Ignore, integer(&m.Ignore, -1, 255)}},
	}
}

// windows is the table of the keys for recordings of sensors.
func windows(w *datasets.Windows) value {
	return section{
		{"length", "Rows of a window; null takes each row as a sample.",
			auto[int]{&w.Length, integer(&w.Length, 1, longest)}},
		{"hop", "Rows from the beginning of one window to the next; null is half the length.",
			auto[int]{&w.Hop, integer(&w.Hop, 1, longest)}},
		{"time", "Column of time, by title or number, or none; null looks for time, timestamp, t, ts, datetime or date_time.",
			auto[string]{&w.Time, text(&w.Time)}},
		{"recording", "Column that says which recording a row is of, or none; null looks for recording, recording_id or " +
			"session. Without one, each gap in time begins a recording; in a folder, each file is one.",
			auto[string]{&w.Recording, text(&w.Recording)}},
		{"gap", "Longest step of time within a window; null is five times the median.",
			auto[float64]{&w.Gap, number(&w.Gap, positive)}},
		{"target", "What a window is matched with: of numbers to predict the mean of its rows or the last row's; of labels " +
			"those that any, most, or the last of its rows have; null is mean, and any.",
			auto[string]{&w.Target, oneOf(&w.Target, "mean", "last", "any", "most")}},
		{"mixed", "Windows of several classes: majority takes the most frequent one, leave_out no such window, refuse " +
			"is an error; null is majority.",
			auto[string]{&w.Mixed, oneOf(&w.Mixed, "majority", "leave_out", "refuse")}},
		{"missing", "Rows without a value: refuse is an error, cut leaves the row out and cuts the recording there; null " +
			"is refuse.",
			auto[string]{&w.Missing, oneOf(&w.Missing, "refuse", "cut")}},
	}
}

// header is auto, true or false.
type header struct{ scalar[datasets.Header] }

func newHeader(to *datasets.Header) value {
	h := header{enum(to).(scalar[datasets.Header])}
	h.tags = []string{"!!bool", "!!str"} // true and false are not text in YAML
	h.json = map[string]any{"enum": []any{"auto", true, false}}
	return h
}

func (h header) write() *yaml.Node {
	if *h.to == datasets.HeaderAuto {
		return plain("!!str", "auto")
	}
	return h.scalar.write()
}

// columns are those of a table, by title or number; null leaves the choice to
// the program.
type columns struct{ words }

func (c columns) read(r *reader, n *yaml.Node, key string) {
	if *c.to = nil; resolve(n).ShortTag() != "!!null" {
		c.words.read(r, n, key)
	}
}

func (c columns) write() *yaml.Node {
	if len(*c.to) == 0 {
		return plain("!!null", "null")
	}
	return c.words.write()
}

func (c columns) schema() map[string]any {
	column := map[string]any{"type": []string{"string", "integer"}}
	list := map[string]any{"type": "array", "items": column}
	return map[string]any{"anyOf": []any{map[string]any{"type": "null"}, column, list}}
}

// augment is the table of the keys for varying images.
func augment(a *datasets.Augment) value {
	return section{
		{"shift", "Greatest number of pixels to move an image by, each way.", integer(&a.Shift, 0, longest)},
		{"flip", "Mirror left to right with probability ½.", yes(&a.Flip)},
		{"crop", "Greatest share of a side to cut off before stretching what is left.", number(&a.Crop, below1)},
		{"delay", "Sounds: greatest number of ms to move them by, earlier or later.",
			number(&a.Delay, interval{low: 0, high: 1 << 20})},
		{"noise", "Sounds: greatest factor of the background noise that is added, such as 0.3.",
			number(&a.Noise, interval{low: 0, high: 100})},
		{"cutout", "Side of a square to blank out (DeVries and Taylor 2017).", integer(&a.Cutout, 0, longest)},
	}
}
