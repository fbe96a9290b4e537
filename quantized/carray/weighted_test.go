package carray

import (
	"math/rand/v2"
	"strings"
	"testing"

	"petrify/fakequant/affine"
	"petrify/quantized"
	"petrify/quantized/integer"
	"petrify/quantized/quantizedtest"
)

// TestCopies: four windows are widened, from copies unless channels come in fours and if that takes
// at most 5,000 bytes; otherwise two are copied unless their inputs lie side by side. Of a depthwise
// convolution the image of a channel is copied for windows of 3 x 3, and one window if it reaches
// beyond the image.
func TestCopies(t *testing.T) {
	for name, c := range map[string]struct {
		window   quantized.Window
		inputs   int // channels
		channels int // of the output
		groups   int
		want     string
	}{
		"3x3":                  {quantizedtest.Same(3), 6, 4, 1, "108 513"},
		"3x3, groups":          {quantizedtest.Same(3), 6, 4, 2, "54 270"},
		"3x3, fours":           {quantizedtest.Same(3), 8, 4, 1, "144 579"},
		"3x3, fours in groups": {quantizedtest.Same(3), 8, 4, 2, "72 291"},
		"1x1":                  {quantizedtest.Valid(1, 1), 6, 4, 1, "0 81"},
		"1x1, groups":          {quantizedtest.Valid(1, 1), 6, 4, 2, "0 54"},
		"1x1, fours":           {quantizedtest.Valid(1, 1), 624, 4, 1, "0 4995"},
		"1x1, too many":        {quantizedtest.Valid(1, 1), 628, 4, 1, ""},
		"3x3, too many":        {quantizedtest.Same(3), 72, 4, 1, "1296 0"},
		"few positions":        {quantizedtest.Valid(5, 1), 6, 4, 1, "150 0"},
		"depthwise x2":         {quantizedtest.Same(3), 6, 12, 6, "54 0"},
		"depthwise":            {quantizedtest.Same(3), 3, 3, 3, "50 0"},
		"depthwise, channels":  {quantizedtest.Same(3), 6, 6, 6, "54 0"},
		"depthwise, inside":    {quantizedtest.Valid(3, 1), 6, 6, 6, "26 0"},
		"depthwise, 2x2":       {quantizedtest.Valid(2, 1), 6, 6, 6, ""},
	} {
		b := quantizedtest.New(rand.New(rand.NewPCG(1, 2)), quantizedtest.W8A8, c.inputs, 5, 5)
		l, err := lower(b.Model(b.Conv(b.Input(), c.channels, c.window, c.groups, quantized.Identity)),
			Options{Name: "x"})
		if err != nil {
			t.Fatal(err)
		}
		var sizes []string
		for _, s := range l.tensors {
			sizes = append(sizes, whole(int32(s.size)), whole(int32(s.wide)))
		}
		if got := strings.Join(sizes, " "); got != c.want {
			t.Errorf("%s: copies of %q bytes, want %q", name, got, c.want)
		}
	}
}

// TestOnlyWhatIsNeeded: sums shift to the left where a multiplier is 1 or more, and come in
// parts where there are more than certainly fit; they are doubled where none reaches 2³⁰, and
// outputs clipped to a byte where each is on the grid.
func TestOnlyWhatIsNeeded(t *testing.T) {
	for name, c := range map[string]struct {
		inputs int
		scale  float32 // of the output, in products of the input's and the weights'
		bias   int32
		bits   int // of the output
		text   string
		want   bool
	}{
		"below 1": {4, 1.01, 0, 8, "m.shift > 0", false}, "1": {4, 1, 0, 8, "m.shift > 0", true},
		"32,768 inputs": {most, 1, 0, 8, "i += 32768", false}, "32,769": {most + 1, 1, 0, 8, "i += 32768", true},
		"below 2³⁰": {1, 2, 1<<30 - 1 - 255*127, 8, "(2 * a)", true},
		"2³⁰":       {1, 2, 1<<30 - 255*127, 8, "(2 * a)", false},
		"−2³⁰":      {1, 2, -1<<30 + 255*127, 8, "(2 * a)", false},
		"shifted":   {1, 1, 0, 8, "(2 * a)", false},
		"bytes":     {1, 2, 0, 8, "__usat(q, 8)", true}, "7 bits": {1, 2, 0, 7, "__usat(q, 8)", false},
	} {
		b := quantizedtest.New(rand.New(rand.NewPCG(1, 2)), quantizedtest.W8A8, c.inputs)
		m := b.Model(b.Linear(b.Input(), 1, quantized.Identity))
		m.Input.Quant.Scale, m.Nodes[0].Weights.Scale[0] = 1, 1
		m.Input.Quant.Zero, m.Input.Quant.Format, m.Nodes[0].Weights.Q[0] = 0, affine.Uint8, 127
		m.Nodes[0].Bias.Q[0], m.Nodes[0].Bias.Scale[0] = c.bias, 1
		m.Nodes[0].Output.Quant.Scale, m.Nodes[0].Output.Quant.Format.Bits = c.scale, c.bits
		files, err := Encode(m, Options{Requantization: integer.Gemmlowp})
		if err != nil {
			t.Fatal(err)
		}
		if got := strings.Contains(string(files[1].Data), c.text); got != c.want {
			t.Errorf("%s: %q is in the source: %v, want %v", name, c.text, got, c.want)
		}
	}
}

// A depthwise layer of 8 bits next to packed weights calls what is there.
func TestUnpackedDepthwiseAmongPackedLayers(t *testing.T) {
	b := quantizedtest.New(rand.New(rand.NewPCG(1, 2)), quantizedtest.W8A8, 4, 4, 4)
	x := b.Conv(b.Input(), 4, quantizedtest.Valid(3, 1), 4, quantized.ReLU)
	m := b.Model(b.Linear(b.Flatten(x), 3, quantized.Identity))
	w := m.Nodes[len(m.Nodes)-1].Weights
	w.Format = affine.Format{Bits: 4, Narrow: true}
	for i := range w.Q {
		w.Q[i] %= 8
	}
	files, err := Encode(m, Options{})
	if err != nil {
		t.Fatal(err)
	}
	text := string(files[1].Data)
	if !strings.Contains(text, "unpacked(&scratch") || !strings.Contains(text, "*unpacked(uint8_t") {
		t.Error("a function that is called is missing, or the layers are not what this test wants")
	}
}
