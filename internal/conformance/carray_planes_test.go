package conformance_test

import (
	"bytes"
	"math/rand/v2"
	"testing"

	"petrify/internal/conformance"
	"petrify/quantized"
	"petrify/quantized/carray"
	"petrify/quantized/integer"
	"petrify/quantized/quantizedtest"
)

// planesFirst brings inputs of some bytes a number from channels last to channels first.
func planesFirst(x []byte, shape []int, width int) []byte {
	y := make([]byte, len(x))
	size, channels := elements(shape), shape[0]
	pixels := size / channels
	for i := range len(x) / width {
		one, c, at := i/size*size, i%channels, i%size/channels
		copy(y[(one+c*pixels+at)*width:], x[i*width:(i+1)*width])
	}
	return y
}

// beginning are networks that read their input in every way: by a convolution, as a vector, as a
// signal, twice, and hand it on.
var beginning = map[string]func(s quantizedtest.Scheme) *quantized.Model{
	"network": func(s quantizedtest.Scheme) *quantized.Model { _, m := network(s); return m },
	"vector": func(s quantizedtest.Scheme) *quantized.Model {
		b := quantizedtest.New(rand.New(rand.NewPCG(1, 2)), s, 2, 3, 4)
		return b.Model(b.Linear(b.Flatten(b.Input()), 5, quantized.Identity))
	},
	"signal": func(s quantizedtest.Scheme) *quantized.Model {
		b := quantizedtest.New(rand.New(rand.NewPCG(1, 2)), s, 3, 1, 9)
		return b.Model(b.Add(b.Input(), pointwise(b, b.Input(), 3), quantized.Identity))
	},
	"one channel": func(s quantizedtest.Scheme) *quantized.Model {
		b := quantizedtest.New(rand.New(rand.NewPCG(1, 2)), s, 1, 5, 4)
		return b.Model(pointwise(b, b.Input(), 3))
	},
	"largest": func(s quantizedtest.Scheme) *quantized.Model {
		b := quantizedtest.New(rand.New(rand.NewPCG(1, 2)), s, 3, 4, 4)
		return b.Model(b.Pool(quantized.MaxPool, b.Input(), quantizedtest.Valid(2, 2)))
	},
}

// TestPlanesInC: an export whose input has channels first computes of planes what the other computes
// of pixels, from integers, from real numbers and from bytes; so does the test that comes with it.
func TestPlanesInC(t *testing.T) {
	t.Parallel()
	var exports []conformance.Export
	var names []string
	for schemeName, s := range map[string]quantizedtest.Scheme{"W8A8": quantizedtest.W8A8,
		"affine": quantizedtest.W8A8Affine, "float": quantizedtest.WeightOnly} {
		for name, build := range beginning {
			m := build(s)
			for _, planes := range []bool{false, true} {
				exports = append(exports, conformance.Export{Model: m, Requantization: integer.Gemmlowp,
					Planes: planes})
			}
			names = append(names, schemeName+"/"+name)
			if name == "network" {
				ownTest(t, m, carray.Options{Planes: true}, false)
			}
		}
	}
	c, err := conformance.Compile(t.TempDir(), exports, plain...)
	if err != nil {
		t.Fatal(err)
	}
	rng := rand.New(rand.NewPCG(3, 4))
	for i, name := range names {
		m := exports[2*i].Model
		for function, width := range map[string]int{"run": 1, "real": 4, "pixels": 1} {
			if real := m.Input.Quant.IsFloat(); real && function == "run" ||
				function == "pixels" && len(m.Input.Shape) < 3 {
				continue
			}
			x := make([]byte, 6*width*elements(m.Input.Shape))
			for k := range x {
				if x[k] = byte(rng.UintN(256)); k%4 == 3 && width == 4 {
					x[k] = 0x3f // of a float between ½ and 2
				}
			}
			want, err1 := c.Run(2*i, function, x)
			got, err2 := c.Run(2*i+1, function, planesFirst(x, m.Input.Shape, width))
			if function == "pixels" { // gives an input
				want = planesFirst(want, m.Input.Shape, len(want)/len(x))
			}
			if err1 != nil || err2 != nil || len(want) == 0 || !bytes.Equal(got, want) {
				t.Errorf("%s, %s: %v, %v, %s", name, function, err1, err2, differences(want, got))
			}
		}
	}
}
