package tflite

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"

	"petrify/quantized"
	"petrify/quantized/tflite/schema"
)

// exportKey is the key of the options that a file was written with.
const exportKey = "export"

// metadata is the file's: petrify's facts and the user's, sorted by key.
func (o Options) metadata(m *quantized.Model) ([]schema.Entry, error) {
	all, err := o.facts(m)
	if err != nil {
		return nil, err
	}
	for key, value := range o.Metadata {
		if _, own := all[key]; own {
			return nil, fmt.Errorf("tflite: metadata %q: petrify writes that itself: choose another key", key)
		}
		all[key] = value
	}
	var entries []schema.Entry
	for _, key := range slices.Sorted(maps.Keys(all)) {
		entries = append(entries, schema.Entry{Key: key, Value: all[key]})
	}
	return entries, nil
}

// facts say what the file's users must know: what to feed, what the outputs
// mean, which model this is, and how it was written.
func (o Options) facts(m *quantized.Model) (map[string]string, error) {
	all, err := m.Facts()
	if err != nil {
		return nil, err
	}
	for key, value := range map[string]any{
		"classes": m.Classes, "input.pixel_scale": m.Input.PixelScale, "input.mean": m.Input.Mean,
		"input.std": m.Input.Std, "origin": m.Origin, exportKey: o,
	} {
		text, err := json.Marshal(value)
		if err != nil {
			return nil, fmt.Errorf("tflite: metadata %s: %w", key, err)
		}
		if string(text) != "null" {
			all[key] = string(text)
		}
	}
	return all, nil
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
