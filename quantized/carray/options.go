package carray

import (
	"fmt"

	"petrify/quantized/integer"
)

// Options say what files to write. The zero Options compute with the arithmetic
// of training.
type Options struct {
	// Name begins the names of files, functions and macros, as in cnn.h,
	// cnn_run and CNN_ARENA_SIZE. Empty: it is made from the model's.
	Name string

	// Requantization is how sums become integers: by one float multiplication
	// or, for processors without floats, in fixed point.
	Requantization integer.Requantization

	// Unpacked stores a byte for each weight. Otherwise those of up to 2 bits are packed four to a
	// byte, and those of 3 and 4 bits two to a byte.
	Unpacked bool

	// Planes makes the input channels first, one plane after the other, as PyTorch has it, instead of
	// channels last. The first step then puts the channels last, in the arena.
	Planes bool

	// Facts are added to petrify's own in the header, such as those of a proof
	// (quantized.Proof.Facts).
	Facts map[string]string
}

func (o Options) validate() error {
	if o.Name != "" && o.Name != Identifier(o.Name) {
		return fmt.Errorf("carray: name %q: want a C identifier, such as %q", o.Name, Identifier(o.Name))
	}
	if o.Requantization > integer.Single {
		return fmt.Errorf("carray: requantization %v: want float32, gemmlowp or single", o.Requantization)
	}
	return nil
}
