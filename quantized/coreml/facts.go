package coreml

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"petrify/fakequant/affine"
	"petrify/quantized"
	"petrify/quantized/coreml/mil"
)

// prefix marks petrify's own facts among the metadata.
const prefix = "petrify."

// metadata is what the package says about itself: the user's texts and, under
// petrify's prefix, where the model comes from and how it is quantized.
func metadata(m *quantized.Model, o Options) (mil.Metadata, error) {
	facts, err := facts(m, o)
	if err != nil {
		return mil.Metadata{}, fmt.Errorf("coreml: %w", err)
	}
	if err := quantized.AddFacts(facts, o.Metadata.Facts); err != nil {
		return mil.Metadata{}, fmt.Errorf("coreml: fact %w", err)
	}
	custom := map[string]string{}
	for key, value := range facts {
		if value != "" {
			custom[prefix+key] = value
		}
	}
	if o.Image && o.Classifier {
		custom["com.apple.coreml.model.preview.type"] = "imageClassifier"
	}
	return mil.Metadata{
		Description: o.Metadata.Description,
		Version:     o.Metadata.Version,
		Author:      o.Metadata.Author,
		License:     o.Metadata.License,
		Custom:      custom,
	}, nil
}

// facts returns petrify's own facts, some of them empty.
func facts(m *quantized.Model, o Options) (map[string]string, error) {
	all, err := m.Facts()
	if err != nil {
		return nil, err
	}
	raw := ""
	if m.Input.Raw != nil {
		text, err := json.Marshal(m.Input.Raw)
		if err != nil {
			return nil, err
		}
		raw = string(text)
	}
	epochs := ""
	if m.Origin.Epochs > 0 {
		epochs = strconv.Itoa(m.Origin.Epochs)
	}
	maps.Copy(all, map[string]string{
		"version":     m.Origin.Version,
		"network":     m.Name,
		"dataset":     m.Origin.Dataset,
		"method":      m.Origin.Method,
		"epochs":      epochs,
		"seed":        strconv.FormatUint(m.Origin.Seed, 10),
		"target":      o.Target.String(),
		"precision":   o.Precision.String(),
		"export":      o.words(),
		"input":       normalisation(&m.Input),
		"input.raw":   raw,
		"weights":     weightFacts(m, o),
		"activations": activationFacts(m),
	})
	return all, nil
}

// weightFacts lists the formats of weights with their layers, and the larger
// type that they are stored in if there is none of that size.
func weightFacts(m *quantized.Model, o Options) string {
	var t tally
	for i := range m.Nodes {
		w := m.Nodes[i].Weights
		switch {
		case w == nil:
		case w.Q == nil:
			t.add(o.Precision.String(), m.Nodes[i].Name)
		default:
			t.add(weightFact(w, o), m.Nodes[i].Name)
		}
	}
	return t.String()
}

func weightFact(w *quantized.Weights, o Options) string {
	text := w.Format.String()
	switch {
	case w.Block > 0:
		text += fmt.Sprintf(" per block of %d", w.Block)
	case w.Axis >= 0:
		text += " per channel"
	default:
		text += " per tensor"
	}
	if o.WeightsEncoding == Palette && w.Format.Bits <= paletteBits {
		return fmt.Sprintf("%s stored as uint%d indices", text, w.Format.Bits)
	}
	store := container(w.Format)
	unsigned := store.Unsigned || o.WeightsEncoding == Unsigned
	if store.Bits != w.Format.Bits || unsigned != w.Format.Unsigned {
		text += " stored as " + storage(store.Bits, unsigned).String()
	}
	return text
}

// activationFacts lists the formats of activations in the same way.
func activationFacts(m *quantized.Model) string {
	var t tally
	add := func(a *quantized.Activation) {
		f, scheme := a.Quant.Format, " symmetric"
		if a.Quant.Zero != 0 {
			scheme = " affine"
		}
		switch {
		case f.IsFloat():
			scheme = ""
		case f.Bits < 8:
			scheme += " stored as " + storage(8, f.Unsigned).String()
		}
		t.add(floatName(f)+scheme, a.Name)
	}
	add(&m.Input.Activation)
	for i := range m.Nodes {
		add(&m.Nodes[i].Output)
	}
	return t.String()
}

func floatName(f affine.Format) string {
	if f.IsFloat() {
		return "float"
	}
	return f.String()
}

// tally groups names by a fact, in the order in which facts first appear.
type tally struct {
	facts []string
	names [][]string
}

func (t *tally) add(fact, name string) {
	i := slices.Index(t.facts, fact)
	if i < 0 {
		i = len(t.facts)
		t.facts, t.names = append(t.facts, fact), append(t.names, nil)
	}
	t.names[i] = append(t.names[i], name)
}

// String is "int8 per channel: conv1, conv2; float32: fc".
func (t *tally) String() string {
	parts := make([]string, len(t.facts))
	for i, fact := range t.facts {
		parts[i] = fact + ": " + strings.Join(t.names[i], ", ")
	}
	return strings.Join(parts, "; ")
}
