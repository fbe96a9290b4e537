package train

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"

	"petrify/datasets"
	"petrify/graph"
)

// Run trains, quantizes, trains on with quantization, and freezes. When ctx is
// cancelled it stops between two steps, writes a checkpoint, and returns an
// error that wraps ctx's cause.
func Run(ctx context.Context, c Config) (*Result, error) {
	if err := c.Validate(); err != nil {
		return nil, err
	}
	r, err := start(c.resolve())
	if err != nil {
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

// run is a run under way.
type run struct {
	Config
	progress
	model     *graph.Model
	random    *rand.PCG        // the model's generator
	optimizer *optimizer       // of the running stage
	agenda    agenda           // of the QAT stage
	fresh     bool             // no step since the running stage began or was resumed
	average   *average         // of the running stage; nil: none
	best      []graph.State    // the model of Best
	objective *objective       // of the running stage
	teacher   *teacher         // of the running stage; nil: none
	saved     []graph.State    // of a checkpoint, until the stage takes its part
	evaluator *graph.Evaluator // of the float stage; nil: not built yet
	split     *datasets.Split  // what is trained on
	held      *datasets.Split  // what is held out; nil: nothing
	store     *store
}

// progress is what a run has reached, apart from tensors.
type progress struct {
	Serial  int // checkpoints written
	Phase   Phase
	Epoch   int        // finished and evaluated epochs of the phase
	Step    int        // finished steps of the phase
	Best    best       // epoch of the phase, where its stage has patience
	Running tally      // of the running epoch
	Trained [3]tally   // by phase
	Results [3]Metrics // by phase
	Records []Record
	Random  []byte // state of the model's generator
}

// warnOfRules logs the name patterns that no layer follows: a name is easily
// mistyped, and its layer then quantized otherwise than was meant.
func (r *run) warnOfRules() {
	for _, n := range r.Quantization.Names {
		if !r.model.Follows(graph.Rule{Pattern: n.Pattern}) {
			r.Log.Warn("no layer follows this rule of the quantization: none has such a name, or an earlier rule matches it too", "pattern", n.Pattern)
		}
	}
}

// Streams of random numbers, told apart by the second word of a PCG's seed.
const (
	streamModel = iota
	streamHold
	streamOrder // plus phase and epoch
)

// start builds the model and takes up the newest checkpoint if it shall.
func start(c Config) (*run, error) {
	r := &run{
		Config: c, random: rand.NewPCG(c.Seed, streamModel),
		split: c.Data.Train,
	}
	if n := c.heldOut(); n > 0 {
		r.split, r.held = hold(c.Data.Train, n, rand.New(rand.NewPCG(c.Seed, streamHold)))
	}
	var err error
	if r.model, err = graph.New(c.Network, c.input(), c.Quantization, rand.New(r.random)); err != nil {
		return nil, err
	}
	if c.Oscillation.active() {
		if err := r.model.Watch(c.Oscillation.Momentum); err != nil {
			return nil, err
		}
	}
	r.agenda = c.agenda(r.model.Domains())
	r.warnOfRules()
	if c.Weights != nil {
		if err := load(r.model, c.Weights); err != nil {
			return nil, err
		}
	}
	if c.Out == "" {
		return r, nil
	}
	if err := os.MkdirAll(c.Out, 0o777); err != nil {
		return nil, err
	}
	if r.store, err = openStore(c.Out, fingerprint(c)); err != nil {
		return nil, err
	}
	if err := r.resume(); err != nil {
		return nil, err
	}
	return r, r.writeRecords()
}

// resume takes over the state of the newest sound checkpoint. A run that does
// not resume begins with a checkpoint, and does not overwrite an unfinished
// run.
func (r *run) resume() error {
	last, err := r.store.load(r.Log)
	switch {
	case err != nil:
		return err
	case last == nil && r.Resume:
		r.Log.Info("no checkpoint to resume, the run begins", "out", r.Out)
		return r.save()
	case last == nil:
		return r.save()
	case !r.Resume && last.Phase == Done:
		r.Serial = last.Serial // the new run's checkpoints are newer
		return r.save()
	case !r.Resume:
		return fmt.Errorf("%s holds an unfinished run (%v stage, %d steps): resume it, or remove its checkpoint-*.safetensors to begin anew", r.Out, last.Phase, last.Step)
	}
	if err := r.store.same(last.config); err != nil {
		return fmt.Errorf("%s %w", last.path, err)
	}
	r.progress, r.saved = last.progress, last.states
	if err := r.model.Restore(unprefixed(last.states, "model/")); err != nil {
		return fmt.Errorf("%s: %w", last.path, err)
	}
	if err := r.random.UnmarshalBinary(r.Random); err != nil {
		return fmt.Errorf("%s: %w", last.path, err)
	}
	r.Log.Info("resumed", "checkpoint", last.path, "stage", r.Phase, "step", r.Step)
	return nil
}

// save writes a checkpoint.
func (r *run) save() error {
	if r.store == nil {
		return nil
	}
	var err error
	if r.Random, err = r.random.MarshalBinary(); err != nil {
		return err
	}
	r.Serial++
	states := prefixed(r.model.State(), "model/")
	if err := r.store.save(r.progress, append(states, r.training()...)); err != nil {
		r.Serial-- // the last good checkpoint must not be the next to be replaced
		return fmt.Errorf("%w%s", err, r.kept())
	}
	return nil
}

// rescue writes a checkpoint if err says that the run was interrupted.
// Calibration is not saved half done: it begins with a checkpoint, and is
// repeated from there.
func (r *run) rescue(ctx context.Context, err error) error {
	if ctx.Err() == nil || !errors.Is(err, context.Cause(ctx)) || r.Phase == PTQ {
		return nil
	}
	return r.save()
}

// advance runs a phase to its end.
func (r *run) advance(ctx context.Context) error {
	r.release()
	var err error
	switch r.Phase {
	case Float:
		err = r.train(ctx, r.Float)
	case PTQ:
		err = r.calibrate(ctx)
	case QAT:
		if err = r.train(ctx, r.QAT); err == nil {
			err = r.warn(ctx)
		}
	}
	if err != nil {
		return err
	}
	return r.next()
}

// order is how the images of the running epoch come, after the given number
// of batches. Each epoch has a generator of its own, so that a resumed epoch
// needs no history.
func (r *run) order(skip int) datasets.BatchOptions {
	stream := streamOrder + uint64(r.Phase)<<32 + uint64(r.Epoch)<<40
	o := datasets.BatchOptions{
		Size: r.Batch, Skip: skip, Rand: rand.New(rand.NewPCG(r.Seed, stream)),
		Balanced: r.Balanced, Augment: r.Augment,
	}
	if r.Phase == PTQ {
		o.Balanced, o.Augment = false, datasets.Augment{}
	}
	return o
}
