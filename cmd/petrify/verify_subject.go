package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"

	"petrify/datasets"
	"petrify/graph"
	"petrify/internal/config"
	"petrify/internal/sums"
	"petrify/quantized"
	"petrify/train"
)

// subject is what is verified.
type subject struct {
	folder string
	graph  *graph.Model
	job    train.Config     // of a run, whose graph there is
	model  *quantized.Model // frozen from the graph, where there is one
	file   *quantized.Model // read from a file
	data   *datasets.Set
	named  string // the exported file on the command line; "": none
	export []byte // the default export, which names the proof; prove sets it
}

// folderOf is the folder of a model, which may be a folder or a file.
func folderOf(model string) string {
	if info, err := os.Stat(model); err == nil && !info.IsDir() {
		return filepath.Dir(model)
	}
	return model
}

// loadModel reads a model.
func loadModel(path string) (*quantized.Model, error) {
	if err := ownModel(path); err != nil {
		return nil, err
	}
	return quantized.Load(path)
}

// ownModel is an error if the model in a run's folder is that of an earlier run, since the one
// that began there later has not finished.
func ownModel(folder string) error {
	if !exists(filepath.Join(folder, quantized.ManifestFile)) || exists(filepath.Join(folder, sums.File)) {
		return nil
	}
	if err := train.Unfinished(folder); err != nil {
		return fmt.Errorf("%w: its %s is of an earlier run; continue it (train --resume --out %s), or name that file", err,
			quantized.ManifestFile, folder)
	}
	return nil
}

// openSubject opens a model with its data and, if it is a run, its graph. data
// is where the data are now; "": where training found them.
func (c *command) openSubject(ctx context.Context, path, data string) (*subject, error) {
	m, err := loadModel(path)
	if err != nil {
		return nil, err
	}
	if m.Origin.Dataset == "digits" && data != "" {
		return nil, usage(fmt.Errorf("--data %s has no effect: the digits are built in", data))
	}
	s := &subject{folder: folderOf(path), file: m}
	if saved := savedConfig(path); saved != "" && s.folder == path {
		err = c.openRun(ctx, s, saved, data)
	} else if s.model, err = again(m); err == nil {
		s.data, err = c.openOrigin(ctx, m.Origin.Dataset, data)
	}
	if err != nil {
		return nil, err
	}
	if err := s.checkData(); err != nil {
		return nil, err
	}
	return s, nil
}

// checkData returns an error if the data are not those of the model.
func (s *subject) checkData() error {
	if is, was := s.data.Checksum(), s.file.Origin.Data; was != "" && is != was {
		return fmt.Errorf("%s is not what the model was trained on: its SHA-256 is %s, the model's data had %s",
			s.data.Source, is, was)
	}
	s.data.Name = s.file.Origin.Dataset // whatever the file is called now
	return nil
}

// openHere opens the data of a run where they are; it downloads none.
func (c *command) openHere(ctx context.Context, s *subject) error {
	settings, err := settingsOf(savedConfig(s.folder), "")
	if err != nil {
		return err
	}
	settings.Data.Offline = true
	if s.data, err = c.open(ctx, settings.Dataset, settings.Data); err != nil {
		return err
	}
	return s.checkData()
}

// published reports whether a data set is known by name.
func published(name string) bool {
	return slices.ContainsFunc(datasets.Names(), func(i datasets.Info) bool { return i.Name == name })
}

// openOrigin opens the data that a model was trained on: a published set, whose
// files may be in the folder path, or a user's own data at the path.
func (c *command) openOrigin(ctx context.Context, name, path string) (*datasets.Set, error) {
	switch {
	case published(name):
		return c.open(ctx, name, datasets.Options{Dir: path})
	case path == "":
		return nil, usage(fmt.Errorf("the model was trained on %q: say where that is with --data", name))
	}
	return c.open(ctx, path, datasets.Options{})
}

// settingsOf returns the settings of a run whose data may have moved.
func settingsOf(saved, data string) (*config.Config, error) {
	settings, err := config.Load(saved)
	if data != "" {
		key := "dataset" // also where the configuration is refused as its own data are gone
		if err == nil && published(settings.Dataset) {
			key = "data.dir"
		}
		moved := config.Override{Flag: "--data " + data, Key: key, Value: strconv.Quote(data)}
		settings, err = config.Load(saved, moved)
	}
	if err != nil {
		return nil, err
	}
	return settings, settings.Anchor()
}

// openRun rebuilds the graph of a finished run.
func (c *command) openRun(ctx context.Context, s *subject, saved, data string) error {
	settings, err := settingsOf(saved, data)
	if err != nil {
		return err
	}
	settings.Out = s.folder // it may have been moved
	if s.data, err = c.open(ctx, settings.Dataset, settings.Data); err != nil {
		return err
	}
	job, err := settings.Train(s.data)
	if err != nil {
		return err
	}
	if err := roomToRepeat(job); err != nil {
		return err
	}
	return s.rebuild(job)
}

// rebuild takes the graph and its frozen model from the run's checkpoint.
func (s *subject) rebuild(job train.Config) (err error) {
	s.job = job
	if s.graph, err = train.Finished(job); err != nil {
		return err
	}
	s.model, err = s.graph.Freeze()
	return err
}

// again writes a model and reads it back.
func again(m *quantized.Model) (*quantized.Model, error) {
	tensors, manifest, err := m.Encode()
	if err != nil {
		return nil, err
	}
	return quantized.Decode(tensors, manifest)
}

// faultOfFile marks err as a fault of a run's file where it would otherwise
// count as a mistake on the command line: in a configuration, or anywhere in a
// damaged run.
func faultOfFile(err error, damaged bool) error {
	var faults config.Faults
	if damaged || errors.As(err, &faults) {
		return errors.New(err.Error())
	}
	return err
}
