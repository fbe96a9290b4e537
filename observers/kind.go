package observers

import "fmt"

// Kind names an observer.
type Kind uint8

// The observers.
const (
	MovingAverage       Kind = iota // smoothed minimum and maximum of the batches
	MinMax                          // minimum and maximum of everything seen
	EMA                             // as MovingAverage, in Core ML Tools' arithmetic
	LastValue                       // minimum and maximum of the last tensor seen
	Percentile                      // smoothed percentile of the batches
	StreamingPercentile             // percentile of everything seen
	Histogram                       // least L2 error, PyTorch's search
	TorchHistogram                  // PyTorch 1.13's, errors included
	Entropy                         // least Kullback–Leibler divergence
	MSE                             // least mean squared error
	LastMSE                         // the same, of the last tensor seen
	MeanSigma                       // mean ± k standard deviations of everything seen
	MeanAbs                         // LSQ's first scale, from the mean magnitude
	Fixed                           // a given range
)

// kinds is the table of the observers, indexed by Kind.
var kinds = [...]struct {
	name      string
	make      func(Config, Target) Observer
	byDefault Config // the constants that have an effect
	perTensor bool   // takes one group alone
	extremes  bool   // looks at each tensor's least and greatest value alone
	counts    int    // kept for each group, of 8 bytes
}{
	MovingAverage: {name: "moving_average_min_max", make: newMovingAverage, extremes: true,
		byDefault: Config{Constant: 0.01}},
	MinMax:    {name: "min_max", make: newMinMax, extremes: true},
	EMA:       {name: "ema_min_max", make: newEMA, extremes: true, byDefault: Config{Constant: 0.1}},
	LastValue: {name: "last_value", make: newLastValue, extremes: true},
	Percentile: {name: "percentile", make: newPercentile,
		byDefault: Config{Constant: 0.01, Percentile: 99.99}},
	StreamingPercentile: {name: "streaming_percentile", make: newStreamingPercentile,
		byDefault: Config{Percentile: 99.99}, counts: sketchBuckets},
	Histogram:      {name: "histogram", make: newHistogram, counts: 2 * side},
	TorchHistogram: {name: "torch_histogram", make: newTorchHistogram, perTensor: true},
	Entropy:        {name: "entropy", make: newEntropy, counts: 2 * side},
	MSE:            {name: "mse", make: newMSE, counts: 2 * side},
	LastMSE:        {name: "last_mse", make: newLastMSE, counts: 2 * side},
	MeanSigma:      {name: "mean_sigma", make: newMeanSigma, byDefault: Config{Sigmas: 3}},
	MeanAbs:        {name: "mean_abs", make: newMeanAbs},
	Fixed:          {name: "fixed", make: newFixed},
}

// Kinds returns all of them, in their order.
func Kinds() []Kind {
	var all []Kind
	for k := range kinds {
		all = append(all, Kind(k))
	}
	return all
}

// Extremes reports whether the observer looks at nothing but the least and the
// greatest value of each tensor.
func (k Kind) Extremes() bool { return kinds[k].extremes }

// Default is the constants that a [Config] without any means.
func (k Kind) Default() Config {
	c := kinds[k].byDefault
	c.Kind = k
	return c
}

// String is the kind's name in a configuration file. The names
// moving_average_min_max, min_max and ema_min_max are Core ML Tools'.
func (k Kind) String() string {
	if int(k) < len(kinds) {
		return kinds[k].name
	}
	return fmt.Sprintf("kind(%d)", uint8(k))
}

func kindNames() []string {
	var names []string
	for _, k := range kinds {
		names = append(names, k.name)
	}
	return names
}

// ParseKind is the inverse of [Kind.String].
func ParseKind(text string) (Kind, error) {
	for i, k := range kinds {
		if k.name == text {
			return Kind(i), nil
		}
	}
	return 0, fmt.Errorf("observers: observer %q: want one of %q", text, kindNames())
}

// MarshalText writes [Kind.String].
func (k Kind) MarshalText() ([]byte, error) { return []byte(k.String()), nil }

// UnmarshalText reads [Kind.String].
func (k *Kind) UnmarshalText(text []byte) (err error) {
	*k, err = ParseKind(string(text))
	return err
}
