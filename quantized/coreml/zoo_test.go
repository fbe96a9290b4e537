package coreml_test

import (
	"fmt"
	"math/rand/v2"

	"petrify/quantized"
)

// zooNames are the networks that people deploy on small devices.
var zooNames = []string{"mlp", "lenet5", "cnn", "ds-cnn", "resnet8", "mobilenet-v1-0.25", "autoencoder", "branches"}

// zoo builds a network with random weights. The small ones have the published
// topology with narrower layers on smaller images.
func zoo(name string, small bool, seed uint64) *quantized.Model {
	d := &draft{
		m: &quantized.Model{Name: name, Origin: quantized.Origin{Version: "0.0.0", Dataset: "random",
			Seed: seed, Method: "ptq"}},
		shape: map[string][]int{},
		rng:   rand.New(rand.NewPCG(seed, 1)),
		small: small,
	}
	for i := range d.build(name) {
		d.m.Classes = append(d.m.Classes, fmt.Sprintf("class %d", i))
	}
	return d.m
}

func square(k int) [2]int { return [2]int{k, k} }

// build drafts the network of that name and returns how many classes it has.
func (d *draft) build(name string) int {
	switch name {
	case "mlp":
		x := d.flatten("flatten", d.input(1, d.pick(8, 28), d.pick(8, 28)))
		x = d.linear("fc1", x, d.pick(32, 128), quantized.ReLU)
		d.linear("fc2", x, 10, quantized.Identity)
	case "lenet5":
		x := d.conv("conv1", d.input(1, d.pick(12, 28), d.pick(12, 28)), 6, square(5), 1, 1, quantized.ReLU)
		x = d.pool("pool1", x, quantized.MaxPool, 2)
		x = d.conv("conv2", x, d.pick(8, 16), square(5), 1, 1, quantized.ReLU)
		x = d.pool("pool2", x, quantized.AvgPool, 2)
		x = d.linear("fc1", d.flatten("flatten", x), d.pick(32, 120), quantized.ReLU)
		x = d.linear("fc2", x, d.pick(32, 84), quantized.ReLU)
		d.linear("fc3", x, 10, quantized.Identity)
	case "cnn":
		x := d.conv("conv1", d.input(1, d.pick(8, 28), d.pick(8, 28)), d.pick(8, 16), square(3), 1, 1, quantized.ReLU)
		x = d.pool("pool1", x, quantized.MaxPool, 2)
		x = d.conv("conv2", x, d.pick(8, 32), square(3), 1, 1, quantized.ReLU)
		x = d.pool("pool2", x, quantized.MaxPool, 2)
		d.linear("fc", d.flatten("flatten", x), 10, quantized.Identity)
	case "ds-cnn":
		d.dsCNN()
		return 12
	case "resnet8":
		d.resnet8()
	case "mobilenet-v1-0.25":
		d.mobilenet()
		return 2
	case "autoencoder":
		d.autoencoder()
		return 0
	case "branches":
		d.branches()
		return 7
	default:
		panic("no network " + name)
	}
	return 10
}

func (d *draft) dsCNN() {
	x := d.input(1, d.pick(13, 49), d.pick(5, 10))
	width := d.pick(8, 64)
	x = d.conv("conv", x, width, [2]int{10, 4}, 2, 1, quantized.ReLU)
	for i := range 4 {
		x = d.conv(fmt.Sprintf("block%d.depthwise", i), x, width, square(3), 1, width, quantized.ReLU)
		x = d.conv(fmt.Sprintf("block%d.pointwise", i), x, width, square(1), 1, 1, quantized.ReLU)
	}
	d.linear("fc", d.flatten("flatten", d.global("mean", x)), 12, quantized.Identity)
}

func (d *draft) resnet8() {
	x := d.conv("stem", d.input(3, d.pick(8, 32), d.pick(8, 32)), d.pick(4, 16), square(3), 1, 1, quantized.ReLU)
	for i := range 3 {
		out, stride := d.pick(4, 16)<<i, min(1+i, 2)
		y := d.conv(fmt.Sprintf("stack%d/a", i), x, out, square(3), stride, 1, quantized.ReLU)
		y = d.conv(fmt.Sprintf("stack%d/b", i), y, out, square(3), 1, 1, quantized.Identity)
		if i > 0 {
			x = d.conv(fmt.Sprintf("stack%d/skip", i), x, out, square(1), stride, 1, quantized.Identity)
		}
		x = d.join(fmt.Sprintf("stack%d/add", i), quantized.Add, quantized.ReLU, x, y)
	}
	d.linear("fc", d.flatten("flatten", d.global("mean", x)), 10, quantized.Identity)
}

func (d *draft) mobilenet() {
	x := d.conv("conv0", d.input(3, d.pick(16, 96), d.pick(16, 96)), d.pick(4, 8), square(3), 2, 1, quantized.ReLU6)
	blocks := [][2]int{{16, 1}, {32, 2}, {32, 1}, {64, 2}, {64, 1}, {128, 2}, {128, 1}, {128, 1}, {128, 1},
		{128, 1}, {128, 1}, {256, 2}, {256, 1}}
	if d.small {
		blocks = [][2]int{{8, 1}, {16, 2}, {16, 1}, {32, 2}, {32, 1}}
	}
	for i, block := range blocks {
		in := d.shape[x][0]
		x = d.conv(fmt.Sprintf("dw%d", i+1), x, in, square(3), block[1], in, quantized.ReLU6)
		x = d.conv(fmt.Sprintf("pw%d", i+1), x, block[0], square(1), 1, 1, quantized.ReLU6)
	}
	d.linear("fc", d.flatten("flatten", d.global("mean", x)), 2, quantized.Identity)
}

func (d *draft) autoencoder() {
	wide, in := d.pick(32, 128), d.pick(64, 640)
	x := d.input(in)
	d.m.Input.Mean, d.m.Input.Std, d.m.Input.PixelScale = []float32{0}, []float32{1}, 1
	for i, width := range []int{wide, wide, wide, wide, 8, wide, wide, wide, wide} {
		x = d.linear(fmt.Sprintf("fc%d", i+1), x, width, quantized.ReLU)
	}
	d.linear("fc10", x, in, quantized.Identity)
}

func (d *draft) branches() {
	x := d.conv("1st", d.input(3, 6, 6), 8, square(3), 1, 1, quantized.Identity)
	a := d.activate("hard_swish", x, quantized.HardSwish)
	b := d.activate("leaky.relu", x, quantized.LeakyReLU)
	c := d.activate("sigmoid", d.conv("dilated", x, 8, square(3), 1, 2, quantized.Identity), quantized.Sigmoid)
	x = d.join("concat", quantized.Concat, quantized.Identity, a, b, c)
	x = d.activate("tanh", d.conv("int8", x, 16, square(1), 1, 1, quantized.Identity), quantized.Tanh)
	x = d.linear("fc", d.flatten("flatten", d.pool("pool", x, quantized.AvgPool, 3)), 7, quantized.Identity)
	d.activate("softmax", x, quantized.Softmax)
}
