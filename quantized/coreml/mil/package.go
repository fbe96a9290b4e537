package mil

import (
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"

	"petrify/internal/atomicfile"
)

// Package is an .mlpackage: the model and its weight file.
type Package struct {
	Model Model
	Blobs Blobs
}

const (
	packageAuthor  = "com.apple.CoreML"
	packageVersion = "1.0.0"
	manifestFile   = "Manifest.json"
	modelFile      = "model.mlmodel"
	weightsFolder  = "weights"
	weightsName    = "weight.bin"
)

// manifest is Manifest.json. Fields are in the order of their keys.
type manifest struct {
	Version string          `json:"fileFormatVersion"`
	Items   map[string]item `json:"itemInfoEntries"`
	Root    string          `json:"rootModelIdentifier"`
}

type item struct {
	Author      string `json:"author"`
	Description string `json:"description"`
	Name        string `json:"name"`
	Path        string `json:"path"`
}

// Write creates the folder dir, or replaces it if it already is an .mlpackage.
// The package appears whole or not at all.
func (p *Package) Write(dir string) error {
	dir = filepath.Clean(dir)
	if err := replaceable(dir); err != nil {
		return err
	}
	if err := atomicfile.WriteFolder(dir, p.fill); err != nil {
		return fmt.Errorf("mil: package: %w", err)
	}
	return nil
}

// replaceable refuses to overwrite anything but an .mlpackage.
func replaceable(dir string) error {
	_, err := os.Lstat(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("mil: package: %w", err)
	}
	if _, err := os.Stat(filepath.Join(dir, manifestFile)); err != nil {
		return fmt.Errorf("mil: package: %s exists and is no .mlpackage: not replaced", dir)
	}
	return nil
}

// Files are the package's files by their paths in it, with slashes.
func (p *Package) Files() (map[string][]byte, error) {
	model, blobs := p.Model.Marshal(), p.Blobs.Bytes()
	list, err := listing(model, blobs)
	if err != nil {
		return nil, err
	}
	files := map[string][]byte{manifestFile: list, path.Join("Data", packageAuthor, modelFile): model}
	if len(blobs) > 0 {
		files[path.Join("Data", packageAuthor, weightsFolder, weightsName)] = blobs
	}
	return files, nil
}

// fill writes the package's files into the existing folder root.
func (p *Package) fill(root string) error {
	weights := filepath.Join(root, "Data", packageAuthor, weightsFolder)
	if err := os.MkdirAll(weights, 0o777); err != nil {
		return err
	}
	files, err := p.Files()
	if err != nil {
		return err
	}
	for name, content := range files {
		if err := os.WriteFile(filepath.Join(root, filepath.FromSlash(name)), content, 0o666); err != nil {
			return err
		}
	}
	return nil
}

// listing is Manifest.json for the given contents. Identifiers are made from
// the contents' hashes, so that equal packages are equal byte for byte.
func listing(model, weights []byte) ([]byte, error) {
	root := identifier("model", model)
	list, err := json.MarshalIndent(manifest{
		Version: packageVersion,
		Root:    root,
		Items: map[string]item{
			root: {packageAuthor, "CoreML Model Specification", modelFile, packageAuthor + "/" + modelFile},
			identifier("weights", append(model[:len(model):len(model)], weights...)): {
				packageAuthor, "CoreML Model Weights", weightsFolder, packageAuthor + "/" + weightsFolder},
		},
	}, "", "    ")
	return append(list, '\n'), err
}

// identifier is a UUID, version 8 (RFC 9562): the content's SHA-256, cut.
func identifier(kind string, content []byte) string {
	h := sha256.New()
	h.Write([]byte(kind))
	h.Write([]byte{0})
	h.Write(content)
	id := h.Sum(nil)[:16]
	id[6] = id[6]&0x0f | 0x80
	id[8] = id[8]&0x3f | 0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", id[:4], id[4:6], id[6:8], id[8:10], id[10:])
}

// ReadPackage reads an .mlpackage folder that holds an ML program. It checks
// the manifest, the model's syntax and the weight file; [Check] judges the
// program.
func ReadPackage(dir string) (*Package, error) {
	p, err := readPackage(os.DirFS(dir))
	if err != nil {
		return nil, fmt.Errorf("mil: package %s: %w", dir, err)
	}
	return p, nil
}

func readPackage(folder fs.FS) (*Package, error) {
	list, err := fs.ReadFile(folder, manifestFile)
	if err != nil {
		return nil, err
	}
	var m manifest
	if err := json.Unmarshal(list, &m); err != nil {
		return nil, fmt.Errorf("%s: %w", manifestFile, err)
	}
	if m.Version != packageVersion {
		return nil, fmt.Errorf("%s: version %q: want %s", manifestFile, m.Version, packageVersion)
	}
	root, ok := m.Items[m.Root]
	if !ok || !filepath.IsLocal(root.Path) {
		return nil, fmt.Errorf("%s: root model %q is not listed with a path inside the package", manifestFile, m.Root)
	}
	content, err := fs.ReadFile(folder, path.Join("Data", root.Path))
	if err != nil {
		return nil, err
	}
	model, err := UnmarshalModel(content)
	if err != nil {
		return nil, err
	}
	weights, err := fs.ReadFile(folder, path.Join("Data", packageAuthor, weightsFolder, weightsName))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	blobs, err := ParseBlobs(weights)
	if err != nil {
		return nil, err
	}
	return &Package{Model: *model, Blobs: *blobs}, nil
}
