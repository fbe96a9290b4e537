package quantized_test

import (
	"math"
	"math/rand/v2"
	"reflect"
	"strings"
	"testing"

	"petrify/quantized"
	"petrify/quantized/quantizedtest"
)

// moving has a slice, a pad, a shuffle and a prelu, at places 0 to 3.
func moving(s quantizedtest.Scheme) *quantized.Model {
	b := quantizedtest.New(rand.New(rand.NewPCG(5, 6)), s, 6, 5, 4)
	x := b.Slice(b.Input(), []int{1, 0, 2}, []int{4, 5, 2})
	x = b.PReLU(b.Shuffle(b.Pad(x, []int{1, 2, 0}, []int{6, 7, 3}, -0.5), 3))
	return b.Model(b.Conv(x, 2, quantizedtest.Valid(1, 1), 1, quantized.Identity))
}

func TestMovesAndSlopesAreKept(t *testing.T) {
	for _, s := range []quantizedtest.Scheme{quantizedtest.W8A8, quantizedtest.WeightOnly, {}} {
		m := moving(s)
		folder := t.TempDir()
		if err := m.Save(folder); err != nil {
			t.Fatal(err)
		}
		again, err := quantized.Load(folder)
		if err != nil {
			t.Fatal(err)
		}
		if !reflect.DeepEqual(again.Nodes, m.Nodes) {
			t.Errorf("%+v is read as %+v", m.Nodes, again.Nodes)
		}
		if l := m.Size().Layers[4]; l.Parameters != 6 || l.Float != 24 {
			t.Errorf("6 slopes are %d parameters in %d bytes", l.Parameters, l.Float)
		}
	}
}

func TestBrokenMoves(t *testing.T) {
	nan := float32(math.NaN())
	for want, change := range map[string]func(n []quantized.Node){
		"from [1 0 3] on is not within shape [6 5 4]":  func(n []quantized.Node) { n[0].Begin[2] = 3 },
		"from [-1 0 2] on is not within shape [6 5 4]": func(n []quantized.Node) { n[0].Begin[0] = -1 },
		"from [1 0] on":                               func(n []quantized.Node) { n[0].Begin = n[0].Begin[:2] },
		"begin [1] has no effect on shuffle":          func(n []quantized.Node) { n[2].Begin = []int{1} },
		"from [3 2 0] on is not within shape":         func(n []quantized.Node) { n[1].Begin[0] = 3 },
		"value NaN":                                   func(n []quantized.Node) { n[1].Value = nan },
		"value 1: want a number for pad, 0 for slice": func(n []quantized.Node) { n[0].Value = 1 },
		"4 groups do not divide":                      func(n []quantized.Node) { n[2].Groups = 4 },
		"1 groups: want 2 or more":                    func(n []quantized.Node) { n[2].Groups = 1 },
		"slice has no window and no groups":           func(n []quantized.Node) { n[0].Groups = 2 },
		"slice passes its input's numbers on":         func(n []quantized.Node) { n[0].Output.Quant.Scale *= 2 },
		"shuffle has no slopes":                       func(n []quantized.Node) { n[2].Slopes = []float32{1} },
		"prelu without slopes":                        func(n []quantized.Node) { n[3].Slopes = nil },
		"5 slopes for an input of shape":              func(n []quantized.Node) { n[3].Slopes = n[3].Slopes[:5] },
		"a slope is not finite":                       func(n []quantized.Node) { n[3].Slopes[2] = nan },
		"prelu has no function":                       func(n []quantized.Node) { n[3].Func = quantized.ReLU },
	} {
		m := moving(quantizedtest.W8A8)
		change(m.Nodes)
		if err := m.Validate(); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %q", err, want)
		}
	}
}
