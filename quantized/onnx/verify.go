package onnx

import (
	"bytes"
	"encoding/json"
	"fmt"
	"reflect"

	"petrify/internal/onnxpb"
	"petrify/quantized"
)

// Wrote reports whether a file with this beginning is petrify's: the producer's
// name follows the version.
func Wrote(head []byte) bool {
	return bytes.Contains(head[:min(len(head), 16)], []byte("\x12\apetrify"))
}

// Verify returns an error unless data is, to the last byte, what [Options.Encode]
// makes of m with the options and the further metadata that the file names.
// The error names what differs: the model, or the part of the file.
func Verify(data []byte, m *quantized.Model) error {
	file, err := onnxpb.Unmarshal(data)
	if err != nil {
		return fmt.Errorf("onnx: %w", err)
	}
	facts := metadataOf(file)
	if err := m.CheckFacts(facts); err != nil {
		return fmt.Errorf("onnx: the file %w", err)
	}
	o, err := writtenWith(facts, m)
	if err != nil {
		return err
	}
	want, err := o.Encode(m)
	if err != nil {
		return fmt.Errorf("onnx: the file's options: %w", err)
	}
	if bytes.Equal(data, want) {
		return nil
	}
	ours, err := onnxpb.Unmarshal(want)
	if err != nil {
		return fmt.Errorf("onnx: %w", err)
	}
	return fmt.Errorf("onnx: the file's %s not what the model gives: it was changed, or written by another version",
		difference(file, ours))
}

// WrittenWith returns the options that a file of the model names.
func WrittenWith(data []byte, m *quantized.Model) (Options, error) {
	facts, err := Metadata(data)
	if err != nil {
		return Options{}, err
	}
	return writtenWith(facts, m)
}

// writtenWith returns the options of a file; metadata that petrify does not
// write by itself are the user's.
func writtenWith(facts map[string]string, m *quantized.Model) (Options, error) {
	var o Options
	if err := json.Unmarshal([]byte(facts[quantized.ExportKey]), &o); err != nil {
		return o, fmt.Errorf("onnx: the file's metadata %q: %q: %w", quantized.ExportKey,
			facts[quantized.ExportKey], err)
	}
	own, err := m.FileFacts(o)
	if err != nil {
		return o, err
	}
	o.Metadata = quantized.UsersFacts(facts, own)
	return o, nil
}

// difference names the first part in which two files differ, with its verb.
func difference(a, b *onnxpb.Model) string {
	for i, e := range a.Metadata {
		if i >= len(b.Metadata) || e != b.Metadata[i] {
			return fmt.Sprintf("metadata %q is", e.Key)
		}
	}
	for i := range a.Graph.Initializers {
		t := &a.Graph.Initializers[i]
		if i >= len(b.Graph.Initializers) || !reflect.DeepEqual(*t, b.Graph.Initializers[i]) {
			return fmt.Sprintf("tensor %q is", t.Name)
		}
	}
	for i := range a.Graph.Nodes {
		n := &a.Graph.Nodes[i]
		if i >= len(b.Graph.Nodes) || !reflect.DeepEqual(*n, b.Graph.Nodes[i]) {
			return fmt.Sprintf("operator %s %q is", n.Op, n.Name)
		}
	}
	if !reflect.DeepEqual(a.Graph.Inputs, b.Graph.Inputs) || !reflect.DeepEqual(a.Graph.Outputs, b.Graph.Outputs) {
		return "inputs or outputs are"
	}
	return "bytes are"
}
