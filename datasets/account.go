package datasets

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
)

// Account says what a set was read from, how, and with what result. Readers say
// what only they know; [New] adds what the set itself shows.
type Account struct {
	Dataset    string            `json:"dataset"`
	Source     string            `json:"source,omitempty"`   // a citation or a path
	Kind       string            `json:"kind,omitempty"`     // what was read, such as "a CSV file"
	Division   string            `json:"division,omitempty"` // how the splits came about
	Samples    Counts            `json:"samples"`
	Shape      [3]int            `json:"shape"`              // C H W of a sample
	Channels   string            `json:"channels,omitempty"` // of pictures: grey or RGB
	Task       string            `json:"task,omitempty"`     // that they are used for, where that is known
	Target     string            `json:"target,omitempty"`   // what samples are matched with
	Classes    []ClassAccount    `json:"classes,omitempty"`
	Targets    []TargetAccount   `json:"targets,omitempty"`
	Pixels     *PixelAccount     `json:"pixels,omitempty"`    // classes of pixels, where there are masks
	Anomalous  int               `json:"anomalous,omitempty"` // samples to test with
	Table      *TableAccount     `json:"table,omitempty"`
	Pictures   *PictureAccount   `json:"pictures,omitempty"`
	Sounds     *SoundAccount     `json:"sounds,omitempty"`
	Recordings *RecordingAccount `json:"recordings,omitempty"`
	Array      string            `json:"array,omitempty"`       // how that of an npz file was understood
	Passed     map[string]int    `json:"passed_over,omitempty"` // a folder's other files, by extension
	Values     ValueAccount      `json:"values"`
	Normalised string            `json:"normalised"` // what is done to values before the network
	Warnings   []string          `json:"warnings,omitempty"`
	Disk       string            `json:"-"` // where images are that do not fit into memory; "": they do
}

// Counts is how many samples each split has.
type Counts struct {
	Train      int `json:"train"`
	Validation int `json:"validation,omitempty"`
	Test       int `json:"test"`
}

// of is the count of a split, by its number.
func (c *Counts) of(split int) *int { return []*int{&c.Train, &c.Validation, &c.Test}[split] }

// ClassAccount is a class and how many samples of it each split has.
type ClassAccount struct {
	Name string `json:"name"`
	Counts
}

// TableAccount says how the columns of a table were understood.
type TableAccount struct {
	Header  string         `json:"header"` // whether there is one, and why
	Label   LabelAccount   `json:"label"`
	Targets []LabelAccount `json:"targets,omitempty"` // the columns to predict, if they are named
	Columns []string       `json:"columns"`           // those used: their titles, or numbers from 1
	LeftOut []LeftColumn   `json:"left_out,omitempty"`

	Categories []CategoryAccount `json:"categories,omitempty"` // columns of words, in their order
	Fills      []FillAccount     `json:"fills,omitempty"`      // what replaces missing values

	Time      LabelAccount `json:"time,omitzero"`      // of rows, if they are of recordings
	Recording LabelAccount `json:"recording,omitzero"` // which one a row is of
}

// LabelAccount says which column holds the label, and why.
type LabelAccount struct {
	Number int    `json:"number"` // from 1; 0: none does
	Title  string `json:"title,omitempty"`
	Reason string `json:"reason"`
}

// LeftColumn is a column that is not used.
type LeftColumn struct {
	Column string `json:"column"`
	Reason string `json:"reason"`
}

// PictureAccount says what a folder of pictures holds.
type PictureAccount struct {
	Files    int    `json:"files"`
	Least    [2]int `json:"least"`             // H W of the smallest, by area
	Greatest [2]int `json:"greatest"`          // and of the largest picture
	Turned   int    `json:"turned,omitempty"`  // pictures turned upright, as their orientation asks
	Resized  int    `json:"resized,omitempty"` // pictures scaled to the common size
	Depth    int    `json:"depth"`             // bits of a channel
}

// ValueAccount describes the values of the training split, before they are
// normalised.
type ValueAccount struct {
	Type     string   `json:"type"` // such as uint8
	Least    float64  `json:"least"`
	Greatest float64  `json:"greatest"`
	Mean     float64  `json:"mean"`
	Whole    bool     `json:"whole,omitempty"`    // none has a fraction
	Constant []string `json:"constant,omitempty"` // features or channels with one value only
}

