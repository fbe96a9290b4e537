package config

import (
	"fmt"

	"petrify/fakequant"
	"petrify/fakequant/affine"
	"petrify/graph"
	"petrify/observers"
	"petrify/train"
)

// Quantization is Core ML Tools' LinearQuantizerConfig with petrify's
// additions. The first match decides for each layer: by name, else by type,
// else Global. A nil Module leaves the layer float.
type Quantization struct {
	Global *Module
	Types  []Rule
	Names  []Rule

	EdgeBits    int  // of the first and last layer; 0: as the scheme asks for
	FloatOutput bool // leave the network's output unquantized
	Folding     graph.Folding
}

// Rule gives a Module to the layers of a type or of matching names.
type Rule struct {
	Pattern string
	Module  *Module
}

// Module is Core ML Tools' ModuleLinearQuantizerConfig with petrify's
// additions: how to quantize one layer.
type Module struct {
	Algorithm          string
	WeightMethod       string // of fakequant; "": as Algorithm says
	ActivationMethod   string
	WeightDtype        string
	WeightBits         int // 0: as WeightDtype says; binaryBits, ternaryBits
	WeightScheme       affine.Scheme
	WeightObserver     string // of observers; "": as the method asks for
	WeightPerChannel   bool
	ActivationDtype    string
	ActivationBits     int // 0: as ActivationDtype says
	ActivationObserver string
	AveragingConstant  float64 // 0: the observer's default
	Percentile         float64 // 0: the observer's default
	Sigmas             float64 // 0: the observer's default
	WeightGroup        int     // weights along the input that share a scale; 0: all
	Scheme             string  // of affine; "": as the bits ask for
	Dialect            affine.Dialect
	WeightRounding     affine.Rounding
	FixedRange         [2]float64 // of fixed observers
	Ramp               [2]int
	LearnedLRFactor    float64 // 0: 1
	PACTDecay          float64
	Milestones         []train.Span // four; or none, which is as Global
}

// defaultModule is [fakequant.Int8] in these terms.
func defaultModule() *Module {
	d := fakequant.Int8()
	return &Module{
		Algorithm:   "vanilla",
		WeightDtype: "qint8", WeightScheme: d.Weights.Scheme, WeightPerChannel: true,
		ActivationDtype: "quint8",
	}
}

