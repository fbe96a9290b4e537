package tflite_test

import (
	"math/rand/v2"
	"testing"

	"petrify/fakequant/affine"
	"petrify/quantized"
	"petrify/quantized/integer"
	"petrify/quantized/quantizedtest"
	"petrify/quantized/tflite"
)

// TestInterpreted: the file, by its operators' definitions, gives the integer
// engine's integers.
func TestInterpreted(t *testing.T) {
	uneven := quantized.Window{Kernel: [2]int{3, 2}, Stride: [2]int{1, 2}, Dilation: [2]int{2, 3},
		PadBegin: [2]int{3, 0}, PadEnd: [2]int{1, 2}}
	for name, layers := range map[string]func(b *quantizedtest.Builder) string{
		"windows": func(b *quantizedtest.Builder) string {
			x := b.Conv(b.Input(), 6, uneven, 1, quantized.ReLU6)
			x = b.Pool(quantized.MaxPool, x, quantized.Window{Kernel: [2]int{3, 2}, Stride: [2]int{1, 1},
				PadBegin: [2]int{2, 0}, PadEnd: [2]int{0, 1}})
			x = b.Conv(x, 12, quantizedtest.Same(3), 6, quantized.Identity)
			return b.Conv(x, 4, quantized.Window{Kernel: [2]int{2, 3}, Stride: [2]int{2, 1}, PadEnd: [2]int{1, 0}},
				2, quantized.ReLU)
		},
		"shapes": func(b *quantizedtest.Builder) string {
			x := b.Reshape(b.Conv(b.Input(), 5, quantizedtest.Valid(1, 1), 1, quantized.ReLU), 7, 6, 5)
			x = b.Reshape(b.Flatten(x), 6, 35)
			return b.Linear(b.Flatten(x), 4, quantized.ReLU)
		},
		"branches": func(b *quantizedtest.Builder) string {
			x := b.Conv(b.Input(), 5, quantizedtest.Same(3), 1, quantized.ReLU)
			y := b.Linear(b.Flatten(x), 3, quantized.ReLU)
			z := b.Linear(b.Linear(b.Flatten(b.GlobalAvgPool(x)), 4, quantized.Identity), 3, quantized.ReLU)
			return b.Concat(y, z, y)
		},
		"shuffles": func(b *quantizedtest.Builder) string {
			x := b.Conv(b.Input(), 6, quantizedtest.Same(3), 1, quantized.ReLU)
			return b.Conv(b.Shuffle(b.Shuffle(x, 2), 3), 4, quantizedtest.Same(3), 2, quantized.ReLU)
		},
		"tables": func(b *quantizedtest.Builder) string {
			x := b.Conv(b.Input(), 5, quantizedtest.Same(3), 1, quantized.Identity)
			return b.Concat(x, b.Activate(x, quantized.Tanh), b.Activate(x, quantized.Sigmoid), x)
		},
		"means": func(b *quantizedtest.Builder) string {
			x := b.Conv(b.Input(), 5, quantizedtest.Same(3), 1, quantized.Identity)
			a := b.Pool(quantized.AvgPool, x, quantized.Window{Kernel: [2]int{3, 2}, Stride: [2]int{1, 2},
				PadBegin: [2]int{2, 0}, PadEnd: [2]int{1, 1}})
			c := b.Pool(quantized.AvgPool, x, quantized.Window{Kernel: [2]int{5, 3}, Stride: [2]int{2, 1},
				PadBegin: [2]int{4, 1}, PadEnd: [2]int{3, 2}})
			d := b.Pool(quantized.AvgPool, x, quantized.Window{Kernel: [2]int{3, 3}, Stride: [2]int{1, 1},
				PadBegin: [2]int{1, 1}, PadEnd: [2]int{1, 1}, CountIncludePad: true})
			e := b.Pool(quantized.AvgPool, x, quantized.Window{Kernel: [2]int{3, 4}, Stride: [2]int{2, 3},
				PadBegin: [2]int{1, 2}, PadEnd: [2]int{2, 1}, CountIncludePad: true, Overhang: [2]int{1, 1}})
			return b.Concat(b.Flatten(a), b.Flatten(c), b.Flatten(d), b.Flatten(e), b.Flatten(b.GlobalAvgPool(x)))
		},
	} {
		for schemeName, s := range map[string]quantizedtest.Scheme{"W8A8": quantizedtest.W8A8,
			"affine": quantizedtest.W8A8Affine, "W4A4": quantizedtest.W4A4} {
			t.Run(name+"/"+schemeName, func(t *testing.T) {
				b := quantizedtest.New(rand.New(rand.NewPCG(3, 4)), s, 3, 6, 7)
				m := b.Model(layers(b))
				regrid(m)
				interpreted(t, m, b.Inputs(m, 10), 10)
			})
		}
	}
}

