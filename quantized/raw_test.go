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
