package train

import (
	"bytes"
	"image"
	"image/color"
	"image/png"
	"os"
	"path/filepath"
	"reflect"
	"testing"

	"petrify/datasets"
	"petrify/quantized"
)

// The contract of a model's input says what its data were.
func TestRawOfData(t *testing.T) {
	dir := t.TempDir()
	write := func(name, text string) string {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
		return path
	}
	table := write("table.csv", "id,length,kind,width\n7,1.5,a,-3\n7,2,b,4\n8,2.5,a,4\n9,4,b,4\n")
	words := write("words.csv", "age,city,rent\n1,b,1.5\n,a,2.5\n3,b,3.5\n3,a,4.25\n")
	rows := write("rows.csv", "a,b,c,d,kind\n1,2,3,255,a\n0,2,3,4,b\n1,1,3,4,a\n0,5,3,4,b\n")
	for i, size := range []int{4, 4, 6, 6} {
		for class, tint := range map[string]uint8{"a": 10, "b": 200} {
			img := image.NewRGBA(image.Rect(0, 0, size, 4))
			img.Set(0, 0, color.RGBA{tint, uint8(i), 0, 255})
			var b bytes.Buffer
			if err := png.Encode(&b, img); err != nil {
				t.Fatal(err)
			}
			write(filepath.Join("pictures", class, string(rune('0'+i))+".png"), b.String())
			if size == 4 {
				write(filepath.Join("alike", class, string(rune('0'+i))+".png"), b.String())
			}
		}
	}
	for name, c := range map[string]struct {
		path    string
		options datasets.Options
		want    quantized.Raw
	}{
		"digits": {"digits", datasets.Options{}, quantized.Raw{Type: "uint8", Greatest: 16, Whole: true,
			Channels: quantized.Grey}},
		"table": {table, datasets.Options{TestFraction: 0.5, Label: "kind", Columns: []string{"width", "length"}},
			quantized.Raw{Type: "float32", Columns: []string{"length", "width"}}},
		"words": {words, datasets.Options{TestFraction: 0.5, Label: "rent", Categories: []string{"city"},
			Missing: []string{"7"}}, quantized.Raw{Type: "float32", Whole: true,
			Columns: []string{"age", "city=a", "city=b"}, Words: []quantized.Words{{Column: "city", First: 1,
				Words: []string{"a", "b"}}}, Fills: []quantized.Fill{{Column: "age", Value: 7}}}},
		"rows of pixels": {rows, datasets.Options{TestFraction: 0.5, Shape: [3]int{1, 2, 2}},
			quantized.Raw{Type: "float32", Whole: true, Channels: quantized.Grey}},
		"pictures": {filepath.Join(dir, "pictures"), datasets.Options{TestFraction: 0.5, Size: [2]int{4, 5}},
			quantized.Raw{Type: "uint8", Greatest: 255, Whole: true, Channels: quantized.RGB,
				Orientation: quantized.Upright,
				Resize:      &quantized.Resize{Method: quantized.Area, Size: [2]int{4, 5}, Crop: quantized.NoCrop}}},
		"pictures of one size": {filepath.Join(dir, "alike"), datasets.Options{TestFraction: 0.5},
			quantized.Raw{Type: "uint8", Greatest: 255, Whole: true, Channels: quantized.RGB,
				Orientation: quantized.Upright}},
	} {
		set, err := datasets.Open(c.path, c.options)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		got := raw(set)
		if c.want.Type != "uint8" { // the numbers depend on which rows are split off
			c.want.Least, c.want.Greatest = float32(set.Account.Values.Least), float32(set.Account.Values.Greatest)
		}
		if !reflect.DeepEqual(*got, c.want) {
			t.Errorf("%s: %+v, want %+v", name, *got, c.want)
		}
	}
}

// A frozen model says it, and so does its file.
func TestRunShipsTheContract(t *testing.T) {
	c := small(t)
	c.Float.Epochs, c.QAT.Epochs = 1, 0
	m := mustRun(t, c).Model
	want := quantized.Raw{Type: "uint8", Greatest: 16, Whole: true, Channels: quantized.Grey}
	if m.Input.Raw == nil || !reflect.DeepEqual(*m.Input.Raw, want) {
		t.Errorf("%+v, want %+v", m.Input.Raw, want)
	}
}
