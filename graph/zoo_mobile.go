package graph

import (
	"fmt"
)

// mobileNetV2 is the network of the given width for 1000 classes: MobileNetV2, 3×224×224
// (Sandler et al., “MobileNetV2”, CVPR 2018, table 2), padded as in torchvision.
func mobileNetV2(width float64) func(classes int) Network {
	return func(classes int) Network {
		in := divisible(32 * width)
		layers := clipped(Conv2D(in, 3).Padded(1).Strided(2), "conv")
		n := 0
		for _, stage := range []struct{ expand, filters, blocks, stride int }{
			{1, 16, 1, 1}, {6, 24, 2, 2}, {6, 32, 3, 2}, {6, 64, 4, 2}, {6, 96, 3, 1}, {6, 160, 3, 2}, {6, 320, 1, 1},
		} {
			for i := range stage.blocks {
				n++
				out, stride := divisible(float64(stage.filters)*width), 1
				if i == 0 {
					stride = stage.stride
				}
				layers = append(layers, inverted(fmt.Sprintf("block%d", n), layers[len(layers)-1].Name, in, out,
					stage.expand, stride)...)
				in = out
			}
		}
		layers = append(layers, clipped(Conv2D(divisible(1280*max(width, 1)), 1), "last")...)
		return Chain(append(layers, GlobalAvgPool().Named("pool"), Flatten().Named("flatten"),
			Dropout(0.2).Named("dropout"), Linear(classes).Named("fc"))...)
	}
}

// divisible is the multiple of 8 nearest to a number of channels, and not below 0.9 of it.
func divisible(channels float64) int {
	n := max(8, int(float64(channels)+4)/8*8)
	if float64(n) < 0.9*channels {
		n += 8
	}
	return n
}

// clipped is [block] with a ReLU6.
func clipped(conv Layer, name string) []Layer { return ending(conv, name, ReLU6()) }

// ending is a convolution with its batch norm and a function.
func ending(conv Layer, name string, function Layer) []Layer {
	return []Layer{conv.Named(name), BatchNorm().Named(name + "_bn"), function.Named(name + "_act")}
}

// inverted is an inverted residual: it expands the channels, convolves each, and projects
// them; its input is added where the shapes are equal.
func inverted(name, trunk string, in, out, expand, stride int) (layers []Layer) {
	if expand > 1 {
		layers = clipped(Conv2D(in*expand, 1), name+"_expand")
	}
	layers = append(layers, clipped(DepthwiseConv2D(3).Padded(1).Strided(stride), name+"_dw")...)
	layers = append(layers, Conv2D(out, 1).Named(name+"_project"), BatchNorm().Named(name+"_project_bn"))
	if in == out && stride == 1 {
		layers = append(layers, Add(trunk, name+"_project_bn").Named(name+"_add"))
	}
	return layers
}

// mobileNetV3 is MobileNetV3-Small (Howard et al., “Searching for MobileNetV3”, ICCV 2019,
// table 2), with torchvision's padding and its batch norms' ε.
func mobileNetV3(classes int) Network {
	layers := ending(Conv2D(16, 3).Padded(1).Strided(2), "conv", HardSwish())
	in := 16
	for i, b := range []struct {
		kernel, expand, out int
		squeezes, hardSwish bool
		stride              int
	}{
		{3, 16, 16, true, false, 2}, {3, 72, 24, false, false, 2}, {3, 88, 24, false, false, 1},
		{5, 96, 40, true, true, 2}, {5, 240, 40, true, true, 1}, {5, 240, 40, true, true, 1},
		{5, 120, 48, true, true, 1}, {5, 144, 48, true, true, 1},
		{5, 288, 96, true, true, 2}, {5, 576, 96, true, true, 1}, {5, 576, 96, true, true, 1},
	} {
		name, trunk, act := fmt.Sprintf("block%d", i+1), layers[len(layers)-1].Name, ReLU()
		if b.hardSwish {
			act = HardSwish()
		}
		if b.expand != in {
			layers = append(layers, ending(Conv2D(b.expand, 1), name+"_expand", act)...)
		}
		layers = append(layers, ending(DepthwiseConv2D(b.kernel).Padded(b.kernel/2).Strided(b.stride), name+"_dw",
			act)...)
		if b.squeezes {
			layers = append(layers, squeezed(name, name+"_dw_act", b.expand)...)
		}
		layers = append(layers, Conv2D(b.out, 1).Named(name+"_project"), BatchNorm().Named(name+"_project_bn"))
		if b.out == in && b.stride == 1 {
			layers = append(layers, Add(trunk, name+"_project_bn").Named(name+"_add"))
		}
		in = b.out
	}
	layers = append(layers, ending(Conv2D(6*in, 1), "last", HardSwish())...)
	layers = append(layers, GlobalAvgPool().Named("pool"), Flatten().Named("flatten"), Linear(1024).Named("fc1"),
		HardSwish().Named("fc1_act"), Dropout(0.2).Named("dropout"), Linear(classes).Named("fc2"))
	for i := range layers {
		if layers[i].Kind == KindBatchNorm {
			layers[i].Epsilon = 0.001
		}
	}
	return Chain(layers...)
}

