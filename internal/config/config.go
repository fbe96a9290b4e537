package config

import (
	"fmt"
	"strings"

	"go.yaml.in/yaml/v4"

	"petrify/datasets"
	"petrify/fakequant"
	"petrify/graph"
	"petrify/train"
)

// Config is a run as its file describes it. [Default] has the values of keys
// that a file leaves out.
type Config struct {
	Dataset string // a built-in name, or what datasets.Open takes
	Data    datasets.Options
	Network Network

	Task      train.Task
	Objective train.Objective

	Weights     string // file of weights to begin from; "": fresh ones
	Seed        uint64
	Batch       int
	Calibration int
	Checkpoint  train.Interval

	Validation   float64
	Augment      datasets.Augment
	Balanced     bool
	Float, QAT   train.Stage
	Distillation train.Distillation
	Oscillation  train.Oscillation
	Reestimate   int
	PTQ          train.Repair
	Quantization Quantization

	Out         string // run folder; "": runs/<dataset>-<network>
	TensorBoard string // folder of event files; "": none

	where map[string]string // where each key of the document stands
	takes graph.Shape       // what the file of an imported network takes; without channels: not known
}

// Default is the run that `petrify train` makes without a file: the built-in
// cnn on the embedded digits.
func Default() *Config {
	return &Config{
		Dataset:      "digits",
		Network:      Network{Builtin: "cnn"},
		Batch:        32,
		Float:        train.Stage{Epochs: 20},
		QAT:          train.Stage{Epochs: 6},
		Quantization: Quantization{Global: defaultModule()},
	}
}

// section is the table of all keys.
func (c *Config) section() section {
	return section{
		{"dataset", "What to train on: " + strings.Join(published(), ", ") +
			"; or the path of a .npz or .csv file, or of a folder of IDX, CIFAR-10, picture or WAV files.",
			datasetValue{&c.Dataset}},
		{"task", "What the network learns: classification, labels (several for a sample), regression, " +
			"pixels (a class for each) or reconstruction; null is what data and network are for, which the first lines of a run say.",
			task{auto[train.Task]{&c.Task, enum(&c.Task)}, &c.Data.Target}},
		{"objective", "What training minimises.", objective(&c.Objective)},
		{"data", "Where the data set's files are, and how to read your own.", data(&c.Data)},
		{"network", "A built-in network (" + builtins() + "), a list of layers, an ONNX file, or the folder that " +
			"petrify import wrote.", networkValue{&c.Network}},
		{"weights", "File of initial weights: .onnx, or .safetensors, .pt, .pth or .npz with the names and layouts of " +
			"PyTorch's state_dict. Left out, they are those of an imported network, and otherwise new ones, as null " +
			"says.",
			auto[string]{&c.Weights, text(&c.Weights)}},
		{"seed", "Seed of all randomness: the initial weights and the order of the images.", natural(&c.Seed)},
		{"batch", "Images in a training step.", integer(&c.Batch, 1, 1<<20)},
		{"validation", "Share of the training images that is held out and evaluated after each epoch; null is " +
			"none, or the data's own validation split.",
			auto[float64]{&c.Validation, number(&c.Validation, below1)}},
		{"augment", "How training images are varied, differently in each epoch.", augment(&c.Augment)},
		{"balanced", "Make the classes of an epoch equally frequent.", yes(&c.Balanced)},
		{"float", "The first stage: training without quantization.", stage(&c.Float)},
		{"qat", "The last stage: further training, with quantization in the loop.", stage(&c.QAT)},
		{"distillation", "How much the qat stage learns from the float network.", distillation(&c.Distillation)},
		{"oscillation", "What the qat stage does about weights that oscillate between two integers (Nagel et al. " +
			"2022).", oscillation(&c.Oscillation)},
		{"reestimate", "Training batches over which batch norm's statistics are averaged again at the end of the " +
			"qat stage, such as 50; null keeps them.",
			auto[int]{&c.Reestimate, integer(&c.Reestimate, 1, 1<<20)}},
		{"calibration", "Training batches whose ranges PTQ observes; null is 32, or an epoch if that is shorter.",
			auto[int]{&c.Calibration, integer(&c.Calibration, 1, 1<<20)}},
		{"ptq", "What PTQ does to make up for rounding, once ranges are known.", repair(&c.PTQ)},
		{"quantization", "How to quantize, with the keys of Core ML Tools' LinearQuantizerConfig; or the name of a " +
			"YAML file with them.",
			quantizationValue{&c.Quantization}},
		{"checkpoint", "Interval between checkpoints, such as 20s, 5m, 500 steps or 0.5 epochs; null is 20s; " +
			"never writes them only at the end of a stage, where there is one in any case.",
			auto[train.Interval]{&c.Checkpoint, distance(&c.Checkpoint)}},
		{"out", "Folder for everything the run writes; null is runs/DATASET-NETWORK.",
			auto[string]{&c.Out, text(&c.Out)}},
		{"tensorboard", "Folder for TensorBoard's event files, where each run has a folder of its own; null is none.",
			auto[string]{&c.TensorBoard, text(&c.TensorBoard)}},
	}
}

