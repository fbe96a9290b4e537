package train

import (
	"cmp"

	"petrify/graph"
)

// Validate returns [Faults] with every mistake in the configuration, or nil.
func (c Config) Validate() error {
	var f Faults
	perEpoch := c.perEpoch()
	c.taskFaults(&f)
	open := c.Task == AnyTask && c.Data == nil // the data will say which
	c = c.ForTask()
	c.dataFaults(&f)
	f.check(c.Batch >= 0, "batch", "%d: want 1 or more, or 0 for %d", c.Batch, defaultBatch)
	f.check(c.Calibration >= 0, "calibration", "%d: want 1 or more, or 0 for 32", c.Calibration)
	f.check(perEpoch == 0 || c.Calibration <= perEpoch, "calibration",
		"%d: want at most the %d batches of the training split", c.Calibration, perEpoch)
	f.check(c.Validation >= 0 && c.Validation < 1, "validation", "%v: want 0 or more, and less than 1", c.Validation)
	own := c.Data != nil && c.Data.Validation != nil
	f.check(c.Validation == 0 || own || c.Data == nil || c.Data.Train == nil || c.Data.Train.Recordings() != 1,
		"validation", "%v: the training data are one recording, and whole ones are held out; want two or more",
		c.Validation)
	f.check(!own || c.Validation == 0, "validation", "%v has no effect: the data have a validation split", c.Validation)
	for path, s := range map[string]Stage{"float": c.Float, "qat": c.QAT} {
		f.check(s.Patience <= 0 || c.Validation > 0 || own, path+".patience",
			"%d has no effect without validation: want a share of the training images held out", s.Patience)
	}
	c.lossFaults(&f, open)
	c.Oscillation.faults(&f, "oscillation", c.QAT.Epochs)
	c.reestimateFaults(&f, perEpoch)
	c.PTQ.faults(&f, "ptq")
	f.check(!c.PTQ.Keep || c.Distillation.Weight == 0, "ptq.keep",
		"true leaves no float network to learn from: want a distillation.weight of 0")
	f.check(!c.PTQ.Keep || c.QAT.Epochs > 0, "ptq.keep", "true has no effect without a qat stage: want qat.epochs of 1 or more")
	c.Float.faults(&f, "float", perEpoch)
	c.QAT.faults(&f, "qat", perEpoch)
	c.milestoneFaults(&f, perEpoch)
	f.addAll("quantization", c.Quantization.Validate())
	c.outFaults(&f)
	return f.err()
}

// dataFaults checks the data, and the network against it.
func (c Config) dataFaults(f *Faults) {
	if c.Data == nil || c.Data.Train == nil || c.Data.Test == nil {
		f.add("data", "none: want a set with a training and a test split")
		return
	}
	f.check(c.Data.Test.Len() > 0, "data", "the test split of %s is empty", c.Data.Name)
	if c.Batch >= 0 && c.perEpoch() == 0 {
		f.add("batch", "%d: the training split of %s has %d images: want no more", cmp.Or(c.Batch, defaultBatch),
			c.Data.Name, c.Data.Train.Len()-c.heldOut())
	}
	out, err := c.Network.Output(c.input())
	f.addAll("network", err)
	batch := cmp.Or(c.Batch, defaultBatch)
	if one := c.Network.OneValue(c.input(), batch); one != "" && c.Float.Epochs+c.QAT.Epochs > 0 {
		f.add("batch", "%d: %s would see one value in each channel, whose variance is 0: want 2 or more", batch, one)
	}
	switch {
	case err != nil || c.Task.reproduces():
	case c.Task == Pixels:
		want := graph.Shape{C: c.pixelClasses(), H: c.input().H, W: c.input().W}
		f.check(out == want, "network", "outputs %v, and the pixels of %s have %d classes: want outputs %v (channels, "+
			"height, width)", out, c.Data.Name, want.C, want)
	default:
		f.check(out.Size() == c.Data.Outputs(), "network", "%d outputs, and the data set %s has %d %v",
			out.Size(), c.Data.Name, c.Data.Outputs(), c.Task.Target())
	}
}

// lossFaults checks the settings that change the loss, which not every task has.
func (c Config) lossFaults(f *Faults, open bool) {
	c.Distillation.faults(f, "distillation")
	f.check(c.Distillation.Weight == 0 || !c.Task.reproduces(), "distillation.weight",
		"%v has no effect on the task %v, whose target is the input", c.Distillation.Weight, c.Task)
	f.check(c.Distillation.Temperature == 0 || c.Task != Regression, "distillation.temperature",
		"%v has no effect on the task %v, which has no probabilities", c.Distillation.Temperature, c.Task)
	f.check(!c.Balanced || c.Data == nil || len(c.Data.Classes) > 0, "balanced", "true has no effect without classes")
	for path, s := range map[string]Stage{"float": c.Float, "qat": c.QAT} {
		f.check(s.Smoothing == 0 || c.Task == Classification || c.Task == Labels || c.Task == Pixels, path+".smoothing",
			"%v has no effect on the task %v, which has no probabilities", s.Smoothing, c.Task)
		f.check(s.Smoothing == 0 || c.Objective.Loss != Focal && c.Objective.Loss != Dice, path+".smoothing",
			"%v has no effect on the loss %v", s.Smoothing, c.Objective.Loss)
		_, ok := c.monitor(s)
		f.check(ok || open, path+".monitor", "%q: want loss or one of %q", s.Monitor, c.Task.metricKeys())
		if s.Monitor == top5.Key && c.Data != nil {
			f.check(len(c.Data.Classes) >= fewest5, path+".monitor", "%q: %d classes, want %d or more", s.Monitor,
				len(c.Data.Classes), fewest5)
		}
		f.check(c.Task != Anomaly || s.Monitor == "" || s.Monitor == lossOf.Key, path+".monitor",
			"%q: the held-out samples are all normal: want loss", s.Monitor)
		f.check(s.Monitor == "" || s.Patience > 0, path+".monitor", "%q has no effect without patience", s.Monitor)
	}
}

// monitor is the result by which the stage may end early.
func (c Config) monitor(s Stage) (Metric, bool) { return c.Task.Metric(cmp.Or(s.Monitor, lossOf.Key)) }

func (c Config) outFaults(f *Faults) {
	f.check(!c.Resume || c.Out != "", "resume", "true without a folder: want out to name the folder of the run")
	if err := c.Checkpoint.Validate(); err != nil {
		f.add("checkpoint", "%v", err)
	}
}

func (s Stage) faults(f *Faults, path string, perEpoch int) {
	f.check(s.Epochs >= 0, path+".epochs", "%d: want 0 or more", s.Epochs)
	f.check(s.LearningRate >= 0 && s.LearningRate < 1e3, path+".learning_rate",
		"%v: want more than 0, or 0 for the default", s.LearningRate)
	f.check(s.Smoothing >= 0 && s.Smoothing < 1, path+".smoothing", "%v: want 0 or more, and less than 1", s.Smoothing)
	f.check(s.Patience >= 0, path+".patience", "%d: want 1 or more, or 0 for no early end", s.Patience)
	f.check(s.Clip >= 0, path+".clip", "%v: want more than 0, or 0 for no limit", s.Clip)
	f.check(s.Average >= 0 && s.Average < 1, path+".average", "%v: want 0 or more, and less than 1", s.Average)
	s.Optimizer.faults(f, path+".optimizer")
	s.Schedule.faults(f, path+".schedule", max(s.Epochs, 0)*perEpoch, perEpoch)
}
