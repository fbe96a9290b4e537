package train

import (
	"fmt"

	"petrify/datasets"
	"petrify/graph"
)

// Task is what a network learns to do.
type Task uint8

// The tasks. AnyTask is the one that data and network are for.
const (
	AnyTask        Task = iota
	Classification      // one class for each sample
	Labels              // any number of labels for each sample
	Regression          // real numbers for each sample
	Reconstruction      // the input again, by way of fewer numbers
	Pixels              // a class for each pixel
	Anomaly             // the input again, which normal samples alone teach: others are told by its error
)

// tasks is their table: all that the rest of the package knows of a task.
var tasks = [...]struct {
	name    string
	target  datasets.Target // what the data must hold
	loss    graph.Loss      // the network's
	losses  []LossKind      // that can be minimised, the default first
	metrics []Metric        // of its results, the most telling first
	judge   func(Config) judge
}{
	AnyTask: {name: "any"},
	Classification: {"classification", datasets.ClassTarget, graph.CrossEntropy,
		[]LossKind{SoftmaxCrossEntropy, Focal}, []Metric{accuracy, top5, worst}, newClassJudge},
	Labels: {"labels", datasets.LabelTargets, graph.Targeted,
		[]LossKind{BinaryCrossEntropy}, []Metric{meanAP, microF1, macroF1}, newLabelJudge},
	Regression: {"regression", datasets.NumberTargets, graph.Targeted,
		[]LossKind{Squared, Absolute, Huber}, []Metric{mae, rmse, r2}, newErrorJudge},
	Reconstruction: {"reconstruction", datasets.AnyTarget, graph.MeanSquare,
		[]LossKind{Squared}, nil, nil},
	Pixels: {"pixels", datasets.PixelTargets, graph.Targeted,
		[]LossKind{PixelCrossEntropy, Dice, PixelCrossEntropyDice}, []Metric{meanIoU, pixelAccuracy, meanDice},
		newPixelJudge},
	Anomaly: {"anomaly", datasets.AnomalyTargets, graph.MeanSquare,
		[]LossKind{Squared}, []Metric{auc, pauc}, newAnomalyJudge},
}

func taskNames() (names []string) {
	for _, t := range tasks {
		names = append(names, t.name)
	}
	return names
}

// String is the task's name in a configuration.
func (t Task) String() string {
	if int(t) < len(tasks) {
		return tasks[t].name
	}
	return fmt.Sprintf("Task(%d)", uint8(t))
}

// MarshalText writes [Task.String].
func (t Task) MarshalText() ([]byte, error) { return []byte(t.String()), nil }

// UnmarshalText reads what String writes.
func (t *Task) UnmarshalText(text []byte) error {
	i, err := index(taskNames()[1:], string(text))
	*t = Task(i + 1)
	return err
}

// reproduces reports whether the outputs are the input again.
func (t Task) reproduces() bool { return tasks[t].loss == graph.MeanSquare }

// Target is what data must hold for the task.
func (t Task) Target() datasets.Target { return tasks[t].target }

// Metrics lists the numbers that say how well a network does the task, besides its
// loss; the first says most.
func (t Task) Metrics() []Metric { return tasks[t].metrics }

// ForTask finds out the task, if the configuration leaves it open, and gives the network
// the loss that goes with it. The data must be known.
func (c Config) ForTask() Config {
	if c.Task == AnyTask {
		c.Task = c.found()
	}
	c.Network.Loss = tasks[c.Task].loss
	if c.Objective.Loss == AnyLoss {
		c.Objective.Loss = tasks[c.Task].losses[0]
	}
	return c
}

// found is the task that network and data are for.
func (c Config) found() Task {
	if c.Network.Loss == graph.MeanSquare && (c.Data == nil || c.Data.Target != datasets.AnomalyTargets) {
		return Reconstruction
	}
	for t, row := range tasks {
		if c.Data != nil && row.target == c.Data.Target && row.target != datasets.AnyTarget {
			return Task(t)
		}
	}
	return Classification
}

// taskFaults checks the task against network and data.
func (c Config) taskFaults(f *Faults) {
	if int(c.Task) >= len(tasks) {
		f.add("task", "%v: want one of %q", c.Task, taskNames())
		return
	}
	f.check(c.Task == AnyTask || c.Task.reproduces() || c.Network.Loss != graph.MeanSquare, "task",
		"%v with a network whose loss is mean_square: want reconstruction or anomaly, or no loss in the network", c.Task)
	c = c.ForTask()
	if c.Data == nil {
		return
	}
	want, have := tasks[c.Task].target, c.Data.Target
	f.check(want == datasets.AnyTarget || want == have, "task", "%v needs %v, and %s has %s", c.Task, want,
		c.Data.Name, map[datasets.Target]string{datasets.AnyTarget: "neither classes nor targets"}[have]+
			map[bool]string{true: have.String()}[have != datasets.AnyTarget])
	c.objectiveFaults(f)
}