// task is the task's value. It also says what the data are to be read for.
type task struct {
	auto[train.Task]
	data *datasets.Target
}

func (t task) read(r *reader, n *yaml.Node, key string) {
	t.auto.read(r, n, key)
	*t.data = t.to.Target()
}

// objective is the table of the loss's keys.
func objective(o *train.Objective) value {
	return section{
		{"loss", "cross_entropy or focal (Lin et al. 2017) for classification, binary_cross_entropy for labels, " +
			"squared, absolute or huber for regression, " +
			"pixel_cross_entropy, dice (Milletari et al. 2016) or their sum pixel_cross_entropy_dice for pixels; null is the first of the task.",
			auto[train.LossKind]{&o.Loss, enum(&o.Loss)}},
		{"delta", "huber: errors that are greater, in units of the target's standard deviation, count as absolute " +
			"ones; null is 1.", auto[float64]{&o.Delta, number(&o.Delta, positive)}},
		{"gamma", "focal: how little samples count that are classified with certainty; null is 2.",
			auto[float64]{&o.Gamma, number(&o.Gamma, positive)}},
		{"class_weights", "classification, or pixels: how much the samples or pixels of each class count, in the order of the classes; " +
			"null is 1 each.", numbers{&o.ClassWeights}},
	}
}

// stage is the table of a training stage's keys.
func stage(s *train.Stage) value {
	return section{
		{"epochs", "Passes over the training split; 0 skips the stage.", integer(&s.Epochs, 0, 1<<20)},
		{"learning_rate", fmt.Sprintf("The learning rate that the schedule scales; null is %v for adam and adamw, %v "+
			"for sgd, and in the qat stage a fifth of the float stage's, or all of it where weights of 3 bits or fewer "+
			"learn their scales in a network with batch norm.", train.Adam.LearningRate(),
			train.SGD.LearningRate()),
			auto[float64]{&s.LearningRate, number(&s.LearningRate,
				interval{low: 0, high: 1000, openLow: true, openHigh: true})}},
		{"optimizer", "How gradients change weights.", optimizer(&s.Optimizer)},
		{"schedule", "How the learning rate changes over the stage.", schedule(&s.Schedule)},
		{"smoothing", "Share of each label that is spread over all classes.", number(&s.Smoothing, below1)},
		{"patience", "End the stage after this many epochs without a better result on the held-out images (see " +
			"validation), and return to the best; null is never.",
			auto[int]{&s.Patience, integer(&s.Patience, 1, 1<<20)}},
		{"monitor", "Which result that is: loss, or a metric of the task such as accuracy, mae or mean_iou; null is " +
			"loss.", auto[string]{&s.Monitor, text(&s.Monitor)}},
		{"clip", "Greatest norm of all gradients together; null is no limit.",
			auto[float64]{&s.Clip, number(&s.Clip, positive)}},
		{"average", "Decay of a moving average of the parameters, such as 0.999, which is then evaluated and " +
			"kept; null keeps the parameters themselves.",
			auto[float64]{&s.Average, number(&s.Average, below1)}},
	}
}