// squeezed multiplies each channel by a factor that it computes of the means of all.
func squeezed(name, trunk string, channels int) []Layer {
	name += "_se"
	return []Layer{
		GlobalAvgPool().Taking(trunk).Named(name + "_pool"),
		Conv2D(divisible(float64(channels)/4), 1).Named(name + "_fc1"), ReLU().Named(name + "_relu"),
		Conv2D(channels, 1).Named(name + "_fc2"), HardSigmoid().Named(name + "_gate"),
		Mul(trunk, name+"_gate").Named(name + "_mul"),
	}
}

// squeezeNet is SqueezeNet 1.1 (Iandola et al., “SqueezeNet”, arXiv:1602.07360; version 1.1
// is the authors' own), for 3×224×224.
func squeezeNet(classes int) Network {
	pool := func(n int) Layer {
		l := MaxPool(3).Strided(2).Named(fmt.Sprint("pool", n))
		l.CeilMode = true
		return l
	}
	layers := []Layer{Conv2D(64, 3).Strided(2).Named("conv1"), ReLU().Named("conv1_relu"), pool(1)}
	for i, f := range []struct{ squeeze, expand int }{
		{16, 64}, {16, 64}, {32, 128}, {32, 128}, {48, 192}, {48, 192}, {64, 256}, {64, 256},
	} {
		name := func(part string) string { return fmt.Sprintf("fire%d_%s", i+2, part) }
		layers = append(layers, Conv2D(f.squeeze, 1).Named(name("squeeze")), ReLU().Named(name("squeeze_relu")),
			Conv2D(f.expand, 1).Named(name("expand1")), ReLU().Named(name("expand1_relu")),
			Conv2D(f.expand, 3).Padded(1).Taking(name("squeeze_relu")).Named(name("expand3")),
			ReLU().Named(name("expand3_relu")), Concat(name("expand1_relu"),
				name("expand3_relu")).Named(name("concat")))
		if i == 1 || i == 3 {
			layers = append(layers, pool(i+2))
		}
	}
	return Chain(append(layers, Dropout(0.5).Named("dropout"), Conv2D(classes, 1).Named("conv10"),
		ReLU().Named("conv10_relu"), GlobalAvgPool().Named("pool10"), Flatten().Named("flatten"))...)
}

// shuffleNetV2 is ShuffleNetV2 ×0.5 (Ma et al., “ShuffleNet V2”, ECCV 2018, table 5), for
// 3×224×224.
func shuffleNetV2(classes int) Network {
	layers := append(block(Conv2D(24, 3).Padded(1).Strided(2), "conv1"), MaxPool(3).Strided(2).Padded(1).Named("pool1"))
	for stage, s := range []struct{ channels, units int }{{48, 4}, {96, 8}, {192, 4}} {
		for i := range s.units {
			layers = append(layers, shuffleUnit(fmt.Sprintf("stage%d_unit%d", stage+2, i+1),
				layers[len(layers)-1].Name, s.channels/2, i == 0)...)
		}
	}
	layers = append(layers, block(Conv2D(1024, 1), "conv5")...)
	return Chain(append(layers, GlobalAvgPool().Named("pool5"), Flatten().Named("flatten"),
		Linear(classes).Named("fc"))...)
}

