package tflite_test

import (
	"strings"
	"testing"

	"petrify/quantized"
	"petrify/quantized/quantizedtest"
	"petrify/quantized/tflite"
	"petrify/quantized/tflite/schema"
)

// TestInt4Operators: layers that are linear in each pixel are FULLY_CONNECTED if their
// weights are packed, which they are where XNNPACK computes them.
func TestInt4Operators(t *testing.T) {
	linear := func(b *quantizedtest.Builder, x string) string { return b.Linear(b.Flatten(x), 4, quantized.ReLU) }
	conv := func(w quantized.Window) func(*quantizedtest.Builder, string) string {
		return func(b *quantizedtest.Builder, x string) string { return b.Conv(x, 4, w, 1, quantized.ReLU) }
	}
	for _, tt := range []struct {
		layer    func(*quantizedtest.Builder, string) string
		channels int
		want     string
	}{
		{linear, 4, "RESHAPE FULLY_CONNECTED INT4"},
		{linear, 3, "RESHAPE CONV_2D RESHAPE INT8"},
		{conv(quantizedtest.Valid(1, 1)), 4, "FULLY_CONNECTED INT4"},
		{conv(quantizedtest.Valid(1, 1)), 3, "CONV_2D INT8"},
		{conv(quantizedtest.Valid(1, 2)), 3, "CONV_2D INT4"},
		{conv(quantizedtest.Same(3)), 3, "CONV_2D INT4"},
	} {
		m := build(quantizedtest.W4A8, func(b *quantizedtest.Builder) string {
			x := b.Conv(b.Input(), tt.channels, quantizedtest.Same(3), 1, quantized.ReLU) // is packed in any case
			return tt.layer(b, x)
		}, 2, 1, 1)
		f := file(t, m, tflite.Options{Int4: true})
		w, _ := tensor(t, f, m.Output+"/weight")
		if got := strings.TrimPrefix(codes(f), "CONV_2D ") + " " + w.Type.String(); got != tt.want {
			t.Errorf("%d channels: %s, want %s", tt.channels, got, tt.want)
		}
	}
}

// TestInt4: weights of four bits, two to a byte, the first in the low half.
func TestInt4(t *testing.T) {
	m := build(quantizedtest.W4A8, func(b *quantizedtest.Builder) string {
		x := b.Conv(b.Input(), 4, quantizedtest.Same(3), 1, quantized.ReLU)
		return b.Conv(b.Conv(x, 4, quantizedtest.Same(3), 4, quantized.ReLU), 4, quantizedtest.Same(3), 2,
			quantized.ReLU)
	}, 1, 4, 4)
	f := file(t, m, tflite.Options{Int4: true})
	w, q := tensor(t, f, "conv2d_1/weight")
	if w.Type != schema.Int4 || len(q) != 18 {
		t.Fatalf("%v, %d bytes: want INT4 and 18", w.Type, len(q))
	}
	for i, v := range m.Nodes[0].Weights.Q {
		if got := int8(q[i/2]>>(4*(i%2))<<4) >> 4; got != v {
			t.Fatalf("weight %d is %d, want %d", i, got, v)
		}
	}
	for i, want := range []int32{7, 3, 6} { // the others have whole bytes
		if got := f.Graph.Operators[i].Version; got != want {
			t.Errorf("%v has version %d, want %d", f.Graph.Operators[i].Code, got, want)
		}
	}
	for _, name := range []string{"conv2d_2/weight", "conv2d_3/weight"} {
		if w, _ := tensor(t, f, name); w.Type != schema.Int8 {
			t.Errorf("%s is %v", name, w.Type)
		}
	}
}
