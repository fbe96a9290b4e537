// Package randnet draws networks and quantizations at random, for tests that
// hold for all of them: gradients against finite differences, training against
// PyTorch, exported files against the runtimes that execute them.
//
//	rng := rand.New(rand.NewPCG(seed, 0))
//	network, in := randnet.Network(rng, randnet.Options{})
//	q := randnet.Quantization(rng, network, in)
//	model, err := graph.New(network, in, q, rng)   // never fails
//
// A network has layers of all kinds, batch normalisation anywhere, branches
// that join again, and windows with strides, dilations, groups and paddings of
// all sorts; it is small, so that a test can afford many. A quantization has
// all methods, observers, dialects, schemes and numbers of bits, ramps, rules
// by kind and name, layers left in float, and activations that share a grid
// wherever the network concatenates. Both depend only on the random numbers:
// the seed in a failing test's name is all it takes to reproduce it.
//
// If a caller cannot use something, it excludes it ([Options.Without]), changes
// the drawn value, which is plain data, or draws again.
package randnet
