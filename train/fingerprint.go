package train

import (
	"encoding"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
	"unicode"

	"petrify/graph"
	"petrify/internal/safetensors"
)

// fingerprint is every setting that the trained model depends on, by path, of
// a resolved configuration.
func fingerprint(c Config) map[string]string {
	flat := map[string]string{
		"data.checksum": c.Data.Checksum(),
		"seed":          fmt.Sprint(c.Seed),
		"batch":         fmt.Sprint(c.Batch),
		"calibration":   fmt.Sprint(c.Calibration),
		"validation":    fmt.Sprint(c.Validation),
		"reestimate":    fmt.Sprint(c.Reestimate),
		"version":       c.Version,
	}
	if c.Weights != nil {
		flat["weights.checksum"] = checksum(c.Weights)
	}
	flatten(flat, "augment", reflect.ValueOf(c.Augment))
	flatten(flat, "balanced", reflect.ValueOf(c.Balanced))
	flatten(flat, "distillation", reflect.ValueOf(c.Distillation))
	flatten(flat, "oscillation", reflect.ValueOf(c.Oscillation))
	flatten(flat, "network", reflect.ValueOf(c.Network))
	flatten(flat, "quantization", reflect.ValueOf(c.Quantization))
	flatten(flat, "float", reflect.ValueOf(c.Float))
	flatten(flat, "qat", reflect.ValueOf(c.QAT))
	flatten(flat, "qat.milestones", reflect.ValueOf(c.Milestones))
	return flat
}

// checksum is the SHA-256 of named tensors.
func checksum(states []graph.State) string {
	tensors := make([]safetensors.Tensor, len(states))
	for i, s := range states {
		tensors[i] = toTensor(s)
	}
	return digest(tensors, nil)
}

// flatten adds the leaves of v under path, named as in a configuration file.
func flatten(flat map[string]string, path string, v reflect.Value) {
	if v.CanInterface() {
		if t, ok := v.Interface().(encoding.TextMarshaler); ok {
			text, err := t.MarshalText()
			if err == nil {
				flat[path] = string(text)
				return
			}
		}
	}
	switch v.Kind() {
	case reflect.Struct:
		for i := range v.NumField() {
			flatten(flat, path+"."+snake(v.Type().Field(i).Name), v.Field(i))
		}
	case reflect.Slice, reflect.Array:
		for i := range v.Len() {
			flatten(flat, fmt.Sprintf("%s[%d]", path, i), v.Index(i))
		}
	case reflect.Map:
		for _, key := range v.MapKeys() {
			flatten(flat, fmt.Sprintf("%s.%v", path, key), v.MapIndex(key))
		}
	case reflect.Pointer, reflect.Interface:
		if !v.IsNil() {
			flatten(flat, path, v.Elem())
		}
	default:
		flat[path] = fmt.Sprint(v)
	}
}

// snake turns LearningRate into learning_rate.
func snake(name string) string {
	var b strings.Builder
	for i, r := range name {
		if unicode.IsUpper(r) && i > 0 {
			b.WriteByte('_')
		}
		b.WriteRune(unicode.ToLower(r))
	}
	return b.String()
}

// difference lists the paths at which two fingerprints differ.
func difference(before, now map[string]string) (lines []string) {
	paths := maps.Clone(before)
	maps.Copy(paths, now)
	show := func(m map[string]string, path string) string {
		if v, ok := m[path]; ok {
			return fmt.Sprintf("%q", v)
		}
		return "none"
	}
	for _, path := range slices.Sorted(maps.Keys(paths)) {
		was, is := show(before, path), show(now, path)
		if was != is {
			lines = append(lines, fmt.Sprintf("%s: the checkpoint has %s, the configuration %s", path, was, is))
		}
	}
	return lines
}
