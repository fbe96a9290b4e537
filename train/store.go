package train

import (
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"strings"

	"petrify/graph"
	"petrify/internal/atomicfile"
)

// store keeps the last two checkpoints of a run in a folder. They alternate
// between two files, so that a checkpoint never replaces the one before it.
type store struct {
	folder  string
	config  map[string]string // fingerprint of the run
	owner   *atomicfile.Owner // nil: it is only read
	metrics *journal          // nil: not begun
	layers  *journal          // likewise
}

// openStore takes ownership of a folder and removes temporary files of a killed
// run.
func openStore(folder string, config map[string]string) (*store, error) {
	if err := os.MkdirAll(folder, 0o777); err != nil {
		return nil, err
	}
	owner, err := atomicfile.Own(folder)
	if err != nil {
		return nil, err
	}
	s := &store{folder: folder, config: config, owner: owner}
	for slot := range 2 {
		if err := atomicfile.Sweep(s.path(slot)); err != nil {
			s.close()
			return nil, err
		}
	}
	return s, nil
}

// close releases the folder. A claim that cannot be removed does no harm: the
// next process sees that its owner is gone.
func (s *store) close() {
	for _, j := range []*journal{s.metrics, s.layers} {
		if j != nil {
			j.file.Close() // what counts has been flushed
		}
	}
	s.owner.Release()
}

// path is the file of the checkpoint with a serial number.
func (s *store) path(serial int) string {
	return filepath.Join(s.folder, "checkpoint-"+string(rune('a'+serial%2))+".safetensors")
}

// HasCheckpoint reports whether a run in a folder has written a checkpoint.
func HasCheckpoint(folder string) bool {
	s := &store{folder: folder}
	for slot := range 2 {
		if _, err := os.Stat(s.path(slot)); err == nil {
			return true
		}
	}
	return false
}

// begin opens the journals to append to the texts with which they begin.
func (s *store) begin(metrics, layers []byte) (err error) {
	if s.metrics, err = openJournal(filepath.Join(s.folder, metricsFile), metrics); err != nil {
		return err
	}
	s.layers, err = openJournal(filepath.Join(s.folder, layersFile), layers)
	return err
}

// save writes a checkpoint after the journals' lines that it counts have
// reached the disk.
func (s *store) save(p progress, states []graph.State) (err error) {
	if err := s.owner.Check(); err != nil {
		return err
	}
	if s.layers != nil {
		if p.Lines, err = s.metrics.flush(); err != nil {
			return err
		}
		if p.Layers, err = s.layers.flush(); err != nil {
			return err
		}
	}
	c := checkpoint{progress: p, config: s.config, states: states}
	return atomicfile.Write(s.path(p.Serial), c.encode)
}

// add appends a line to a journal.
func (s *store) add(to *journal, line any) error {
	if err := s.owner.Check(); err != nil {
		return err
	}
	return to.add(line)
}

// load returns the newest sound checkpoint, or nil if there is no file. A file
// that is refused is logged by name; if none is sound, that is the error.
func (s *store) load(log *slog.Logger) (*checkpoint, error) {
	var newest *checkpoint
	var refused []error
	for slot := range 2 {
		path := s.path(slot)
		data, err := os.ReadFile(path)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		var c *checkpoint
		if err == nil {
			c, err = decodeCheckpoint(data)
		}
		if err != nil {
			refused = append(refused, fmt.Errorf("%s is refused: %w", path, err))
			continue
		}
		c.path = path
		if newest == nil || c.Serial > newest.Serial {
			newest = c
		}
	}
	if newest == nil && refused != nil {
		return nil, fmt.Errorf("%s holds no sound checkpoint; to start over, remove:\n%w", s.folder,
			errors.Join(refused...))
	}
	if newest == nil {
		return nil, nil
	}
	for _, err := range refused {
		log.Warn("checkpoint refused, the other one is used", "error", err, "used", newest.path)
	}
	return newest, nil
}

// same returns an error that lists what differs between the run's
// configuration and a checkpoint's.
func (s *store) same(last *checkpoint) error {
	diff := difference(last.config, s.config)
	if len(diff) == 0 {
		return nil
	}
	elsewhere := "in another folder"
	if last.Phase == Done {
		elsewhere = "without resuming"
	}
	return fmt.Errorf("%s is of another run; resume it with its own configuration, or begin %s:\n  %s",
		last.path, elsewhere, strings.Join(diff, "\n  "))
}

// prefixed returns the states with a prefix before their names.
func prefixed(states []graph.State, prefix string) []graph.State {
	renamed := make([]graph.State, len(states))
	for i, s := range states {
		s.Name = prefix + s.Name
		renamed[i] = s
	}
	return renamed
}

// unprefixed returns the states whose names have the prefix, without it.
func unprefixed(states []graph.State, prefix string) []graph.State {
	var chosen []graph.State
	for _, s := range states {
		if name, ok := strings.CutPrefix(s.Name, prefix); ok {
			s.Name = name
			chosen = append(chosen, s)
		}
	}
	return chosen
}
