package tflite

import (
	"fmt"
	"maps"
	"slices"

	"petrify/quantized"
	"petrify/quantized/tflite/schema"
)

// metadata is the file's: petrify's facts and the user's, sorted by key.
func (o Options) metadata(m *quantized.Model) ([]schema.Entry, error) {
	all, err := m.FileFacts(o)
	if err != nil {
		return nil, err
	}
	if err := quantized.AddFacts(all, o.Metadata); err != nil {
		return nil, fmt.Errorf("tflite: metadata %w", err)
	}
	var entries []schema.Entry
	for _, key := range slices.Sorted(maps.Keys(all)) {
		entries = append(entries, schema.Entry{Key: key, Value: all[key]})
	}
	return entries, nil
}

// Metadata reads what a file says about itself.
func Metadata(data []byte) (map[string]string, error) {
	file, err := schema.Unmarshal(data)
	if err != nil {
		return nil, fmt.Errorf("tflite: %w", err)
	}
	return metadataOf(file), nil
}

func metadataOf(file *schema.Model) map[string]string {
	all := map[string]string{}
	for _, e := range file.Metadata {
		all[e.Key] = e.Value
	}
	return all
}
