package tflite

import (
	"fmt"
	"io"

	"petrify/internal/atomicfile"
	"petrify/quantized"
)

// Options say how a model is written. The zero Options suit most runtimes.
// Those that are not zero are recorded in the file's metadata.
type Options struct {
	// Batch is the number of inputs at a time; 0 means 1. An interpreter can
	// change it (ResizeInputTensor), a microcontroller cannot.
	Batch int `json:"batch,omitzero"`

	// Int4 packs weights of up to 4 bits two to a byte: those of linear layers
	// and ordinary convolutions that compute with integers. LiteRT and CMSIS-NN
	// accept them; other runtimes refuse the file. Without it each weight is a
	// byte. With it, LiteRT rounds convolutions with windows as
	// integer.Options.Int4 does.
	Int4 bool `json:"int4,omitzero"`

	// Metadata is added to the file's own, such as the facts of a proof
	// (quantized.Proof.Facts).
	Metadata map[string]string `json:"-"`
}

// WriteFile writes a model to a file, completely or not at all.
func WriteFile(path string, m *quantized.Model, o Options) error {
	data, err := Encode(m, o)
	if err != nil {
		return err
	}
	return atomicfile.WriteFile(path, data)
}

// Write writes a model to w.
func Write(w io.Writer, m *quantized.Model, o Options) error {
	data, err := Encode(m, o)
	if err != nil {
		return err
	}
	_, err = w.Write(data)
	return err
}

// Encode returns the bytes of the file. The same model and options give the
// same bytes.
func Encode(m *quantized.Model, o Options) ([]byte, error) {
	if o.Batch < 0 {
		return nil, fmt.Errorf("tflite: batch of %d: want 0 (for 1) or more", o.Batch)
	}
	if err := m.Validate(); err != nil {
		return nil, fmt.Errorf("tflite: %w", err)
	}
	if err := o.check(m); err != nil {
		return nil, err
	}
	metadata, err := o.metadata(m)
	if err != nil {
		return nil, err
	}
	w := newWriter(o, m)
	w.input()
	for i := range m.Nodes {
		w.layer(&m.Nodes[i])
	}
	w.output()
	if w.err != nil {
		return nil, w.err
	}
	w.file.Metadata = metadata
	data, err := w.file.Marshal()
	if err != nil {
		return nil, fmt.Errorf("tflite: %w", err)
	}
	return data, nil
}
