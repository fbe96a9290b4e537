package onnx

import (
	"errors"
	"fmt"
	"io"

	"petrify/internal/atomicfile"
	"petrify/quantized"
)

// Options say how a model is written. The zero Options are best for most
// models. Those that are not zero are recorded in the file's metadata.
type Options struct {
	// Opset is the version of the operators: 13 (also 0), or 21, which has
	// 4-bit weights and weights with a scale for each block.
	Opset int `json:"opset"`

	// Batch fixes the number of inputs at a time; 0 leaves it open.
	Batch int `json:"batch,omitzero"`

	// Signed writes activations as int8 rather than uint8, for runtimes that
	// need it. By default ONNX Runtime on x86-64 converts them to uint8 and
	// computes the same as from the other file. With session.qdqisint8allowed=1
	// it computes with int8, and ties of sums and means may go the other way
	// (integer.Options.Signed).
	Signed bool `json:"signed,omitzero"`

	// NBits writes linear layers with scales for blocks so that ONNX Runtime
	// uses its MatMulNBits kernel, which keeps the weights packed in memory. By
	// default that kernel quantizes activations on the fly, and results are off
	// by up to half a percent; the session option
	// session.qdq_matmulnbits_accuracy_level=0 makes it exact. Without NBits
	// the weights are dequantized when the file is loaded, and results are
	// exact.
	NBits bool `json:"nbits,omitzero"`

	// Image puts the normalisation into the file: the input is then called
	// "image" and is uint8, N H W C, as decoded from a PNG or JPEG file.
	Image bool `json:"image,omitzero"`

	// InputLayout is the order of the input's axes, such as that of the file from
	// which the network was imported.
	InputLayout InputLayout `json:"inputLayout,omitzero"`

	// Result says what the file's output is.
	Result Result `json:"result,omitzero"`

	// Target names the processor that the model must be exact on.
	Target Target `json:"target,omitzero"`

	// Metadata is added to the file's own, such as the facts of a proof
	// (quantized.Proof.Facts).
	Metadata map[string]string `json:"-"`
}

// Result is what a file's output means.
type Result uint8

// The results.
const (
	Logits        Result = iota // the model's output as it is
	Probabilities               // softmax of it, float32, called "probabilities"
	Class                       // the index of its greatest element, int64, called "class"
)

// Target is a processor with limits of its own.
type Target uint8

// The targets.
const (
	// AnyTarget is any processor except those below.
	AnyTarget Target = iota

	// X64AVX2 is x86-64 without VNNI instructions (before Ice Lake and Zen 4).
	// There ONNX Runtime multiplies uint8 activations by int8 weights with
	// VPMADDUBSW, which adds two products in 16 bits and saturates. Two
	// products of 255 and 64 still fit, so weights must be within ±64: 7 bits.
	// (Eight bits can be exact, at half the speed, with the session option
	// session.x64quantprecision=1.)
	X64AVX2
)

// WriteFile writes a model with the zero Options. The file is written
// completely or not at all.
func WriteFile(path string, m *quantized.Model) error { return Options{}.WriteFile(path, m) }

// WriteFile writes a model to a file.
func (o Options) WriteFile(path string, m *quantized.Model) error {
	data, err := o.Encode(m)
	if err != nil {
		return err
	}
	return atomicfile.WriteFile(path, data)
}

// Write writes a model to w.
func (o Options) Write(w io.Writer, m *quantized.Model) error {
	data, err := o.Encode(m)
	if err != nil {
		return err
	}
	_, err = w.Write(data)
	return err
}

// Encode returns the bytes of the file. The same model and options give the
// same bytes.
func (o Options) Encode(m *quantized.Model) ([]byte, error) {
	if o.Opset == 0 {
		o.Opset = 13
	}
	if err := o.validate(); err != nil {
		return nil, err
	}
	if err := m.Validate(); err != nil {
		return nil, fmt.Errorf("onnx: %w", err)
	}
	if err := o.check(m); err != nil {
		return nil, err
	}
	file, err := newWriter(o, m).file()
	if err != nil {
		return nil, err
	}
	return file.Marshal(), nil
}

func (o Options) validate() error {
	switch {
	case o.Opset != 13 && o.Opset != 21:
		return fmt.Errorf("onnx: opset %d: want 13 or 21", o.Opset)
	case o.Batch < 0:
		return fmt.Errorf("onnx: batch of %d: want 0 (any) or more", o.Batch)
	case o.InputLayout > NLC:
		return fmt.Errorf("onnx: input layout %d: want %d to %d", uint8(o.InputLayout), NCHW, NLC)
	case o.InputLayout != NCHW && o.Image:
		return errors.New("onnx: an image has the layout N H W C, and takes no other")
	case o.Result > Class:
		return fmt.Errorf("onnx: result %d: want %d (logits), %d (probabilities) or %d (class)", uint8(o.Result),
			Logits, Probabilities, Class)
	case o.Target > X64AVX2:
		return fmt.Errorf("onnx: target %d: want %d (any) or %d (x64-avx2)", uint8(o.Target), AnyTarget, X64AVX2)
	}
	return nil
}
