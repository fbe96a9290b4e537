package train

import (
	"crypto/sha256"
	"encoding"
	"encoding/hex"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
	"unicode"

	"petrify/graph"
	"petrify/internal/safetensors"
)

// dataFiles begins the paths of the files that the data were read from. They
// may be moved and packed differently as long as the data are the same.
const dataFiles = "data.files."

// keyProgram is what a run depends on besides its configuration.
const keyProgram = "version"

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
		keyProgram:      c.Version,
	}
	for _, f := range c.Data.Files {
		flat[dataFiles+f.Path] = f.String()
	}
	if c.Weights != nil {
		flat["weights.checksum"] = checksum(c.Weights)
	}
	flatten(flat, "task", reflect.ValueOf(c.Task))
	flatten(flat, "objective", reflect.ValueOf(c.Objective))
	flatten(flat, "augment", reflect.ValueOf(c.Augment))
	flatten(flat, "balanced", reflect.ValueOf(c.Balanced))
	flatten(flat, "distillation", reflect.ValueOf(c.Distillation))
	flatten(flat, "oscillation", reflect.ValueOf(c.Oscillation))
	flatten(flat, "network", reflect.ValueOf(c.Network))
	flatten(flat, "ptq", reflect.ValueOf(c.PTQ))
	flatten(flat, "quantization", reflect.ValueOf(c.Quantization))
	flatten(flat, "float", reflect.ValueOf(c.Float))
	flatten(flat, "qat", reflect.ValueOf(c.QAT))
	flatten(flat, "qat.milestones", reflect.ValueOf(c.Milestones))
	flatten(flat, "qat.milestones", reflect.ValueOf(c.RuleMilestones))
	return flat
}

// Digest names everything that the trained model depends on: folders with
// such names never hold a run of another configuration.
func (c Config) Digest() string {
	flat := fingerprint(c.resolve())
	h := sha256.New()
	for _, path := range slices.Sorted(maps.Keys(flat)) {
		if !strings.HasPrefix(path, dataFiles) {
			fmt.Fprintf(h, "%q: %q\n", path, flat[path])
		}
	}
	return hex.EncodeToString(h.Sum(nil))
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
	if before["data.checksum"] != now["data.checksum"] {
		lines = changedFiles(before, now)
	}
	for _, path := range either(before, now) {
		was, is := quoted(before, path), quoted(now, path)
		switch {
		case was == is || strings.HasPrefix(path, dataFiles):
		case path == keyProgram:
			lines = append(lines, fmt.Sprintf("version: petrify %s began it, which may compute otherwise than this one, %s: "+
				"continue with that one, or start over", was, is))
		default:
			lines = append(lines, fmt.Sprintf("%s: the checkpoint has %s, the configuration %s", path, was, is))
		}
	}
	return lines
}

// changedFiles lists the data files that differ, where it is known which they
// were.
func changedFiles(before, now map[string]string) (lines []string) {
	known := false
	for path := range before {
		known = known || strings.HasPrefix(path, dataFiles)
	}
	for _, path := range either(before, now) {
		file, ok := strings.CutPrefix(path, dataFiles)
		was, is := before[path], now[path]
		switch {
		case !ok || !known || was == is:
		case was == "":
			lines = append(lines, fmt.Sprintf("%s is new among the data", file))
		case is == "":
			lines = append(lines, fmt.Sprintf("%s is no longer among the data", file))
		default:
			lines = append(lines, fmt.Sprintf("%s has changed: it had %s, and has %s", file, was, is))
		}
	}
	return lines
}

// either lists the paths of two fingerprints.
func either(a, b map[string]string) []string {
	paths := maps.Clone(a)
	maps.Copy(paths, b)
	return slices.Sorted(maps.Keys(paths))
}

// quoted is a fingerprint's value at a path, in quotes.
func quoted(m map[string]string, path string) string {
	if v, ok := m[path]; ok {
		return fmt.Sprintf("%q", v)
	}
	return "none"
}
