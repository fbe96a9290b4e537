package onnx

import (
	"fmt"
	"maps"
	"slices"

	"petrify/internal/onnxpb"
	"petrify/quantized"
)

// metadata is the file's: petrify's facts and the user's, sorted by key.
func (o Options) metadata(m *quantized.Model) ([]onnxpb.Entry, error) {
	all, err := m.FileFacts(o)
	if err != nil {
		return nil, err
	}
	if err := quantized.AddFacts(all, o.Metadata); err != nil {
		return nil, fmt.Errorf("onnx: metadata %w", err)
	}
	var entries []onnxpb.Entry
	for _, key := range slices.Sorted(maps.Keys(all)) {
		entries = append(entries, onnxpb.Entry{Key: key, Value: all[key]})
	}
	return entries, nil
}

// Metadata reads what a file says about itself.
func Metadata(data []byte) (map[string]string, error) {
	file, err := onnxpb.Unmarshal(data)
	if err != nil {
		return nil, fmt.Errorf("onnx: %w", err)
	}
	return metadataOf(file), nil
}

func metadataOf(file *onnxpb.Model) map[string]string {
	all := map[string]string{}
	for _, e := range file.Metadata {
		all[e.Key] = e.Value
	}
	return all
}
