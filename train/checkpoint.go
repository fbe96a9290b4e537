package train

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strconv"
	"strings"

	"petrify/graph"
	"petrify/internal/safetensors"
)

// A checkpoint is a safetensors file. Its metadata are:
//
//	petrify.checkpoint   the version of this layout
//	progress             JSON of the struct progress
//	config               JSON of the fingerprint
//	sha256               of everything else: names, types, shapes, data, metadata
const (
	keyVersion  = "petrify.checkpoint"
	keyProgress = "progress"
	keyConfig   = "config"
	keyDigest   = "sha256"

	checkpointVersion = 2
)

// checkpoint is the contents of a file.
type checkpoint struct {
	progress
	config map[string]string
	states []graph.State
	path   string
}

// encode writes a checkpoint.
func (c checkpoint) encode(w io.Writer) error {
	progress, err := json.Marshal(c.progress)
	if err != nil {
		return err
	}
	config, err := json.Marshal(c.config)
	if err != nil {
		return err
	}
	metadata := map[string]string{
		keyVersion:  strconv.Itoa(checkpointVersion),
		keyProgress: string(progress),
		keyConfig:   string(config),
	}
	tensors := make([]safetensors.Tensor, len(c.states))
	for i, s := range c.states {
		tensors[i] = toTensor(s)
	}
	metadata[keyDigest] = digest(tensors, metadata)
	return safetensors.Encode(w, tensors, metadata)
}

// decodeCheckpoint reads what encode writes and refuses everything else.
func decodeCheckpoint(data []byte) (*checkpoint, error) {
	f, err := safetensors.Decode(data)
	if err != nil {
		return nil, err
	}
	version, ok := f.Metadata[keyVersion]
	switch {
	case !ok:
		return nil, errors.New("is not a checkpoint of petrify")
	case version != strconv.Itoa(checkpointVersion):
		return nil, fmt.Errorf("has layout %q: want %d", version, checkpointVersion)
	case f.Metadata[keyDigest] != digest(f.Tensors, f.Metadata):
		return nil, errors.New("is damaged: its SHA-256 is not the recorded one")
	}
	c := &checkpoint{}
	if err := json.Unmarshal([]byte(f.Metadata[keyProgress]), &c.progress); err != nil {
		return nil, fmt.Errorf("progress: %w", err)
	}
	if err := json.Unmarshal([]byte(f.Metadata[keyConfig]), &c.config); err != nil {
		return nil, fmt.Errorf("config: %w", err)
	}
	for _, t := range f.Tensors {
		s, err := toState(t)
		if err != nil {
			return nil, err
		}
		c.states = append(c.states, s)
	}
	return c, nil
}

// digest is the SHA-256 of tensors and metadata, whatever their order. Each
// part is preceded by its length, so that different contents give different
// input.
func digest(tensors []safetensors.Tensor, metadata map[string]string) string {
	h := sha256.New()
	part := func(data []byte) {
		h.Write(binary.LittleEndian.AppendUint64(nil, uint64(len(data))))
		h.Write(data)
	}
	for _, key := range slices.Sorted(maps.Keys(metadata)) {
		if key != keyDigest {
			part([]byte(key))
			part([]byte(metadata[key]))
		}
	}
	sorted := slices.SortedFunc(slices.Values(tensors), func(a, b safetensors.Tensor) int {
		return strings.Compare(a.Name, b.Name)
	})
	for _, t := range sorted {
		part(fmt.Appendf(nil, "%s %v %v", t.Name, t.DType, t.Shape))
		part(t.Data)
	}
	return hex.EncodeToString(h.Sum(nil))
}

func toTensor(s graph.State) safetensors.Tensor {
	switch {
	case s.F64 != nil:
		return safetensors.Of(s.Name, s.Shape, s.F64)
	case s.I64 != nil:
		return safetensors.Of(s.Name, s.Shape, s.I64)
	default:
		return safetensors.Of(s.Name, s.Shape, s.F32)
	}
}

func toState(t safetensors.Tensor) (s graph.State, err error) {
	s = graph.State{Name: t.Name, Shape: t.Shape}
	switch t.DType {
	case safetensors.F64:
		s.F64, err = safetensors.Values[float64](t)
	case safetensors.I64:
		s.I64, err = safetensors.Values[int64](t)
	case safetensors.F32:
		s.F32, err = safetensors.Values[float32](t)
	default:
		err = fmt.Errorf("tensor %q holds %v, want F32, F64 or I64", t.Name, t.DType)
	}
	return s, err
}
