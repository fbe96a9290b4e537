package quantized_test

import (
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"testing"

	"petrify/quantized"
	"petrify/quantized/quantizedtest"
)

// pictures and numbers are contracts with everything that one can say.
func pictures() *quantized.Raw {
	return &quantized.Raw{Type: "uint8", Greatest: 255, Whole: true, Channels: quantized.RGB,
		Orientation: quantized.Upright,
		Resize:      &quantized.Resize{Method: quantized.Area, Size: [2]int{2, 4}, Crop: quantized.NoCrop}}
}

func TestRawIsSavedAndLoaded(t *testing.T) {
	columns := make([]string, 24)
	for i := range columns {
		columns[i] = strings.Repeat("x", i)
	}
	for name, raw := range map[string]*quantized.Raw{
		"pictures": pictures(),
		"table":    {Type: "float32", Least: -1.5, Greatest: 1e9, Columns: columns},
		"words":    wordy(),
		"none":     nil,
	} {
		m := flat(t)
		m.Input.Raw = raw
		tensors, manifest, err := m.Encode()
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		got, err := quantized.Decode(tensors, manifest)
		if err != nil || !reflect.DeepEqual(got.Input, m.Input) {
			t.Errorf("%s: read back %+v, want %+v, %v", name, got, m.Input.Raw, err)
		}
		if has := strings.Contains(string(manifest), `"raw"`); has != (raw != nil) {
			t.Errorf("%s: model.json says raw: %v", name, has)
		}
	}
}

// wordy is a table of 24 inputs, some of which are words.
func wordy() *quantized.Raw {
	columns := []string{"a", "city=Oslo", "city=Rome", "city=", "b=1", "b=2"}
	for len(columns) < 24 {
		columns = append(columns, strings.Repeat("x", len(columns)))
	}
	return &quantized.Raw{Type: "float32", Columns: columns, Words: []quantized.Words{
		{Column: "city", First: 1, Words: []string{"Oslo", "Rome", ""}, Zero: true}, {Column: "b", First: 4, Words: []string{"1", "2"}}},
		Fills: []quantized.Fill{{Column: "a", Value: -2.5}}}
}

// What is said of words and of missing numbers has to be about the columns.
func TestTablesAreValidated(t *testing.T) {
	for want, spoil := range map[string]func(r *quantized.Raw){
		`words of "b" at input 3: want at least one of the 24 columns, after input 3`: func(r *quantized.Raw) {
			r.Words[1].First = 3
		},
		`words of "b" at input 23: want`:                                 func(r *quantized.Raw) { r.Words[1].First = 23 },
		`words of "city" at input -1: want`:                              func(r *quantized.Raw) { r.Words[0].First = -1 },
		`words of "b" at input 4: want`:                                  func(r *quantized.Raw) { r.Words[1].Words = nil },
		`input 2 is "city=Rome": want "city=Bern"`:                       func(r *quantized.Raw) { r.Words[0].Words[1] = "Bern" },
		`"c" is filled in: want one of the columns`:                      func(r *quantized.Raw) { r.Fills[0].Column = "c" },
		`"a" is filled in with NaN: want a finite number`:                func(r *quantized.Raw) { r.Fills[0].Value = nan },
		`words of "city" at input 1: want at least one of the 0 columns`: func(r *quantized.Raw) { r.Columns = nil },
	} {
		m := flat(t)
		m.Input.Raw = wordy()
		spoil(m.Input.Raw)
		if err := m.Validate(); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %q", err, want)
		}
	}
}

// flat is a small model of pictures of 3 × 2 × 4.
func flat(t *testing.T) *quantized.Model {
	t.Helper()
	b := quantizedtest.New(rand.New(rand.NewPCG(1, 1)), quantizedtest.W8A8, 3, 2, 4)
	return b.Model(b.Linear(b.Flatten(b.Input()), 2, 0))
}

func TestRawIsValidated(t *testing.T) {
	for want, spoil := range map[string]func(r *quantized.Raw){
		`type "bytes": want one of bool, uint8`: func(r *quantized.Raw) { r.Type = "bytes" },
		"2 to 1: want finite numbers in order":  func(r *quantized.Raw) { r.Least, r.Greatest = 2, 1 },
		"0 to NaN: want finite numbers":         func(r *quantized.Raw) { r.Greatest = nan },
		`channels "grey": want none for inputs of shape [3 2 4]`: func(r *quantized.Raw) {
			r.Channels = quantized.Grey
		},
		`channels "BGR"`:                        func(r *quantized.Raw) { r.Channels = "BGR" },
		`orientation "left": want upright`:      func(r *quantized.Raw) { r.Orientation = "left" },
		`method "cubic": want area`:             func(r *quantized.Raw) { r.Resize.Method = "cubic" },
		`crop "middle": want none`:              func(r *quantized.Raw) { r.Resize.Crop = "middle" },
		"size [4 2] for inputs of shape":        func(r *quantized.Raw) { r.Resize.Size = [2]int{4, 2} },
		"1 columns for inputs of shape [3 2 4]": func(r *quantized.Raw) { r.Columns = []string{"a"} },
		`column "\xff": want UTF-8`: func(r *quantized.Raw) {
			r.Columns = slices.Repeat([]string{"\xff"}, 24)
		},
	} {
		m := flat(t)
		m.Input.Raw = pictures()
		spoil(m.Input.Raw)
		if err := m.Validate(); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %q", err, want)
		}
	}
}

// An image has bytes: they are refused for models of fractions and of 16 bits.
func TestCheckImage(t *testing.T) {
	for _, c := range []struct {
		raw  *quantized.Raw
		want string
	}{
		{nil, ""},
		{&quantized.Raw{Type: "uint8", Greatest: 16}, ""},
		{&quantized.Raw{Type: "float32", Greatest: 255, Whole: true}, ""},
		{&quantized.Raw{Type: "float32", Greatest: 255}, "trained on float32 0 to 255, and an image has bytes"},
		{&quantized.Raw{Type: "float32", Greatest: 1}, "trained on float32 0 to 1, and an image has bytes"},
		{&quantized.Raw{Type: "float32", Greatest: 1, Whole: true}, "trained on float32 0 to 1"},
		{&quantized.Raw{Type: "bool", Greatest: 1, Whole: true}, "trained on bool 0 to 1"},
		{&quantized.Raw{Type: "uint16", Greatest: 4095, Whole: true}, "trained on uint16 0 to 4095"},
		{&quantized.Raw{Type: "int8", Least: -128, Greatest: 127, Whole: true}, "trained on int8 -128 to 127"},
	} {
		in := quantized.Input{Raw: c.raw}
		err := in.CheckImage()
		if (err == nil) != (c.want == "") || err != nil && !strings.Contains(err.Error(), c.want) {
			t.Errorf("%+v: %v, want %q", c.raw, err, c.want)
		}
	}
}

func TestRawInWords(t *testing.T) {
	for want, raw := range map[string]*quantized.Raw{
		"uint8, 0 to 255; RGB; upright; scaled to 2 × 4 by area, not cropped": pictures(),
		"float32, whole numbers, -1 to 7; 2 columns": {Type: "float32", Least: -1, Greatest: 7, Whole: true,
			Columns: []string{"a", "b"}},
	} {
		if got := raw.String(); got != want {
			t.Errorf("got  %s\nwant %s", got, want)
		}
	}
}
