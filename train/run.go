package train

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	"petrify/datasets"
	"petrify/graph"
	"petrify/quantized"
)

// Run trains, quantizes, continues with quantization, and freezes. When ctx is
// cancelled it stops between two steps, writes a checkpoint, and returns an
// error that wraps ctx's cause.
func Run(ctx context.Context, c Config) (*Result, error) {
	j, err := Open(c)
	if err != nil {
		return nil, err
	}
	defer j.Close()
	return j.Run(ctx)
}

// run is a run in progress.
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
	distance  *graph.Distance  // of the QAT stage; likewise
	split     *datasets.Split  // what is trained on
	held      *datasets.Split  // what is held out, or the validation split of the data; nil: nothing
	probe     *graph.Probe     // of the quantized stages; likewise
	frozen    *quantized.Model // that was evaluated last in them; likewise
	drifts    []*drift         // of the QAT stage
	garbage   garbage
	store     *store
	records   []Record
	warnings  []graph.Warning // of the running phase, which no survey has yet
	written   time.Time       // when the last checkpoint was
}

// progress is how far a run has come, apart from tensors.
type progress struct {
	Serial  int // checkpoints written
	Phase   Phase
	Epoch   int        // finished and evaluated epochs of the phase
	Step    int        // finished steps of the phase
	Best    best       // epoch of the phase, where its stage has patience
	Running tally      // of the running epoch
	Trained [3]tally   // by phase
	Results [3]Metrics // by phase
	Lines   extent     // of metrics.jsonl
	Layers  extent     // of layers.jsonl
	Random  []byte     // state of the model's generator
}

// warnOfRules logs the name patterns that match no layer: a name is easily
// mistyped, and its layer is then not quantized as intended.
func (r *run) warnOfRules() {
	for _, n := range r.Quantization.Names {
		if !r.model.Follows(graph.Rule{Pattern: n.Pattern}) {
			r.Log.Warn("no layer follows this rule of the quantization: none has such a name, or an earlier rule "+
				"matches it too", "pattern", n.Pattern)
		}
	}
}

// Streams of random numbers, told apart by the second word of a PCG's seed.
const (
	streamModel = iota
	streamHold
	streamOrder // plus phase and epoch
)

// start builds the model and opens the folder.
func start(c Config) (*run, error) {
	r := &run{
		Config: c, random: rand.NewPCG(c.Seed, streamModel),
		split: c.Data.Train,
	}
	if c.Data.Validation != nil {
		r.held = c.Data.Validation
	} else if n := c.wantHeld(); n > 0 {
		r.split, r.held = hold(c.Data.Train, n, c.holding())
	}
	var err error
	if r.model, err = graph.New(c.Network, c.input(), c.Quantization, rand.New(r.random)); err != nil {
		return nil, err
	}
	r.measureOutputs()
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
	return r, r.open()
}

// measureOutputs measures the outputs of a regression in units of the targets' spread,
// and lets fresh ones begin at the targets' means.
func (r *run) measureOutputs() {
	if r.Task != Regression {
		return
	}
	var means []float64
	for _, t := range r.Data.Account.Targets {
		if r.Weights == nil {
			means = append(means, t.Mean)
		}
	}
	if !r.model.MeasureOutputs(unitsOf(r.Data), means) {
		r.Log.Warn("the network does not end with a linear or convolutional layer for each target: " +
			"its outputs are learned as they are, without standardised targets")
	}
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
	r.written = time.Now()
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
		if err = r.train(ctx, r.Float); err == nil {
			err = r.show(ctx, r.Epoch)
		}
	case PTQ:
		err = r.calibrate(ctx)
	case QAT:
		if err = r.train(ctx, r.QAT); err == nil {
			err = r.warn(ctx)
		}
		if err == nil && r.QAT.Epochs > 0 {
			err = r.show(ctx, r.Epoch)
		}
	default:
		err = fmt.Errorf("train: %v is no stage", r.Phase)
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
