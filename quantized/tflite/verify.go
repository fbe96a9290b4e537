package tflite

import (
	"bytes"
	"encoding/json"
	"fmt"
	"reflect"

	"petrify/quantized"
	"petrify/quantized/tflite/schema"
)

// Begins reports whether a file with this beginning is TensorFlow Lite's.
func Begins(head []byte) bool {
	return len(head) >= 8 && string(head[4:8]) == schema.Identifier
}

// Verify returns an error unless data is, to the last byte, what [Encode] makes
// of m with the options and the further metadata that the file names. The error
// names what differs: the model, or the part of the file.
func Verify(data []byte, m *quantized.Model) error {
	file, err := schema.Unmarshal(data)
	if err != nil {
		return fmt.Errorf("tflite: %w", err)
	}
	facts := metadataOf(file)
	if err := m.CheckFacts(facts); err != nil {
		return fmt.Errorf("tflite: the file %w", err)
	}
	o, err := writtenWith(facts, m)
	if err != nil {
		return err
	}
	want, err := Encode(m, o)
	if err != nil {
		return fmt.Errorf("tflite: the file's options: %w", err)
	}
	if bytes.Equal(data, want) {
		return nil
	}
	ours, err := schema.Unmarshal(want)
	if err != nil {
		return fmt.Errorf("tflite: %w", err)
	}
	return fmt.Errorf("tflite: the file's %s not what the model gives: it was changed, or written by "+
		"another version", difference(file, ours))
}

// writtenWith returns the options of a file; metadata that petrify does not
// write by itself are the user's.
func writtenWith(facts map[string]string, m *quantized.Model) (Options, error) {
	var o Options
	if err := json.Unmarshal([]byte(facts[quantized.ExportKey]), &o); err != nil {
		return o, fmt.Errorf("tflite: the file's metadata %q: %q: %w", quantized.ExportKey,
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
func difference(a, b *schema.Model) string {
	for i, e := range a.Metadata {
		if i >= len(b.Metadata) || e != b.Metadata[i] {
			return fmt.Sprintf("metadata %q is", e.Key)
		}
	}
	for i := range a.Graph.Tensors {
		t := &a.Graph.Tensors[i]
		if i >= len(b.Graph.Tensors) || !reflect.DeepEqual(*t, b.Graph.Tensors[i]) ||
			!bytes.Equal(a.Buffers[t.Buffer], b.Buffers[t.Buffer]) {
			return fmt.Sprintf("tensor %q is", t.Name)
		}
	}
	for i := range a.Graph.Operators {
		o := &a.Graph.Operators[i]
		if i >= len(b.Graph.Operators) || !reflect.DeepEqual(*o, b.Graph.Operators[i]) {
			return fmt.Sprintf("operator %d, %v, is", i, o.Code)
		}
	}
	if !reflect.DeepEqual(a.Graph.Inputs, b.Graph.Inputs) || !reflect.DeepEqual(a.Graph.Outputs, b.Graph.Outputs) {
		return "inputs or outputs are"
	}
	return "bytes are"
}