// regrid gives average pools their input's quantizer, as training does, and functions
// one that their operators do not have.
func regrid(m *quantized.Model) {
	for i := range m.Nodes {
		switch n := &m.Nodes[i]; n.Op {
		case quantized.AvgPool, quantized.Flatten:
			x, _ := m.Activation(n.Inputs[0])
			n.Output.Quant = x.Quant
		case quantized.Activate:
			n.Output.Quant.Scale *= 0.9
		}
	}
}

// interpreted compares for n inputs, N H W C.
func interpreted(t *testing.T, m *quantized.Model, x []float32, n int) {
	t.Helper()
	e, err := integer.New(m, integer.Options{Requantization: integer.XNNPACK})
	if err != nil {
		t.Fatal(err)
	}
	q, in := make([]byte, len(x)), m.Input.Quant
	for i, r := range x {
		q[i] = byte(affine.Quantize(r, in.Scale, in.Zero, in.Format))
	}
	want := make([]byte, n*e.OutputSize())
	if err := e.RunBytes(want, q, n); err != nil {
		t.Fatal(err)
	}
	f := file(t, m, tflite.Options{})
	out, _ := m.Activation(m.Output)
	for i := range n {
		var own []int64
		for _, v := range q[i*e.InputSize() : (i+1)*e.InputSize()] {
			own = append(own, int64(int8(v+byte(127-in.Format.Max()))))
		}
		y := run(t, f, own)
		for j := range y {
			c, pixel := j%out.Shape[0], j/out.Shape[0] // the engine's output is C H W
			expected := int64(int8(want[i*len(y)+c*(len(y)/out.Shape[0])+pixel] + byte(127-out.Quant.Format.Max())))
			if y[j] != expected {
				t.Fatalf("image %d, element %d is %d, want %d", i, j, y[j], expected)
			}
		}
	}
}

// TestMeans: a convolution with equal weights gives the means of images, whatever the
// grids, also where weights of 1 have no scale that does.
func TestMeans(t *testing.T) {
	rng := rand.New(rand.NewPCG(7, 8))
	others, refused := 0, 0
	for i := range 400 {
		from := quantized.Quant{Format: affine.Uint8, Scale: float32(1+rng.IntN(40)) / 100, Zero: rng.Int32N(256)}
		to := quantized.Quant{Format: affine.Int8, Scale: float32(1+rng.IntN(40)) / 100, Zero: rng.Int32N(9) - 4}
		if i%2 == 0 {
			from.Scale = rng.Float32() / 10
			to = from
		}
		h, w := 1+rng.IntN(9), 1+rng.IntN(9)
		m := quantizedtest.Mean(quantized.GlobalAvgPool, h, w, from, to)
		if _, err := tflite.Encode(m, tflite.Options{}); err != nil {
			refused++
			continue
		}
		x := make([]float32, 50*h*w)
		for i := range x {
			x[i] = affine.Dequantize(rng.Int32N(256), from.Scale, from.Zero)
		}
		interpreted(t, m, x, 50)
		if _, weights := tensor(t, file(t, m, tflite.Options{}), "y/weight"); weights[0] != 1 {
			others++
		}
	}
	if others == 0 || refused > 2 {
		t.Errorf("%d means have other weights than 1, want some; %d are refused, want 2 at most", others, refused)
	}
}
