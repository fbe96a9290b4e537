// Package datasets reads real data and hands out batches.
//
// # Actors
//
// [Open] reads a data set, built in, published or a user's own, into a [Set]:
// its [Split] values (Train, Test and perhaps Validation), the class names, mean
// and standard deviation of each channel, measured on the training split, and an
// [Account] of what was read, and how. [New] makes a Set from data in memory.
// [Set.Batches] goes through a split one [Batch] at a time, in order or shuffled,
// and may vary the images ([Augment]).
//
// A trained network wants its inputs as those of training were: a [Contract] says
// how. [ReadInputs] reads what it is to predict, [OpenLike] what it is to be judged
// by.
//
//	set, err := datasets.Open("digits", datasets.Options{})
//	for batch, err := range set.Batches(set.Train, datasets.BatchOptions{Size: 64, Rand: r}) {
//		step(batch.X, batch.Labels)
//	}
//
// # Conventions
//
// Shapes are C H W without the batch, as everywhere in this module. In memory,
// and in a batch, images are N H W C: channels last. A row of a table is an
// image of one pixel with a channel for each column, so that each column has
// its own mean and deviation.
//
// Splits do not copy images: if one is cut off another, both read the same
// pixels through a list of rows.
//
// Pixels stay uint8 until a batch is assembled; then, in float32,
//
//	r = (p·PixelScale − Mean[c]) / Std[c]
//
// through a table of the 256 results. Std is the population's. A constant
// channel has Std 1. To run the trained model elsewhere, feed it the same r.
//
// All batches have the same size; the last one is padded with rows of zeros
// whose label is −1, which losses and accuracies leave out.
//
// Every random choice comes from the generator passed, and is made in one
// goroutine: the same generator gives the same batches on every machine. An
// epoch is determined by the generator's state at its beginning, and
// [BatchOptions].Skip continues an interrupted one.
//
// # Data sets
//
// [Names] lists those known by name.
//
// digits is built in and the default: the test part of "Optical Recognition of
// Handwritten Digits" of the UCI Machine Learning Repository, 1,797 images of
// 8×8 pixels with values 0 … 16, licence CC BY 4.0, in the copy of
// scikit-learn. In each class every fifth image in the file's order (the 5th,
// 10th, …) is for testing: 1,442 images to train, 355 to test, with classes
// equally frequent in both. The 13 writers occur in both parts, so the test
// measures new digits by known writers and is easier than one with new writers.
//
// mnist and fashion-mnist are the IDX files as published (60,000 and 10,000
// images of 28×28), plain or gzipped. Each file is looked for in
//
//  1. Options.Dir, and in it in the folder of the set's name,
//  2. $PETRIFY_DATA, likewise,
//  3. the cache: Options.Cache, by default petrify in the user's cache folder,
//  4. datasets/NAME in $XDG_DATA_HOME (~/.local/share), then in each of
//     $XDG_DATA_DIRS (/usr/local/share, /usr/share), where Debian's package
//     dataset-fashion-mnist puts it,
//
// and otherwise downloaded to the cache. Wherever it comes from, size and
// SHA-256 of its content must be the published ones. They are those of the
// unzipped content, since recompressed copies differ as gzip files.
//
// cifar-10 is the binary version (50,000 and 10,000 colour images of 32×32),
// looked for in the same folders and in cifar-10-batches-bin below them.
//
// A path instead of a name reads a user's own file or folder; [OpenContext]
// lists the kinds. Errors name the file and the byte, line or array. The data
// are in memory once: bytes as bytes, other numbers as float32, decoded as they
// are read. Memory is allocated as data arrive and never just because a header
// says so; [Options].Memory bounds it. Decoded pictures that take more than
// [Options].Share of what is free are in a file instead, mapped into memory.
//
// # Sources
//
//   - E. Alpaydin, C. Kaynak, Cascading Classifiers, Kybernetika 34 (4), 1998
//     (the digits); https://doi.org/10.24432/C50P49.
//   - Y. LeCun, L. Bottou, Y. Bengio, P. Haffner, Gradient-Based Learning
//     Applied to Document Recognition, Proceedings of the IEEE 86 (11), 1998 (MNIST).
//   - H. Xiao, K. Rasul, R. Vollgraf, Fashion-MNIST: a Novel Image Dataset for
//     Benchmarking Machine Learning Algorithms, arXiv:1708.07747, 2017.
//   - A. Krizhevsky, Learning Multiple Layers of Features from Tiny Images,
//     2009 (CIFAR-10).
//   - R. Kern, NumPy Enhancement Proposal 1, A Simple File Format for NumPy
//     Arrays, 2007 (npy, npz).
package datasets
