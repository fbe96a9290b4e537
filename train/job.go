package train

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"time"

	"petrify/datasets"
)

// Job is a run that can begin: its configuration is sound, and the folder
// [Config.Out] is its own until [Job.Close].
type Job struct{ run *run }

// Open prepares a run. It takes ownership of the folder and, to resume, loads
// the newest checkpoint; the run itself writes nothing before [Job.Run]. The
// folder of an unfinished run is refused unless the run is resumed; one that
// another process owns is refused with the name of that process.
func Open(c Config) (*Job, error) {
	if err := c.Validate(); err != nil {
		return nil, err
	}
	r, err := start(c.resolve())
	if err != nil {
		return nil, fmt.Errorf("train: %w", err)
	}
	return &Job{r}, nil
}

// Account says what the run trains on.
func (j *Job) Account() datasets.Account { return j.run.account() }

// account is that of the data, with the task that they are used for.
func (r *run) account() datasets.Account {
	a := r.Data.Account.HoldOut(r.held)
	a.Task = r.Task.String()
	return a
}

// CheckExport returns an error for a network that ONNX files do not hold as it is trained.
func (j *Job) CheckExport() error { return j.run.model.CheckSoftmax() }

// Steps are those of the stages, if none ends early.
func (j *Job) Steps() [Done]int {
	c := j.run.Config
	return [Done]int{c.Float.Epochs * c.perEpoch(), c.Calibration, c.QATSteps()}
}

// Close releases the folder.
func (j *Job) Close() {
	if j.run.store != nil {
		j.run.store.close()
	}
}

// Run trains, quantizes, continues with quantization, and freezes, as [Run]
// does. It can be called once.
func (j *Job) Run(ctx context.Context) (*Result, error) {
	r := j.run
	if err := r.launch(); err != nil {
		return nil, fmt.Errorf("train: %w", err)
	}
	for r.Phase != Done {
		if err := r.advance(ctx); err != nil {
			return nil, fmt.Errorf("train: %w", errors.Join(err, r.rescue(ctx, err)))
		}
	}
	result, err := r.result()
	if err != nil {
		return nil, fmt.Errorf("train: %w", err)
	}
	return result, nil
}

// open takes ownership of the folder and loads the newest checkpoint in it.
func (r *run) open() (err error) {
	if r.store, err = openStore(r.Out, fingerprint(r.Config)); err != nil {
		return err
	}
	if err = r.resume(); err != nil {
		r.store.close()
	}
	return err
}

// resume restores the newest sound checkpoint. A run that does not resume does
// not overwrite an unfinished one.
func (r *run) resume() error {
	last, err := r.store.load(r.Log)
	switch {
	case err != nil:
		return err
	case last == nil && r.Resume:
		r.Log.Info("no checkpoint to resume, the run begins", "out", r.Out)
		return nil
	case last == nil:
		return nil
	case !r.Resume && last.Phase == Done:
		r.Serial = last.Serial // the new run's checkpoints are newer
		return nil
	case !r.Resume:
		return fmt.Errorf("%s holds an unfinished run (%v stage, %d steps): resume it, "+
			"or remove its checkpoint-*.safetensors to start over", r.Out, last.Phase, last.Step)
	}
	if err := r.store.same(last); err != nil {
		return err
	}
	return r.restore(last)
}

// restore sets the run to the state of a checkpoint.
func (r *run) restore(last *checkpoint) error {
	path := filepath.Join(r.Out, metricsFile)
	metrics, err := readJournal(path, last.Lines, r.Log)
	if err != nil {
		return err
	}
	records, err := decodeLines[Record](path, metrics)
	if err != nil {
		return err
	}
	layers, err := readJournal(filepath.Join(r.Out, layersFile), last.Layers, r.Log)
	if err != nil {
		return err
	}
	r.progress, r.saved, r.records = last.progress, last.states, records
	if err := r.model.Restore(unprefixed(last.states, "model/")); err != nil {
		return fmt.Errorf("%s: %w", last.path, err)
	}
	if err := r.random.UnmarshalBinary(r.Random); err != nil {
		return fmt.Errorf("%s: %w", last.path, err)
	}
	r.Log.Info("resumed", "checkpoint", last.path, "stage", r.Phase, "step", r.Step)
	return r.store.begin(metrics, layers)
}

// launch writes the first checkpoint of a run that was not resumed. It empties
// an earlier run's journals once no checkpoint counts their lines any more.
func (r *run) launch() error {
	r.written = time.Now()
	if r.store == nil || r.store.layers != nil {
		return nil
	}
	if err := r.save(); err != nil {
		return err
	}
	return r.store.begin(nil, nil)
}
