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

// TestCopies: a window is copied unless its inputs lie side by side or, of a depthwise
// convolution, where it is in the image.
func TestCopies(t *testing.T) {
	for name, c := range map[string]struct {
		window   quantized.Window
		channels int
		groups   int
		want     string
	}{
		"3x3":               {quantizedtest.Same(3), 4, 1, "108"},
		"3x3, groups":       {quantizedtest.Same(3), 4, 2, "54"},
		"1x1":               {quantizedtest.Valid(1, 1), 4, 1, ""},
		"1x1, groups":       {quantizedtest.Valid(1, 1), 4, 2, ""},
		"depthwise":         {quantizedtest.Same(3), 12, 6, "54"},
		"depthwise, inside": {quantizedtest.Valid(3, 1), 6, 6, ""},
	} {
		b := quantizedtest.New(rand.New(rand.NewPCG(1, 2)), quantizedtest.W8A8, 6, 5, 5)
		l, err := lower(b.Model(b.Conv(b.Input(), c.channels, c.window, c.groups, quantized.Identity)),
			Options{Name: "x"})
		if err != nil {
			t.Fatal(err)
		}
		var sizes []string
		for _, s := range l.tensors {
			sizes = append(sizes, whole(int32(s.size)))
		}
		if got := strings.Join(sizes, " "); got != c.want {
			t.Errorf("%s: copies of %q bytes, want %q", name, got, c.want)
		}
	}
}

// TestOnlyWhatIsNeeded: sums shift to the left where a multiplier is 1 or more, and come in
// parts where there are more than certainly fit.
func TestOnlyWhatIsNeeded(t *testing.T) {
	for name, c := range map[string]struct {
		inputs int
		scale  float32 // of the output, in products of the input's and the weights'
		text   string
		want   bool
	}{
		"below 1": {4, 1.01, "m.shift > 0", false}, "1": {4, 1, "m.shift > 0", true},
		"32,768 inputs": {most, 1, "i += 32768", false}, "32,769": {most + 1, 1, "i += 32768", true},
	} {
		b := quantizedtest.New(rand.New(rand.NewPCG(1, 2)), quantizedtest.W8A8, c.inputs)
		m := b.Model(b.Linear(b.Input(), 1, quantized.Identity))
		m.Input.Quant.Scale, m.Nodes[0].Weights.Scale[0] = 1, 1
		m.Nodes[0].Bias = nil
		m.Nodes[0].Output.Quant.Scale = c.scale
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
	if !strings.Contains(text, "unpack(scratch") || !strings.Contains(text, "static void unpack(") {
		t.Error("a function that is called is missing, or the layers are not what this test wants")
	}
}