// section is the table of a module's keys.
func (m *Module) section() section {
	return section{
		{"algorithm", "How gradients pass through rounding: vanilla is the straight-through estimator, learnable " +
			"also learns the scales (LSQ, Esser et al. 2020).",
			oneOf(&m.Algorithm, "vanilla", "learnable")},
		{"weight_dtype", "Number format of weights; float32 does not quantize them.",
			oneOf(&m.WeightDtype, "qint8", "qint4", "quint8", "quint4", "float32")},
		{"weight_bits", fmt.Sprintf("Bits of a weight, %d to %d, or ternary for weights of -s, 0 and s, or binary (1) "+
			"for -s and s; null is those of weight_dtype.", affine.MinBits, affine.MaxBits),
			auto[int]{&m.WeightBits, newWeightBits(&m.WeightBits)}},
		{"weight_scheme", "How a range of weights becomes a scale (for activations, see quantization_scheme).",
			enum(&m.WeightScheme)},
		{"weight_method", "How weights are rounded in training; null is as algorithm says.",
			auto[string]{&m.WeightMethod, method(&m.WeightMethod)}},
		{"weight_rounding", "How weights are rounded to integers. Activations round half to even, as " +
			"runtimes do.", enum(&m.WeightRounding)},
		{"weight_observer", "How the range of weights is found; null is last_value, below 8 bits last_mse (but in " +
			"dialects of other tools), and mse where scales are learned.", observer(&m.WeightObserver)},
		{"weight_per_channel", "One scale for each output channel, or one for the tensor.", yes(&m.WeightPerChannel)},
		{"weight_group_size", "How many weights share a scale, along the inputs of an output; null is all. Where " +
			"it does not divide them, as many as do, if that is at least half, and otherwise all.",
			auto[int]{&m.WeightGroup, integer(&m.WeightGroup, 1, longest)}},
		{"activation_dtype", "Number format of activations; float32 does not quantize them.",
			oneOf(&m.ActivationDtype, "quint8", "float32")},
		{"activation_bits", fmt.Sprintf("Bits of an activation, %d to %d; null is those of activation_dtype.",
			affine.MinBits, affine.MaxBits),
			auto[int]{&m.ActivationBits, integer(&m.ActivationBits, affine.MinBits, affine.MaxBits)}},
		{"activation_method", "How activations are rounded in training; null is as algorithm says.",
			auto[string]{&m.ActivationMethod, method(&m.ActivationMethod)}},
		{"activation_observer", "How the range of activations is found; null is moving_average_min_max, and mse " +
			"below 8 bits (but in dialects of other tools) and where scales are learned.", observer(&m.ActivationObserver)},
		{"averaging_constant", fmt.Sprintf("Weight of each new range in a moving average; null is %v, and %v for "+
			"ema_min_max.", observers.MovingAverage.Default().Constant, observers.EMA.Default().Constant),
			auto[float64]{&m.AveragingConstant, number(&m.AveragingConstant,
				interval{low: 0, high: 1, openLow: true})}},
		{"percentile", fmt.Sprintf("Per cent of the values that percentile and streaming_percentile keep on "+
			"each side; "+
			"null is %v.", observers.Percentile.Default().Percentile),
			auto[float64]{&m.Percentile, number(&m.Percentile, interval{low: 50, high: 100, openLow: true})}},
		{"sigmas", "How many standard deviations mean_sigma keeps; null is 3.",
			auto[float64]{&m.Sigmas, number(&m.Sigmas, positive)}},
		{"fixed_range", "[minimum, maximum] for the observer fixed; null is none.",
			auto[[2]float64]{&m.FixedRange, limits{&m.FixedRange}}},
		{"quantization_scheme",
			"How a range of activations becomes a scale: symmetric has no zero point, affine has one; null is " +
				"symmetric, and affine where activations of 2 or 3 bits learn their scales (but in dialects of " +
				"other tools).",
			auto[string]{&m.Scheme, oneOf(&m.Scheme, members[affine.Scheme]()...)}},
		{"dialect", "Which tool's way from ranges to scales to follow.", enum(&m.Dialect)},
		{"ramp", "[start, finish]: steps between which rounding is blended in; null is at once, but over the " +
			"first half of the stage for weights of 2 or 3 bits that learn their scales in a network with batch norm.",
			auto[[2]int]{&m.Ramp, tuple{m.Ramp[:], 0}}},
		{"learned_lr_factor", "Factor for the learning rate of learned scales; null is 1.",
			auto[float64]{&m.LearnedLRFactor, number(&m.LearnedLRFactor, positive)}},
		{"pact_decay", "pact: the penalty on its learned upper end; null is none.",
			auto[float64]{&m.PACTDecay, number(&m.PACTDecay, positive)}},
		{"milestones", "When the layers' observers start, quantization starts, observers stop and batch norm " +
			"comes to rest: four values, each steps, N epochs, or -1 for never; null is global_config's, and there " +
			"[0, 0, 2/3 (0 for learned scales), 1/2 of the stage (3/4 if weights of 2 or 3 bits learn their scales)].",
			milestones{&m.Milestones}},
	}
}

// section is the table of the block's keys.
func (q *Quantization) section() section {
	return section{
		{"global_config", "For every layer without a rule of its own; null leaves them float.", moduleValue{&q.Global}},
		{"module_type_configs",
			"By layer type, such as conv2d, Conv2d or Conv1d, which mean the same; null leaves the type float.",
			rules{&q.Types, kindOf}},
		{"module_name_configs",
			"By layer name, a regular expression for the whole name; null leaves the layer float.",
			rules{&q.Names, pattern}},
		{"non_traceable_module_names", "For Core ML Tools' tracing of Python; only an empty list is allowed.",
			nothing{}},
		{"preserved_attributes", "For Core ML Tools' tracing of Python; only an empty list is allowed.", nothing{}},
		{"edge_bits", "Bits of the first and the last layer, whatever the others have; null is 8 where " +
			"global_config learns scales of fewer bits, and otherwise as the others.",
			auto[int]{&q.EdgeBits, integer(&q.EdgeBits, affine.MinBits, affine.MaxBits)}},
		{"float_output", "Leave the network's output unquantized.", yes(&q.FloatOutput)},
		{"batch_norm_folding",
			"Whose statistics normalise until batch norm is at rest: running takes those of the quantized " +
				"product, batch those of an additional float product.", enum(&q.Folding)},
	}
}

// observer is the name of one of the observers, or null.
func observer(to *string) value {
	return auto[string]{to, oneOf(to, members[observers.Kind]()...)}
}

// method is the name of one of fakequant's methods.
func method(to *string) value { return oneOf(to, members[fakequant.Method]()...) }
