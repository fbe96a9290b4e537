package quantized

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
)

// What the first two lines of model.json say.
const (
	manifestFormat  = "petrify quantized model"
	manifestVersion = 1
)

// manifest is model.json: everything but the large arrays.
type manifest struct {
	Format  string `json:"format"`
	Version int    `json:"version"`
	*Model
	Tensors tensorsFile `json:"tensors"`
}

// tensorsFile identifies the model.safetensors that belongs to a manifest.
type tensorsFile struct {
	Bytes  int64  `json:"bytes"`
	SHA256 string `json:"sha256"`
}

// The manifest's last key is a checksum of all text before it.
const (
	checksumKey = ",\n  \"checksum\": \"sha256:"
	manifestEnd = "\n}\n"
)

// seal appends the checksum to a manifest's text.
func seal(text []byte) []byte {
	body := bytes.TrimSuffix(text, []byte(manifestEnd))
	return fmt.Appendf(nil, "%s%s%x\"%s", body, checksumKey, sha256.Sum256(body), manifestEnd)
}

// unseal checks the checksum and removes it. A text without one is accepted as
// it is: to edit model.json by hand, delete that line.
func unseal(text []byte) ([]byte, error) {
	at := bytes.LastIndex(text, []byte(checksumKey))
	if at < 0 {
		return text, nil
	}
	body := append(bytes.Clone(text[:at]), manifestEnd...)
	if !bytes.Equal(seal(body), text) {
		return nil, errors.New("the text does not match its checksum: it was damaged, or edited; to edit it, " +
			"delete the checksum")
	}
	return body, nil
}

func tensorsOf(file []byte) tensorsFile {
	return tensorsFile{int64(len(file)), fmt.Sprintf("%x", sha256.Sum256(file))}
}

func encodeManifest(m *Model, tensors []byte) ([]byte, error) {
	text, err := encodeJSON(manifest{manifestFormat, manifestVersion, m, tensorsOf(tensors)})
	if err != nil {
		return nil, err
	}
	return seal(text), nil
}

// decodeManifest reads the model without its arrays, and checks that tensors
// is the file that the manifest was written with.
func decodeManifest(text, tensors []byte) (*Model, error) {
	body, err := unseal(text)
	if err != nil {
		return nil, err
	}
	var doc manifest
	if err := decodeJSON(body, &doc); err != nil {
		return nil, err
	}
	if doc.Format != manifestFormat || doc.Version != manifestVersion {
		return nil, fmt.Errorf("format %q, version %d: want %q, version %d", doc.Format, doc.Version,
			manifestFormat, manifestVersion)
	}
	if got := tensorsOf(tensors); got != doc.Tensors {
		return nil, fmt.Errorf("belongs to a file of %d bytes with SHA-256 %s, this one has %d and %s",
			doc.Tensors.Bytes, doc.Tensors.SHA256, got.Bytes, got.SHA256)
	}
	return doc.Model, nil
}
