package graph

import "slices"

// PerPixel is a network that reproduces images, as [Builtin] makes it, with an output for
// each class of each pixel instead: its last convolution gets as many filters.
func (n Network) PerPixel(classes int) Network {
	if n.Loss != MeanSquare {
		return n
	}
	n.Loss, n.Layers = CrossEntropy, slices.Clone(n.Layers)
	if last := &n.Layers[len(n.Layers)-1]; last.Units > 0 {
		last.Units = classes
	}
	return n
}

// convAutoencoder reproduces images of one channel, whose sides are multiples of 4,
// by way of a quarter as many rows and columns.
func convAutoencoder(int) Network {
	layers := block(Conv2D(16, 3).Same().Strided(2), "down1")
	layers = append(layers, block(Conv2D(32, 3).Same().Strided(2), "down2")...)
	layers = append(layers, block(ConvTranspose2D(16, 2, 2), "up1")...)
	n := Chain(append(layers, ConvTranspose2D(1, 2, 2).Named("up2"))...)
	n.Loss = MeanSquare
	return n
}

// unetTiny is a small U-Net (Ronneberger et al., “U-Net”, MICCAI 2015) for images as
// of [convAutoencoder]: one level is enlarged by a convolution, one by repetition.
func unetTiny(int) Network {
	layers := block(Conv2D(8, 3).Same(), "top")
	top := layers[len(layers)-1].Name
	layers = append(layers, MaxPool(2).Named("pool1"))
	layers = append(layers, block(Conv2D(16, 3).Same(), "middle")...)
	middle := layers[len(layers)-1].Name
	layers = append(layers, MaxPool(2).Named("pool2"))
	layers = append(layers, block(Conv2D(32, 3).Same(), "bottom")...)
	layers = append(layers, ConvTranspose2D(16, 2, 2).Named("up2"), Concat(middle, "up2").Named("join2"))
	layers = append(layers, block(Conv2D(16, 3).Same(), "middle_up")...)
	layers = append(layers, Resize(2).Named("up1"), Concat(top, "up1").Named("join1"))
	layers = append(layers, block(Conv2D(8, 3).Same(), "top_up")...)
	n := Chain(append(layers, Conv2D(1, 1).Named("out"))...)
	n.Loss = MeanSquare
	return n
}
