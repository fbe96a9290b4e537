package train

import (
	"log/slog"
	"math/rand/v2"
	"time"

	"petrify/datasets"
	"petrify/graph"
)

// Config describes a run. Network and Data are required; the zero values of all
// other fields are useful.
type Config struct {
	Network      graph.Network
	Data         *datasets.Set
	Quantization graph.Quantization

	Task      Task      // what the network learns; AnyTask: what data and network are for
	Objective Objective // what training minimises for that

	Seed  uint64 // of the weights' initial values and the order of the images
	Batch int    // images to a step; 0 means 64

	// Weights are the initial weights by name, instead of random ones; see
	// ReadWeights. With 0 epochs of Float, a network trained elsewhere is
	// quantized as it is.
	Weights []graph.State

	Augment  datasets.Augment // varies the images of both stages, differently in each epoch; not those of PTQ
	Balanced bool             // makes the classes of an epoch equally frequent

	// Validation is the share of the training images that is held out, and
	// evaluated after each epoch: 0 none, less than 1. A stage's Patience needs it,
	// unless the data have a validation split.
	Validation float64

	Float      Stage      // training without quantization; 0 epochs: only the given start
	QAT        Stage      // training on with quantization; 0 epochs: freeze what PTQ found
	Milestones Milestones // of the QAT stage

	// RuleMilestones replace Milestones for the layers to which these rules of
	// Quantization apply.
	RuleMilestones map[graph.Rule]Milestones

	Distillation Distillation // of the QAT stage, from the float network
	Oscillation  Oscillation  // of the QAT stage: what is done about weights that oscillate

	// Reestimate is the number of training batches over which batch norm's
	// running statistics are averaged again at the end of the QAT stage, such
	// as 50; 0 keeps them. [graph.Model.Reestimate] says when that helps.
	Reestimate int

	// Calibration is the number of training batches whose ranges PTQ observes:
	// 0 means 32, or an epoch if that is shorter.
	Calibration int

	PTQ Repair // what else PTQ does

	Out        string   // folder for checkpoints, metrics.jsonl and summary.json; "": nothing is written
	Resume     bool     // continue from the newest sound checkpoint in Out, if there is one
	Checkpoint Interval // how often to write a checkpoint; unset: every 20 s. The end of a stage has one in any case
	Version    string   // of the program, recorded in checkpoints and in the frozen model

	Events Events       // called during the run
	Log    *slog.Logger // warnings and what was resumed; nil: nowhere
}

// Stage is one stage of training.
type Stage struct {
	Epochs int
	// LearningRate is scaled by the schedule. 0 means [Method.LearningRate], and in
	// the QAT stage a fifth of the float stage's, or all of it where
	// weights of 2 or 3 bits learn their scales in a network with batch norm.
	LearningRate float64
	Optimizer    Optimizer
	Schedule     Schedule
	Clip         float64 // the greatest norm of all gradients together; 0: no limit
	Smoothing    float64 // ε of label smoothing, such as 0.1; 0: none
	// ends the stage after this many epochs without a better result on the
	// held-out images, and returns to the best; 0: never
	Patience int
	Monitor  string  // which result, by its key: "" or loss, or a metric of the task
	Average  float64 // decay of the moving average of the parameters that is evaluated and kept, such as 0.999; 0: none
}

// resolve fills in the defaults of a valid configuration.
func (c Config) resolve() Config {
	c = c.ForTask()
	c.Objective = c.Objective.resolve()
	if c.Batch == 0 {
		c.Batch = defaultBatch
	}
	if c.Calibration == 0 {
		c.Calibration = min(32, c.perEpoch())
	}
	if c.Float.LearningRate == 0 {
		c.Float.LearningRate = c.Float.Optimizer.Method.LearningRate()
	}
	if c.QAT.LearningRate == 0 {
		c.QAT.LearningRate = c.QAT.Optimizer.Method.LearningRate()
		if c.QAT.Optimizer.Method == c.Float.Optimizer.Method {
			c.QAT.LearningRate = c.Float.LearningRate
		}
		if !c.relearns(every) {
			c.QAT.LearningRate /= 5
		}
	}
	if c.relearns(uniform) {
		c = c.relearn()
	}
	c.Float.Optimizer = c.Float.Optimizer.resolve()
	c.QAT.Optimizer = c.QAT.Optimizer.resolve()
	c.Distillation = c.Distillation.resolve(c.Task)
	c.Oscillation = c.Oscillation.resolve()
	c.PTQ = c.PTQ.resolve()
	if c.Checkpoint.IsZero() {
		c.Checkpoint = Every(20 * time.Second)
	}
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	return c
}

const defaultBatch = 64

// perEpoch is the number of steps in an epoch. Images that do not fill a batch
// are left out, because batch norm would see the padding; since the order
// changes, they are different ones in each epoch.
func (c Config) perEpoch() int {
	batch := c.Batch
	if batch == 0 {
		batch = defaultBatch
	}
	if c.Data == nil || c.Data.Train == nil || batch < 0 {
		return 0
	}
	return (c.Data.Train.Len() - c.heldOut()) / batch
}

// QATSteps is the number of steps of the QAT stage.
func (c Config) QATSteps() int { return max(c.QAT.Epochs, 0) * c.perEpoch() }

// heldOut is the number of training images that are held out.
func (c Config) heldOut() int {
	n := c.wantHeld()
	if n == 0 || c.Data.Train.Groups == nil {
		return n
	}
	_, held := hold(c.Data.Train, n, c.holding())
	return held.Len()
}

// holding draws what is held out.
func (c Config) holding() *rand.Rand { return rand.New(rand.NewPCG(c.Seed, streamHold)) }

// wantHeld is the number of images that Validation asks to hold out; of recordings,
// whole ones are.
func (c Config) wantHeld() int {
	if !(c.Validation > 0 && c.Validation < 1) {
		return 0
	}
	return max(int(c.Validation*float64(c.Data.Train.Len())), 1)
}

// input is the shape of an image.
func (c Config) input() graph.Shape {
	s := c.Data.Shape
	return graph.Shape{C: s[0], H: s[1], W: s[2]}
}
