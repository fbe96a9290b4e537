package quantized

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"petrify/internal/atomicfile"
	"petrify/internal/safetensors"
)

// The names that [Model.Save] gives its files.
const (
	TensorsFile  = "model.safetensors"
	ManifestFile = "model.json"
)

// Encode returns the contents of model.safetensors and model.json. The same
// model gives the same bytes. An invalid model is refused.
func (m *Model) Encode() (tensors, manifest []byte, err error) {
	if err := m.Validate(); err != nil {
		return nil, nil, err
	}
	var file bytes.Buffer
	if err := safetensors.Encode(&file, m.tensors(), fileMetadata); err != nil {
		return nil, nil, fmt.Errorf("quantized: %w", err)
	}
	manifest, err = encodeManifest(m, file.Bytes())
	if err != nil {
		return nil, nil, fmt.Errorf("quantized: %w", err)
	}
	return file.Bytes(), manifest, nil
}

// Decode is the inverse of Encode: it returns a model that is deeply equal to
// the encoded one, with empty slices as nil. Anything but what Encode wrote is
// an error that says what was changed, or where.
func Decode(tensors, manifest []byte) (*Model, error) {
	m, err := decodeManifest(manifest, tensors)
	if err != nil {
		return nil, fmt.Errorf("quantized: %s: %w", ManifestFile, err)
	}
	file, err := safetensors.Decode(tensors)
	if err != nil {
		return nil, fmt.Errorf("quantized: %w", err)
	}
	if err := m.fill(file); err != nil {
		return nil, err
	}
	return m, nil
}

// Save writes model.safetensors and model.json to a folder, creating it if
// necessary. Each is written whole or not at all; if a model.json of an earlier
// model is left, [Load] notices that it does not belong to the newer
// model.safetensors.
func (m *Model) Save(folder string) error {
	tensors, manifest, err := m.Encode()
	if err != nil {
		return err
	}
	if err := os.MkdirAll(folder, 0o777); err != nil {
		return fmt.Errorf("quantized: %w", err)
	}
	if err := atomicfile.WriteFile(filepath.Join(folder, TensorsFile), tensors); err != nil {
		return err
	}
	return atomicfile.WriteFile(filepath.Join(folder, ManifestFile), manifest)
}

// wanted says what Load accepts.
const wanted = "want a folder with " + ManifestFile + " and " + TensorsFile + ", or the path of either"

// Load reads a model from a folder that Save wrote, or from the path of either
// of its two files. They may have been renamed together, for example to
// digits.json and digits.safetensors.
func Load(path string) (*Model, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, fmt.Errorf("quantized: %w: %s", err, wanted)
	}
	if info.IsDir() {
		path = filepath.Join(path, ManifestFile)
	}
	ext := filepath.Ext(path)
	if ext != filepath.Ext(ManifestFile) && ext != filepath.Ext(TensorsFile) {
		return nil, fmt.Errorf("quantized: %s is not a model: %s", path, wanted)
	}
	stem := strings.TrimSuffix(path, ext)
	manifest, err := readHalf(stem + filepath.Ext(ManifestFile))
	if err != nil {
		return nil, err
	}
	tensors, err := readHalf(stem + filepath.Ext(TensorsFile))
	if err != nil {
		return nil, err
	}
	m, err := Decode(tensors, manifest)
	if err != nil {
		return nil, fmt.Errorf("%w (%s)", err, stem)
	}
	return m, nil
}

// readHalf reads one of a model's two files.
func readHalf(path string) ([]byte, error) {
	data, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("quantized: %w: %s", err, wanted)
	}
	if err != nil {
		return nil, fmt.Errorf("quantized: %w", err)
	}
	return data, nil
}
