package quantized

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"petrify/datasets/sound"
)

// Raw describes the numbers that a model was trained on, before they are
// normalised. A zero field is not known, or does not apply.
type Raw struct {
	Type        string   `json:"type"`                  // one of [RawTypes]
	Least       float32  `json:"least"`                 // of the training split; of bytes, what they may be
	Greatest    float32  `json:"greatest"`              // likewise
	Whole       bool     `json:"whole,omitzero"`        // no number of the training split has a fraction
	Channels    string   `json:"channels,omitempty"`    // of pictures: grey or RGB
	Orientation string   `json:"orientation,omitempty"` // upright: pictures were turned as their files say
	Resize      *Resize  `json:"resize,omitempty"`      // how pictures were made equal in size
	Columns     []string `json:"columns,omitempty"`     // of a table: the titles of the inputs, or of a signal's channels

	Words []Words `json:"words,omitempty"` // of a table: the columns whose words became inputs, in their order
	Fills []Fill  `json:"fills,omitempty"` // of a table: what replaces missing numbers

	Sound *sound.Front `json:"sound,omitempty"` // how the numbers were computed from sounds
}

// Resize is how pictures were resized.
type Resize struct {
	Method string `json:"method"` // area: a pixel is the mean of the area that it covers
	Size   [2]int `json:"size"`   // H W
	Crop   string `json:"crop"`   // none: all of the picture is scaled, whatever its proportions
}

// What [Raw] and [Resize] may say.
const (
	Grey    = "grey"
	RGB     = "RGB"
	Upright = "upright"
	Area    = "area"
	NoCrop  = "none"
)

// RawTypes lists the types of raw numbers.
func RawTypes() []string {
	return []string{"bool", "uint8", "int8", "uint16", "int16", "uint32", "int32", "uint64", "int64", "float32",
		"float64"}
}

// String is one line for people, without the columns' titles.
func (r *Raw) String() string {
	whole := ""
	if r.Whole && strings.HasPrefix(r.Type, "float") {
		whole = ", whole numbers"
	}
	parts := []string{fmt.Sprintf("%s%s, %v to %v", r.Type, whole, r.Least, r.Greatest)}
	if r.Channels != "" {
		parts = append(parts, r.Channels)
	}
	if r.Orientation != "" {
		parts = append(parts, r.Orientation)
	}
	if z := r.Resize; z != nil {
		parts = append(parts, fmt.Sprintf("scaled to %d × %d by area, not cropped", z.Size[0], z.Size[1]))
	}
	if r.Sound != nil {
		parts = append(parts, r.Sound.String())
	}
	if n := len(r.Columns); n > 0 {
		parts = append(parts, fmt.Sprintf("%d columns", n))
	}
	return strings.Join(parts, "; ")
}

// CheckImage returns an error if the pixels of pictures, which are bytes, are
// not what the model was trained on. A model that does not say is accepted.
func (in *Input) CheckImage() error {
	r := in.Raw
	switch {
	case r == nil || r.Type == "uint8":
		return nil
	case r.Whole && r.Least >= 0 && r.Greatest > 1 && r.Greatest <= 255:
		return nil
	}
	return fmt.Errorf("the model was trained on %s %v to %v, and an image has bytes 0 to 255: "+
		"export it without image, or train on bytes", r.Type, r.Least, r.Greatest)
}

// check returns the contradictions in r, given the shape of the input.
func (r *Raw) check(shape []int) error {
	var faults []error
	want := func(ok bool, format string, args ...any) {
		if !ok {
			faults = append(faults, fmt.Errorf("raw: "+format, args...))
		}
	}
	want(slices.Contains(RawTypes(), r.Type), "type %q: want one of %s", r.Type, strings.Join(RawTypes(), ", "))
	want(finite([]float32{r.Least, r.Greatest}) && r.Least <= r.Greatest, "%v to %v: want finite numbers in order",
		r.Least, r.Greatest)
	channels := map[string]int{Grey: 1, RGB: 3}[r.Channels]
	want(r.Channels == "" || len(shape) == 3 && shape[0] == channels, "channels %q: want none for inputs of shape %v, "+
		"or grey or RGB", r.Channels, shape)
	want(r.Orientation == "" || r.Orientation == Upright, "orientation %q: want upright or none", r.Orientation)
	if z := r.Resize; z != nil {
		want(z.Method == Area, "method %q: want area", z.Method)
		want(z.Crop == NoCrop, "crop %q: want none", z.Crop)
		want(len(shape) == 3 && slices.Equal(z.Size[:], shape[1:]), "size %v for inputs of shape %v", z.Size, shape)
	}
	if f := r.Sound; f != nil {
		err := f.Validate()
		want(err == nil, "%v", err)
		want(err != nil || slices.Equal(shape, []int{1, f.Frames(), f.Features()}),
			"features of sounds for inputs of shape %v", shape)
	}
	n := len(r.Columns)
	signal := len(shape) == 3 && shape[1] == 1 && n == shape[0]
	want(n == 0 || int64(n) == elements(shape) || signal, "%d columns for inputs of shape %v", n, shape)
	return errors.Join(append(faults, r.tableFaults()...)...)
}
