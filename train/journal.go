package train

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"hash"
	"io"
	"io/fs"
	"log/slog"
	"os"
)

// journal is a file of lines of JSON, appended when they are made: metrics.jsonl
// with one for each [Record], layers.jsonl with one for each [Survey]. A checkpoint
// holds the journal's extent but not its lines; lines appended later are removed
// when the run resumes from it.
type journal struct {
	file *os.File
	sum  hash.Hash // over the file
	size int64
}

// The journals of a run.
const (
	metricsFile = "metrics.jsonl"
	layersFile  = "layers.jsonl"
)

// extent is the length of a journal and its checksum.
type extent struct {
	Bytes  int64
	SHA256 string // of these bytes
}

// readJournal returns the bytes of a journal up to an extent. A file with other
// bytes is refused; if it was removed, its lines are lost, which is logged.
func readJournal(path string, to extent, log *slog.Logger) ([]byte, error) {
	if to.Bytes == 0 {
		return nil, nil
	}
	text, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		log.Warn("the lines until here are lost", "file", path)
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	if int64(len(text)) >= to.Bytes {
		text = text[:to.Bytes]
	}
	if sum := sha256.Sum256(text); hex.EncodeToString(sum[:]) != to.SHA256 {
		return nil, fmt.Errorf("%s is not what the run has written: "+
			"bring it back, or remove it to go on without its lines", path)
	}
	return text, nil
}

// decodeLines reads the lines of a journal.
func decodeLines[T any](path string, text []byte) (all []T, err error) {
	for line := range bytes.Lines(text) {
		var v T
		if err := json.Unmarshal(line, &v); err != nil {
			return nil, fmt.Errorf("%s: line %d: %w", path, len(all)+1, err)
		}
		all = append(all, v)
	}
	return all, nil
}

// openJournal opens a journal to append to the text with which it begins.
func openJournal(path string, text []byte) (*journal, error) {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE, 0o666)
	if err != nil {
		return nil, err
	}
	j := &journal{file: f, sum: sha256.New(), size: int64(len(text))}
	j.sum.Write(text)
	err = f.Truncate(j.size)
	if err == nil {
		_, err = f.Seek(j.size, io.SeekStart)
	}
	if err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return j, nil
}

// add appends a line.
func (j *journal) add(v any) error {
	line, err := json.Marshal(v)
	if err != nil {
		return err
	}
	line = append(line, '\n')
	if _, err := j.file.Write(line); err != nil {
		return err
	}
	j.sum.Write(line)
	j.size += int64(len(line))
	return nil
}

// flush writes the lines to the disk and returns their extent.
func (j *journal) flush() (extent, error) {
	return extent{j.size, hex.EncodeToString(j.sum.Sum(nil))}, j.file.Sync()
}
