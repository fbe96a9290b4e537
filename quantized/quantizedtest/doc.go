// Package quantizedtest builds frozen models with random integers, for tests of
// what reads or runs them: engines, exporters, file formats.
//
//	b := quantizedtest.New(rand.New(rand.NewPCG(1, 2)), quantizedtest.W8A8, 1, 8, 8)
//	x := b.Conv(b.Input(), 4, quantizedtest.Same(3), 1, quantized.ReLU)
//	x = b.Linear(b.Flatten(b.Pool(quantized.MaxPool, x, quantizedtest.Valid(2, 2))), 10, quantized.Identity)
//	m := b.Model(x)
//
// The scales are chosen so that outputs spread over their range and a few are
// clipped. Each call adds a layer and returns its name.
package quantizedtest
