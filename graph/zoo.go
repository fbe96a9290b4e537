package graph

import (
	"fmt"
	"maps"
	"slices"
)

// zoo is the built-in networks by name; each takes the number of classes.
var zoo = map[string]func(classes int) Network{
	"mlp": mlp, "lenet5": lenet5, "cnn": cnn,
	"ds-cnn": dsCNN, "resnet8": resnet8, "mobilenet-v1-0.25": mobileNet, "autoencoder": autoencoder,
	"mobilenet-v2": mobileNetV2(1), "mobilenet-v2-0.75": mobileNetV2(0.75), "mobilenet-v2-0.5": mobileNetV2(0.5),
	"mobilenet-v2-0.35": mobileNetV2(0.35), "mobilenet-v3-small": mobileNetV3, "squeezenet": squeezeNet,
	"shufflenet-v2-0.5": shuffleNetV2, "resnet20": resnet20, "tc-resnet8": tcResNet8,
	"conv-autoencoder": convAutoencoder, "unet-tiny": unetTiny,
}

// Builtin returns a built-in network for the given number of classes:
//
//	mlp                flatten – 2 × (linear 64 – ReLU) – linear
//	lenet5             LeCun et al. 1998, with ReLU and max pooling
//	cnn                2 × (conv 3×3 – batch norm – ReLU – pool 2), 16 and 32 filters, – linear 128 – ReLU – linear
//	ds-cnn             keyword spotting of MLPerf Tiny, for inputs of 1×49×10
//	resnet8            image classification of MLPerf Tiny, for 3×32×32
//	mobilenet-v1-0.25  visual wake words of MLPerf Tiny, for 3×96×96
//	autoencoder        anomaly detection of MLPerf Tiny, for vectors of 640; it reproduces its input
//	mobilenet-v2       MobileNetV2, for 3×224×224; also -0.75, -0.5 and -0.35 as wide
//	mobilenet-v3-small MobileNetV3-Small, for 3×224×224
//	squeezenet         SqueezeNet 1.1, for 3×224×224
//	shufflenet-v2-0.5  ShuffleNetV2, half as wide, for 3×224×224
//	resnet20           ResNet-20 of CIFAR-10, for 3×32×32
//	conv-autoencoder   two convolutions and two transposed ones, for 1×28×28; it reproduces its input
//	unet-tiny          a U-Net of three levels, for 1×28×28; it reproduces its input
//	tc-resnet8         TC-ResNet8, keyword spotting of signals 40×1×98
//
// Those for 3×224×224 take smaller images as well. [Network.PerPixel] makes conv-autoencoder
// and unet-tiny classify pixels.
//
// MLPerf Tiny is Banbury et al., “MLPerf Tiny Benchmark”, NeurIPS 2021.
func Builtin(name string, classes int) (Network, error) {
	make, ok := zoo[name]
	if !ok {
		return Network{}, fmt.Errorf("graph: network %q: want one of %v", name, BuiltinNames())
	}
	n := make(classes)
	n.Name = name
	return n, nil
}

// BuiltinNames lists the built-in networks.
func BuiltinNames() []string { return slices.Sorted(maps.Keys(zoo)) }

func mlp(classes int) Network {
	return Chain(
		Flatten().Named("flatten"),
		Linear(64).Named("fc1"), ReLU().Named("relu1"),
		Linear(64).Named("fc2"), ReLU().Named("relu2"),
		Linear(classes).Named("fc3"))
}

func lenet5(classes int) Network {
	return Chain(
		Conv2D(6, 5).Padded(2).Named("conv1"), ReLU().Named("relu1"), MaxPool(2).Named("pool1"),
		Conv2D(16, 5).Named("conv2"), ReLU().Named("relu2"), MaxPool(2).Named("pool2"),
		Flatten().Named("flatten"),
		Linear(120).Named("fc1"), ReLU().Named("relu3"),
		Linear(84).Named("fc2"), ReLU().Named("relu4"),
		Linear(classes).Named("fc3"))
}

func cnn(classes int) Network {
	return Chain(
		Conv2D(16, 3).Same().Named("conv1"), BatchNorm().Named("bn1"), ReLU().Named("relu1"), MaxPool(2).Named("pool1"),
		Conv2D(32, 3).Same().Named("conv2"), BatchNorm().Named("bn2"), ReLU().Named("relu2"), MaxPool(2).Named("pool2"),
		Flatten().Named("flatten"),
		Linear(128).Named("fc1"), ReLU().Named("relu3"),
		Linear(classes).Named("fc2"))
}

// block is a convolution with its batch norm and ReLU, numbered for its names.
func block(conv Layer, name string) []Layer {
	return []Layer{conv.Named(name), BatchNorm().Named(name + "_bn"), ReLU().Named(name + "_relu")}
}

func dsCNN(classes int) Network {
	first := Conv2D(64, 1).Same().Strided(2)
	first.Kernel = [2]int{10, 4}
	layers := block(first, "conv")
	for i := 1; i <= 4; i++ {
		layers = append(layers, block(DepthwiseConv2D(3).Same(), fmt.Sprintf("dw%d", i))...)
		layers = append(layers, block(Conv2D(64, 1), fmt.Sprintf("pw%d", i))...)
	}
	return Chain(append(layers, GlobalAvgPool().Named("pool"), Flatten().Named("flatten"),
		Linear(classes).Named("fc"))...)
}

func resnet8(classes int) Network {
	layers := block(Conv2D(16, 3).Same(), "conv1")
	trunk := "conv1_relu"
	for i, filters := range []int{16, 32, 64} {
		name := func(part string) string { return fmt.Sprintf("stack%d_%s", i+1, part) }
		stride := min(i+1, 2)
		layers = append(layers, block(Conv2D(filters, 3).Same().Strided(stride).Taking(trunk), name("conv1"))...)
		layers = append(layers, Conv2D(filters, 3).Same().Named(name("conv2")), BatchNorm().Named(name("conv2_bn")))
		if stride > 1 {
			layers = append(layers, Conv2D(filters, 1).Strided(stride).Taking(trunk).Named(name("shortcut")))
			trunk = name("shortcut")
		}
		layers = append(layers, Add(name("conv2_bn"), trunk).Named(name("add")), ReLU().Named(name("relu")))
		trunk = name("relu")
	}
	return Chain(append(layers, GlobalAvgPool().Named("pool"), Flatten().Named("flatten"),
		Linear(classes).Named("fc"))...)
}

func mobileNet(classes int) Network {
	layers := block(Conv2D(8, 3).Same().Strided(2), "conv")
	for i, b := range []struct{ filters, stride int }{
		{16, 1}, {32, 2}, {32, 1}, {64, 2}, {64, 1}, {128, 2}, {128, 1},
		{128, 1}, {128, 1}, {128, 1}, {128, 1}, {256, 2}, {256, 1},
	} {
		layers = append(layers, block(DepthwiseConv2D(3).Same().Strided(b.stride), fmt.Sprintf("dw%d", i+1))...)
		layers = append(layers, block(Conv2D(b.filters, 1), fmt.Sprintf("pw%d", i+1))...)
	}
	return Chain(append(layers, GlobalAvgPool().Named("pool"), Flatten().Named("flatten"),
		Linear(classes).Named("fc"))...)
}

func autoencoder(int) Network {
	var layers []Layer
	for i, features := range []int{128, 128, 128, 128, 8, 128, 128, 128, 128} {
		layers = append(layers, block(Linear(features), fmt.Sprintf("fc%d", i+1))...)
	}
	n := Chain(append(layers, Linear(640).Named("fc10"))...)
	n.Loss = MeanSquare
	return n
}
