package torchfile

import (
	"archive/zip"
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
	"path"
	"slices"
	"strings"

	"petrify/internal/safetensors"
)

// Limits of a file.
const (
	mostBytes    = 1 << 28 // of the file
	mostElements = 1 << 25 // of all tensors
)

// ReadFile returns the tensors of the state_dict in a file, in its order. Of
// names that all begin with "module.", as those of DataParallel, or with
// "_orig_mod.", as those of torch.compile, that is left out.
func ReadFile(path string) ([]safetensors.Tensor, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, mostBytes+1))
	if err != nil {
		return nil, err
	}
	if len(data) > mostBytes {
		return nil, fmt.Errorf("%s: more than %d bytes", path, mostBytes)
	}
	tensors, err := Decode(data)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return tensors, nil
}

// Decode is ReadFile for the bytes of a file.
func Decode(data []byte) ([]safetensors.Tensor, error) {
	read := readLegacy
	if bytes.HasPrefix(data, []byte("PK")) {
		read = readZip
	}
	value, memory, err := read(data)
	if err != nil {
		return nil, fmt.Errorf("is no file of torch.save: %w", err)
	}
	d, err := stateDict(value)
	if err != nil {
		return nil, err
	}
	return d.tensors(memory)
}

// memory finds the bytes of a storage.
type memory func(s *storage) ([]byte, error)

// readZip reads the file as PyTorch has written it since 1.6: a zip file of
// data.pkl, and a file data/KEY for each storage, all of them uncompressed.
func readZip(data []byte) (any, memory, error) {
	z, err := zip.NewReader(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		return nil, nil, err
	}
	folder := ""
	files := map[string]*zip.File{}
	for _, f := range z.File {
		files[f.Name] = f
		if path.Base(f.Name) == "data.pkl" {
			folder = path.Dir(f.Name)
		}
	}
	if files[folder+"/constants.pkl"] != nil {
		return nil, nil, errors.New("it holds a TorchScript module: save its state_dict() with torch.save")
	}
	content := func(name string) ([]byte, error) {
		f := files[folder+"/"+name]
		if f == nil {
			return nil, fmt.Errorf("it has no file %s", name)
		}
		at, err := f.DataOffset()
		if err != nil || f.Method != zip.Store || at > int64(len(data)) ||
			f.UncompressedSize64 > uint64(int64(len(data))-at) {
			return nil, fmt.Errorf("its file %s is compressed or cut off", name)
		}
		return data[at : at+int64(f.UncompressedSize64)], nil
	}
	if order, err := content("byteorder"); err == nil && strings.TrimSpace(string(order)) != "little" {
		return nil, nil, errors.New("its numbers are big-endian")
	}
	program, err := content("data.pkl")
	if err != nil {
		return nil, nil, err
	}
	value, _, err := unpickle(program)
	return value, func(s *storage) ([]byte, error) { return content("data/" + s.key) }, err
}

// magic begins the files of PyTorch before 1.6: 0x1950a86a20f9469cfc6c, as bytes
// and, in old pickles, in decimal.
var magic = []any{"6cfc9c46f9206aa85019", "119547037146038801333356"}

// readLegacy reads the file of PyTorch before 1.6: pickles of a magic number, a
// version, facts about the machine, the object, and the keys of its storages,
// then each storage with the number of its elements.
func readLegacy(data []byte) (any, memory, error) {
	var all [5]any
	var named map[string]*storage
	for i := range all {
		value, m, err := unpickle(data)
		if i == 0 && (err != nil || !slices.Contains(magic, value)) {
			return nil, nil, errors.New("it is no zip file, and has no magic number")
		}
		if err != nil {
			return nil, nil, err
		}
		if all[i], data = value, m.data; i == 3 {
			named = m.named
		}
	}
	keys, ok := all[4].(*list)
	if facts, _ := all[2].(*dict); !ok || facts == nil || facts.get("little_endian") == false {
		return nil, nil, errors.New("its numbers are big-endian, or it names no storages")
	}
	found := map[string][]byte{}
	for _, key := range keys.items {
		name, _ := key.(string)
		s := named[name]
		if s == nil || len(data) < 8 {
			return nil, nil, fmt.Errorf("its storage %.40q is cut off, or no tensor's", name)
		}
		size := uint64(max(1, dtypes[s.class].Size()))
		n := binary.LittleEndian.Uint64(data)
		if data = data[8:]; n != uint64(s.elements) || n > uint64(len(data))/size {
			return nil, nil, fmt.Errorf("its storage %.40q is cut off", name)
		}
		found[name], data = data[:n*size], data[n*size:]
	}
	return all[3], func(s *storage) ([]byte, error) { return found[s.key], nil }, nil
}

func (d *dict) get(key string) any {
	i := slices.Index(d.keys, any(key))
	if i < 0 {
		return nil
	}
	return d.values[i]
}
