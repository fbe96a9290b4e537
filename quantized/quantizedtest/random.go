package quantizedtest

import (
	"math/rand/v2"

	"petrify/quantized"
)

// Random builds a network of n random layers after a random convolution, with a
// linear layer at the end. Every operation occurs eventually, with windows,
// strides, dilations and paddings of all kinds, and activations that several
// layers read.
func Random(rng *rand.Rand, s Scheme, n int) (*Builder, *quantized.Model) {
	b := New(rng, s, 1+rng.IntN(4), 5+rng.IntN(8), 5+rng.IntN(8))
	images := []string{b.Conv(b.Input(), 1+rng.IntN(8), b.window(b.Input()), 1, b.fused())}
	unread := map[string]bool{images[0]: true}
	for range n {
		x := images[rng.IntN(len(images))]
		delete(unread, x)
		y := b.image(x, images, unread)
		images = append(images, y)
		unread[y] = true
	}
	var features []string
	for _, x := range images { // in order, so that the model depends on the seed alone
		if unread[x] {
			features = append(features, b.features(x))
		}
	}
	x := features[0]
	if len(features) > 1 {
		x = b.Concat(features...)
	}
	return b, b.Model(b.Linear(x, 1+rng.IntN(12), quantized.Identity))
}

// image adds a random layer whose output is an image.
func (b *Builder) image(x string, images []string, unread map[string]bool) string {
	channels := b.activation(x).Shape[0]
	switch b.rng.IntN(14) {
	case 0, 1:
		return b.Conv(x, 1+b.rng.IntN(16), b.window(x), 1, b.fused())
	case 2:
		return b.Conv(x, channels*(1+b.rng.IntN(2)), b.window(x), channels, b.fused())
	case 3:
		return b.Pool(quantized.MaxPool, x, b.pool(x))
	case 4:
		w := b.pool(x)
		if w.CountIncludePad = b.rng.IntN(2) == 0; w.CountIncludePad {
			w.Overhang = [2]int{b.rng.IntN(w.PadEnd[0] + 1), b.rng.IntN(w.PadEnd[1] + 1)}
		}
		return b.Pool(quantized.AvgPool, x, w)
	case 5:
		return b.GlobalAvgPool(x)
	case 6:
		f := quantized.Funcs()[1+b.rng.IntN(len(quantized.Funcs())-1)]
		if f == quantized.Softmax && channels == 1 {
			f = quantized.Sigmoid // a softmax of one number is constant, and refused
		}
		return b.Activate(x, f)
	case 7:
		y := b.like(x, images, true)
		delete(unread, y)
		return b.Add(x, y, b.fused())
	case 8, 9:
		return b.pair(x, images, unread)
	case 10:
		return b.part(x)
	case 11:
		for groups := 2; groups < channels; groups++ {
			if channels%groups == 0 {
				return b.Shuffle(x, groups)
			}
		}
		return b.part(x)
	case 12:
		if a := b.activation(x).Shape; max(a[1], a[2]) <= 10 {
			if b.rng.IntN(2) == 0 {
				return b.Conv(b.Stretch(x, 1+b.rng.IntN(3), 1+b.rng.IntN(3)), 1+b.rng.IntN(8), b.window(x), 1,
					b.fused())
			}
			return b.Resize(x, 1+b.rng.IntN(3), 1+b.rng.IntN(3))
		}
		return b.part(x)
	default:
		y := b.like(x, images, false)
		delete(unread, y)
		return b.Concat(x, y)
	}
}

// pair adds an operation on two images, or on an image and numbers of its channels.
func (b *Builder) pair(x string, images []string, unread map[string]bool) string {
	op := []quantized.Op{quantized.Mul, quantized.Sub, quantized.Max, quantized.Min, quantized.Add}[b.rng.IntN(5)]
	f := b.fused()
	if op == quantized.Max || op == quantized.Min {
		f = quantized.Identity
	}
	if b.rng.IntN(2) == 0 {
		return b.Pair(op, x, b.GlobalAvgPool(x), f)
	}
	y := b.like(x, images, true)
	delete(unread, y)
	return b.Pair(op, x, y, f)
}

// part takes a part of the channels, rows and columns, or adds some.
func (b *Builder) part(x string) string {
	shape := b.activation(x).Shape
	begin, size := make([]int, len(shape)), make([]int, len(shape))
	if b.rng.IntN(2) == 0 {
		for i, n := range shape {
			begin[i] = b.rng.IntN(3)
			size[i] = begin[i] + n + b.rng.IntN(2)
		}
		return b.Pad(x, begin, size, float32(b.rng.IntN(3)-1)*b.rng.Float32())
	}
	for i, n := range shape {
		begin[i] = b.rng.IntN(n)
		size[i] = 1 + b.rng.IntN(n-begin[i])
	}
	return b.Slice(x, begin, size)
}

// features turns an image into a vector.
func (b *Builder) features(x string) string {
	if b.rng.IntN(2) == 0 {
		x = b.GlobalAvgPool(x)
	}
	return b.Linear(b.Flatten(x), 1+b.rng.IntN(12), b.fused())
}

// like is an image with the height and width of x and, if channels, with as
// many channels.
func (b *Builder) like(x string, images []string, channels bool) string {
	a := b.activation(x).Shape
	var found []string
	for _, name := range images {
		c := b.activation(name).Shape
		if c[1] == a[1] && c[2] == a[2] && (c[0] == a[0] || !channels) {
			found = append(found, name)
		}
	}
	return found[b.rng.IntN(len(found))]
}

// fused is a function that can be fused.
func (b *Builder) fused() quantized.Func { return quantized.Func(b.rng.IntN(3)) }

// window is a window that fits the image x.
func (b *Builder) window(x string) quantized.Window {
	w := quantized.Window{}
	for i, size := range b.activation(x).Shape[1:] {
		w.Kernel[i] = 1 + b.rng.IntN(min(5, size))
		w.Dilation[i] = 1
		if (w.Kernel[i]-1)*2 < size {
			w.Dilation[i] = 1 + b.rng.IntN(2)
		}
		w.Stride[i] = 1 + b.rng.IntN(2)
		w.PadBegin[i], w.PadEnd[i] = b.rng.IntN(3), b.rng.IntN(3)
	}
	return w
}

// pool is a window for a pool, never entirely in the padding.
func (b *Builder) pool(x string) quantized.Window {
	w := b.window(x)
	for i := range 2 {
		w.Kernel[i] = min(w.Kernel[i], 3)
		w.Dilation[i] = 0
		w.PadBegin[i] = min(w.PadBegin[i], w.Kernel[i]-1)
		w.PadEnd[i] = min(w.PadEnd[i], w.Kernel[i]-1)
	}
	return w
}