// warn adds a warning, once.
func (a *Account) warn(format string, args ...any) {
	w := fmt.Sprintf(format, args...)
	if !slices.Contains(a.Warnings, w) {
		a.Warnings = append(a.Warnings, w)
	}
}

// complete adds what the set itself shows.
func (a *Account) complete(s *Set, channels []channel, given bool) {
	a.Dataset, a.Source, a.Shape = s.Name, s.Source, s.Shape
	a.Samples, a.Classes, a.Targets = Counts{}, nil, s.targetAccounts()
	if s.Target != AnyTarget {
		a.Target = s.Target.String()
	}
	if s.Target == AnomalyTargets {
		a.Anomalous = s.anomalous()
	}
	if len(s.Classes) == 0 {
		a.Division = strings.Replace(a.Division, " of each class", "", 1)
	}
	if a.Channels == "" && s.Sound == nil && s.Shape[0] == 1 && s.Shape[1] > 1 && s.Shape[2] > 1 {
		a.Channels = "grey"
	}
	for _, name := range s.Classes {
		a.Classes = append(a.Classes, ClassAccount{Name: name})
	}
	for i, p := range s.splits() {
		*a.Samples.of(i) = p.Len()
		if len(a.Classes) > 0 {
			for _, label := range p.Labels {
				*a.Classes[label].of(i)++
			}
		}
	}
	a.warnOfClasses()
	a.warnOfTargets()
	a.Pixels = s.pixelAccount()
	a.warnOfPixels()
	a.Values.complete(s, channels, a.feature)
	a.warnOfSteps(channels)
	a.Normalised = normalisation(s, given)
}

// HoldOut is the account of the same data with some samples of the training
// split held out, unless the data have a validation split of their own.
func (a Account) HoldOut(held *Split) Account {
	if held == nil || a.Samples.Validation > 0 {
		return a
	}
	a.Classes, a.Warnings = slices.Clone(a.Classes), slices.Clone(a.Warnings)
	a.Samples.Train, a.Samples.Validation = a.Samples.Train-held.Len(), held.Len()
	for i := range a.Classes {
		a.Classes[i].Validation = 0
	}
	if len(a.Classes) > 0 {
		for _, label := range held.Labels {
			a.Classes[label].Train--
			a.Classes[label].Validation++
		}
	}
	for _, c := range a.Classes {
		if c.Train == 0 && c.Validation > 0 {
			a.warn("no training samples of class %s are left, with %d held out", c.Name, c.Validation)
		}
	}
	return a
}

// feature names a channel: a table's column, or a number from 0.
func (a *Account) feature(c int) string {
	if t := a.Table; t != nil && len(t.Columns) == a.Shape[0] {
		return t.Columns[c]
	}
	return "channel " + strconv.Itoa(c)
}

func (v *ValueAccount) complete(s *Set, channels []channel, name func(c int) string) {
	if v.Type == "" {
		v.Type = "float32"
		if s.Train.Images != nil {
			v.Type = "uint8"
		}
	}
	v.Least, v.Greatest, v.Whole = channels[0].least, channels[0].greatest, true
	for c, ch := range channels {
		v.Whole = v.Whole && !ch.fractions
		v.Least, v.Greatest = min(v.Least, ch.least), max(v.Greatest, ch.greatest)
		v.Mean += ch.mean / float64(len(channels))
		if ch.least == ch.greatest {
			v.Constant = append(v.Constant, name(c))
		}
	}
}

// warnOfSteps warns of channels whose values float32 hardly tells apart, such as times in
// seconds since 1970.
func (a *Account) warnOfSteps(channels []channel) {
	for c, ch := range channels {
		a.warnOfStep(a.feature(c), ch.least, ch.greatest)
	}
}

// warnOfStep warns of values from least to greatest that have fewer than 256 steps of
// float32 between them, or that may be equal because of its steps.
func (a *Account) warnOfStep(name string, least, greatest float64) {
	const fewest, whole = 256, 1 << 24 // from which on float32 has no odd numbers
	size := float32(max(-least, greatest))
	step := float64(math.Nextafter32(size, math.MaxFloat32) - size)
	if greatest-least < fewest*step && (least < greatest || size >= whole) {
		a.warn("%s: values from %.10g to %.10g, where float32 has steps of %.4g, which training does not see through: "+
			"subtract an offset first", name, least, greatest, step)
	}
}
