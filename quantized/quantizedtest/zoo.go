package quantizedtest

import (
	"math/rand/v2"

	"petrify/quantized"
)

// The networks of the MLPerf Tiny benchmark (C. Banbury et al., "MLPerf Tiny
// Benchmark", NeurIPS 2021 Datasets and Benchmarks, table 1), with random
// weights. Batch normalisation is folded.

// ResNet8 classifies images of 3×32×32: three residual blocks, 12,501,632
// multiply-accumulates.
func ResNet8(rng *rand.Rand, s Scheme) (*Builder, *quantized.Model) {
	b := New(rng, s, 3, 32, 32)
	x := b.Conv(b.Input(), 16, Same(3), 1, quantized.ReLU)
	for i, channels := range []int{16, 32, 64} {
		shortcut, first := x, Same(3)
		if i > 0 {
			shortcut = b.Conv(x, channels, Valid(1, 2), 1, quantized.Identity)
			first = halving(3)
		}
		y := b.Conv(x, channels, first, 1, quantized.ReLU)
		y = b.Conv(y, channels, Same(3), 1, quantized.Identity)
		x = b.Add(y, shortcut, quantized.ReLU)
	}
	return b, b.Model(b.Linear(b.Flatten(b.GlobalAvgPool(x)), 10, quantized.Identity))
}

// DSCNN spots keywords in spectrograms of 49×10: a convolution and four
// depthwise-separable ones, 2,656,768 multiply-accumulates.
func DSCNN(rng *rand.Rand, s Scheme) (*Builder, *quantized.Model) {
	b := New(rng, s, 1, 49, 10)
	first := quantized.Window{Kernel: [2]int{10, 4}, Stride: [2]int{2, 2}, PadBegin: [2]int{4, 1}, PadEnd: [2]int{5, 1}}
	x := b.Conv(b.Input(), 64, first, 1, quantized.ReLU)
	for range 4 {
		x = b.Conv(x, 64, Same(3), 64, quantized.ReLU)
		x = b.Conv(x, 64, Valid(1, 1), 1, quantized.ReLU)
	}
	return b, b.Model(b.Linear(b.Flatten(b.GlobalAvgPool(x)), 12, quantized.Identity))
}

// MobileNet is MobileNetV1 of width 0.25 for images of 3×96×96 with two
// classes, 7,489,664 multiply-accumulates.
func MobileNet(rng *rand.Rand, s Scheme) (*Builder, *quantized.Model) {
	b := New(rng, s, 3, 96, 96)
	x := b.Conv(b.Input(), 8, halving(3), 1, quantized.ReLU)
	channels := 8
	for _, next := range []int{16, 32, 32, 64, 64, 128, 128, 128, 128, 128, 128, 256, 256} {
		w := Same(3)
		if next > channels && channels > 8 {
			w = halving(3)
		}
		x = b.Conv(x, channels, w, channels, quantized.ReLU)
		x = b.Conv(x, next, Valid(1, 1), 1, quantized.ReLU)
		channels = next
	}
	return b, b.Model(b.Linear(b.Flatten(b.GlobalAvgPool(x)), 2, quantized.Identity))
}

// Autoencoder detects anomalies in vectors of 640, 264,192
// multiply-accumulates.
func Autoencoder(rng *rand.Rand, s Scheme) (*Builder, *quantized.Model) {
	b := New(rng, s, 640)
	x := b.Input()
	for _, features := range []int{128, 128, 128, 128, 8, 128, 128, 128, 128} {
		x = b.Linear(x, features, quantized.ReLU)
	}
	return b, b.Model(b.Linear(x, 640, quantized.Identity))
}

// halving is a square window of stride 2 that halves an even height and width,
// padded after the image as TensorFlow pads.
func halving(kernel int) quantized.Window {
	w := Valid(kernel, 2)
	w.PadEnd = [2]int{kernel - 2, kernel - 2}
	return w
}