// shuffleUnit concatenates a part of its input, or a convolution of it, with a branch, and
// shuffles the two (figure 3, c and d).
func shuffleUnit(unit, trunk string, channels int, down bool) (layers []Layer) {
	name := func(part string) string { return unit + "_" + part }
	depthwise := func(part string, stride int) []Layer {
		return []Layer{DepthwiseConv2D(3).Padded(1).Strided(stride).Named(name(part)),
			BatchNorm().Named(name(part + "_bn"))}
	}
	stride, kept, taken := 1, name("kept"), name("taken")
	if down {
		stride, kept, taken = 2, name("kept_relu"), trunk
		layers = depthwise("kept_dw", 2)
		layers[0] = layers[0].Taking(trunk)
		layers = append(layers, block(Conv2D(channels, 1), name("kept"))...)
	} else {
		layers = []Layer{Slice(0, channels).Taking(trunk).Named(kept),
			Slice(channels, 2*channels).Taking(trunk).Named(taken)}
	}
	layers = append(layers, block(Conv2D(channels, 1).Taking(taken), name("pw1"))...)
	layers = append(layers, depthwise("dw", stride)...)
	layers = append(layers, block(Conv2D(channels, 1), name("pw2"))...)
	return append(layers, Concat(kept, name("pw2_relu")).Named(name("concat")), Shuffle(2).Named(name("shuffle")))
}

// resnet20 is ResNet-20 for CIFAR-10 (He et al., “Deep residual learning for image
// recognition”, CVPR 2016, section 4.2), with shortcuts without parameters: every second
// pixel, and channels of zeros.
func resnet20(classes int) Network {
	layers := block(Conv2D(16, 3).Padded(1), "conv1")
	in, trunk := 16, "conv1_relu"
	for stage, filters := range []int{16, 32, 64} {
		for i := range 3 {
			name := func(part string) string { return fmt.Sprintf("stack%d_%d_%s", stage+1, i+1, part) }
			stride := filters / in
			layers = append(layers, block(Conv2D(filters, 3).Padded(1).Strided(stride).Taking(trunk), name("conv1"))...)
			layers = append(layers, Conv2D(filters, 3).Padded(1).Named(name("conv2")),
				BatchNorm().Named(name("conv2_bn")))
			if stride > 1 {
				zeros := Pad(0).Named(name("shortcut"))
				zeros.ExtraChannels = [2]int{(filters - in) / 2, (filters - in) / 2}
				layers = append(layers, MaxPool(1).Strided(2).Taking(trunk).Named(name("pixels")), zeros)
				trunk = name("shortcut")
			}
			layers = append(layers, Add(name("conv2_bn"), trunk).Named(name("add")), ReLU().Named(name("relu")))
			in, trunk = filters, name("relu")
		}
	}
	return Chain(append(layers, GlobalAvgPool().Named("pool"), Flatten().Named("flatten"),
		Linear(classes).Named("fc"))...)
}

// tcResNet8 is TC-ResNet8 (Choi et al., “Temporal convolution for real-time keyword
// spotting on mobile devices”, Interspeech 2019, figure 2), for signals 40×1×98.
func tcResNet8(classes int) Network {
	layers := []Layer{same1D(16, 3, 1).Named("conv")}
	trunk := "conv"
	for i, filters := range []int{24, 32, 48} {
		name := func(part string) string { return fmt.Sprintf("block%d_%s", i+1, part) }
		layers = append(layers, block(same1D(filters, 9, 2).Taking(trunk), name("conv1"))...)
		layers = append(layers, same1D(filters, 9, 1).Named(name("conv2")), BatchNorm().Named(name("conv2_bn")))
		layers = append(layers, block(same1D(filters, 1, 2).Taking(trunk), name("shortcut"))...)
		layers = append(layers, Add(name("conv2_bn"), name("shortcut_relu")).Named(name("add")),
			ReLU().Named(name("relu")))
		trunk = name("relu")
	}
	return Chain(append(layers, GlobalAvgPool().Named("pool"), Flatten().Named("flatten"),
		Dropout(0.5).Named("dropout"), Linear(classes).Named("fc"))...)
}

// same1D is a convolution along the width, padded.
func same1D(filters, kernel, stride int) Layer {
	l := Conv1D(filters, kernel).Same()
	l.Stride = [2]int{1, stride}
	return l
}
