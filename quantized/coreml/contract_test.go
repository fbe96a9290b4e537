package coreml_test

import (
	"path/filepath"
	"strings"
	"testing"

	"petrify/quantized"
	"petrify/quantized/coreml"
)

// An input's description says what the data were, and an image is refused where
// they were not bytes.
func TestDescriptionsOfInputs(t *testing.T) {
	bytes := &quantized.Raw{Type: "uint8", Greatest: 255, Channels: quantized.Grey}
	floats := &quantized.Raw{Type: "float32", Greatest: 1}
	for _, c := range []struct {
		raw     *quantized.Raw
		options coreml.Options
		want    string
		refused bool
	}{
		{bytes, coreml.Options{Image: true}, "pixels: uint8, 0 to 255; grey", false},
		{bytes, coreml.Options{Normalize: true}, "raw values: uint8, 0 to 255; grey", false},
		{bytes, coreml.Options{}, "with x: uint8, 0 to 255; grey", false},
		{floats, coreml.Options{Image: true}, "trained on float32 0 to 1", true},
		{floats, coreml.Options{Normalize: true}, "raw values: float32, 0 to 1", false},
		{nil, coreml.Options{Normalize: true}, "raw values", false},
		{nil, coreml.Options{Image: true}, "pixels 0 to 255", false},
	} {
		m := zoo("lenet5", true, 1)
		m.Input.Raw = c.raw
		if c.raw == floats {
			m.Input.PixelScale = 1
		}
		if c.refused {
			err := coreml.Write(filepath.Join(t.TempDir(), "m.mlpackage"), m, c.options)
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("%v, want %q", err, c.want)
			}
			continue
		}
		_, p := written(t, m, c.options)
		if got := p.Model.Inputs[0].Description; !strings.Contains(got, c.want) {
			t.Errorf("%v %+v: %q, want %q", c.raw, c.options, got, c.want)
		}
		if _, has := p.Model.Metadata.Custom["petrify.input.raw"]; has != (c.raw != nil) {
			t.Errorf("%v: the metadata say it: %v", c.raw, has)
		}
	}
}