func optimizer(o *train.Optimizer) value {
	return section{
		{"method", "The optimizer.", enum(&o.Method)},
		{"weight_decay", "Pull of the weights towards 0; biases, batch norm and learned scales are exempt.",
			number(&o.WeightDecay, below1)},
		{"momentum", "sgd: share of the last step that the next one keeps.", number(&o.Momentum, below1)},
		{"nesterov", "sgd: look ahead along the momentum.", yes(&o.Nesterov)},
		{"beta1", "adam, adamw: decay of the mean gradient; null is 0.9.",
			auto[float64]{&o.Beta1, number(&o.Beta1, below1)}},
		{"beta2", "adam, adamw: decay of the mean squared gradient; null is 0.999, and 0.98 where the qat stage " +
			"by default has all of the float stage's learning rate.",
			auto[float64]{&o.Beta2, number(&o.Beta2, below1)}},
		{"epsilon", "adam, adamw: added to the divisor to keep it from 0; null is 1e-8.",
			auto[float64]{&o.Epsilon, number(&o.Epsilon, below1)}},
	}
}

func schedule(s *train.Schedule) value {
	return section{
		{"shape", "Shape of the curve.", enum(&s.Shape)},
		{"warmup", "Linear rise before the shape begins, such as 100 steps or 0.5 epochs; null is none.",
			auto[train.Span]{&s.Warmup, span(&s.Warmup)}},
		{"final", "cosine: the factor at the end.", number(&s.Final, fraction)},
		{"every", "step: the distance between drops; null is a third of the stage.",
			auto[train.Span]{&s.Every, span(&s.Every)}},
		{"gamma", "step: the factor of each drop; null is 0.1.", auto[float64]{&s.Gamma, number(&s.Gamma, fraction)}},
	}
}

func distillation(d *train.Distillation) value {
	return section{
		{"weight", "The float network's share in the loss (Hinton et al. 2015).", number(&d.Weight, fraction)},
		{"temperature", "Divisor of the outputs before they are compared; null is 4.",
			auto[float64]{&d.Temperature, number(&d.Temperature, interval{low: 0, high: 1000, openLow: true})}},
	}
}

func oscillation(o *train.Oscillation) value {
	return section{
		{"watch", "Write to metrics.jsonl the share of each layer's weights that oscillates; dampen and " +
			"freeze do so too.", yes(&o.Watch)},
		{"momentum", fmt.Sprintf("Momentum of the average of how often a weight turns back; null is %v.",
			fakequant.OscillationMomentum),
			auto[float64]{&o.Momentum, number(&o.Momentum, interval{low: 0, high: 1, openLow: true})}},
		{"dampen", "Weight of a loss that pulls weights to their integers, such as 0.01; it rises from 0 to this.",
			number(&o.Dampen, interval{low: 0, high: 1000, openHigh: true})},
		{"freeze", "Freeze weights that turn back more often than this, such as 0.01, where 1 is at every step; " +
			"null is none.",
			auto[float64]{&o.Freeze, number(&o.Freeze, interval{low: 0, high: 1, openLow: true, openHigh: true})}},
		{"freeze_start", "Where that threshold starts before it falls to freeze; null is ten times freeze.",
			auto[float64]{&o.FreezeStart, number(&o.FreezeStart, interval{low: 0, high: 1, openLow: true})}},
	}
}

// span is a moment or a length in steps or epochs.
func span(to *train.Span) value {
	return scalar[train.Span]{
		to: to, want: "a number of steps or epochs, such as 400, 1.5 epochs, or never",
		tags: []string{"!!str", "!!int"},
		parse: func(t string) (train.Span, bool) {
			v, err := train.ParseSpan(t)
			return v, err == nil
		},
		format: train.Span.String,
		json:   map[string]any{"type": []string{"string", "integer"}},
	}
}

// distance is a time, or a number of steps or epochs.
func distance(to *train.Interval) value {
	return scalar[train.Interval]{
		to: to, tags: []string{"!!str", "!!int"},
		want: "a time, or a number of steps or epochs, such as 20s, 5m, 400, 1.5 epochs, or never",
		parse: func(t string) (train.Interval, bool) {
			v, err := train.ParseInterval(t)
			return v, err == nil
		},
		format: train.Interval.String,
		json:   map[string]any{"type": []string{"string", "integer"}},
	}
}
