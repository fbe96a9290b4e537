package train

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strings"

	"petrify/graph"
	"petrify/internal/atomicfile"
)

// RunFloat runs the float stage alone. It ends with a checkpoint from which other runs
// can begin: see [Adopt]. A run that has got that far before returns at once.
func (j *Job) RunFloat(ctx context.Context) error {
	r := j.run
	if err := r.launch(); err != nil {
		return fmt.Errorf("train: %w", err)
	}
	for r.Phase == Float {
		if err := r.advance(ctx); err != nil {
			return fmt.Errorf("train: %w", errors.Join(err, r.rescue(ctx, err)))
		}
	}
	return nil
}

// HasFloat reports whether the run in a folder stands at the end of its float stage, so
// that [Adopt] can take it.
func HasFloat(c Config) bool {
	c = c.resolve()
	last, err := (&store{folder: c.Out}).load(c.Log)
	return err == nil && last != nil && last.atFloatEnd()
}

func (c *checkpoint) atFloatEnd() bool { return c.Phase == PTQ && c.Step == 0 }

// Adopt begins a run with the float stage that [Job.RunFloat] finished in another folder.
// The two may differ only in what comes after that stage. The run then goes on with
// [Config.Resume], and ends with the bytes of one that had trained the stage itself.
func Adopt(c Config, from string) error {
	if err := c.Validate(); err != nil {
		return err
	}
	if err := adopt(c.resolve(), from); err != nil {
		return fmt.Errorf("train: %w", err)
	}
	return nil
}

func adopt(c Config, from string) error {
	if HasCheckpoint(c.Out) {
		return fmt.Errorf("%s holds a run already", c.Out)
	}
	last, err := (&store{folder: from}).load(c.Log)
	switch {
	case err != nil:
		return err
	case last == nil || !last.atFloatEnd():
		return fmt.Errorf("%s holds no run at the end of its float stage", from)
	}
	if diff := difference(ofFloat(last.config), ofFloat(fingerprint(c))); len(diff) > 0 {
		return fmt.Errorf("%s is of another float stage:\n  %s", from, strings.Join(diff, "\n  "))
	}
	journals := map[string][]byte{}
	for name, lines := range map[string]extent{metricsFile: last.Lines, layersFile: last.Layers} {
		if journals[name], err = readJournal(filepath.Join(from, name), lines, c.Log); err != nil {
			return err
		}
	}
	r, err := start(c)
	if err != nil {
		return err
	}
	defer r.store.close()
	if err := r.take(last); err != nil {
		return fmt.Errorf("%s: %w", last.path, err)
	}
	if err := writeWeights(filepath.Join(c.Out, "float.safetensors"), r.model); err != nil {
		return err
	}
	for name, text := range journals {
		if err := atomicfile.WriteFile(filepath.Join(c.Out, name), text); err != nil {
			return err
		}
	}
	if err := r.store.begin(journals[metricsFile], journals[layersFile]); err != nil {
		return err
	}
	return r.save()
}

// take sets the run to the end of the float stage of a checkpoint, with the run's own
// quantizers.
func (r *run) take(last *checkpoint) error {
	theirs := unprefixed(last.states, "model/")
	states := r.model.State()
	for _, own := range r.model.Tensors() {
		i := slices.IndexFunc(theirs, func(s graph.State) bool { return s.Name == own.Name })
		if i < 0 {
			return fmt.Errorf("no tensor %q", own.Name)
		}
		states = append(states, theirs[i])
	}
	r.progress = last.progress
	r.Serial = 0
	if err := r.model.Restore(states); err != nil {
		return err
	}
	return r.random.UnmarshalBinary(r.Random)
}

// ofFloat is the part of a fingerprint that the float stage depends on.
func ofFloat(whole map[string]string) map[string]string {
	part := maps.Clone(whole)
	maps.DeleteFunc(part, func(path, _ string) bool {
		first, _, _ := strings.Cut(path, ".")
		return slices.Contains([]string{"qat", "quantization", "distillation", "oscillation", "calibration",
			"reestimate",
			"ptq"}, first)
	})
	return part
}
