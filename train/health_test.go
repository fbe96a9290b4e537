package train

import (
	"log/slog"
	"regexp"
	"strings"
	"testing"

	"petrify/fakequant"
	"petrify/graph"
	"petrify/observers"
)

// warned runs c and returns the warnings of its log.
func warned(t *testing.T, c Config) string {
	t.Helper()
	var log strings.Builder
	c.Log = slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelWarn}))
	mustRun(t, c)
	return log.String()
}

// A run ends with warnings about what its quantizers clip, and with none if
// they suit the data.
func TestRunWarnsOfClippedActivations(t *testing.T) {
	c := small(t)
	c.Float.Epochs, c.QAT.Epochs = 1, 1
	if log := warned(t, c); log != "" {
		t.Errorf("a healthy run warns:\n%s", log)
	}
	narrow := fakequant.Int8()
	narrow.Activations.Observer = observers.Config{Kind: observers.Fixed, Min: -0.1, Max: 0.1}
	c.Quantization = graph.Uniform(narrow)
	log := warned(t, c)
	for _, tensor := range []string{"input", "conv2d_1", "linear_1"} {
		if !strings.Contains(log, ` % of the values are clipped: the range is too small for them" tensor=`+tensor) {
			t.Errorf("no warning of %s:\n%s", tensor, log)
		}
	}
}

// What stays float is not counted.
func TestWeightsAloneClipNoActivations(t *testing.T) {
	c := small(t)
	c.Float.Epochs, c.QAT.Epochs = 1, 1
	weights := fakequant.Int8()
	weights.Activations = fakequant.Config{}
	c.Quantization = graph.Uniform(weights)
	if log := warned(t, c); log != "" {
		t.Errorf("warnings:\n%s", log)
	}
}

// A run says by how much few bits are below float, and names the layer that does it:
// here the one whose range is far too small.
func TestRunWarnsOfWhatQuantizationCosts(t *testing.T) {
	narrow := fakequant.Int8()
	narrow.Activations.Observer = observers.Config{Kind: observers.Fixed, Min: -0.1, Max: 0.1}
	c := small(t)
	c.Quantization.Kinds = map[graph.Kind]*fakequant.Scheme{graph.KindConv2D: &narrow}
	c.QAT = Stage{Epochs: 1, LearningRate: 1e-6}
	log := warned(t, c)
	for _, want := range []string{
		`msg="PTQ is [0-9.]+ points less accurate than float; the layers that matter most when they are quantized ` +
			`alone, in points on 128 images: conv2d_1 [1-9]`,
		`msg="QAT is [0-9.]+ points less accurate than float; the layers that matter most when they are left in ` +
			`float alone, in points on 128 images: conv2d_1 [1-9]`,
	} {
		if !regexp.MustCompile(want).MatchString(log) {
			t.Errorf("want %s\n%s", want, log)
		}
	}
}

// A run says that batch norm was never frozen, unless its statistics are averaged
// again.
func TestRunWarnsOfABatchNormThatNeverRests(t *testing.T) {
	for _, test := range []struct {
		freeze     Span
		reestimate int
		want       bool
	}{
		{Never(), 0, true}, {Span{}, 0, false}, {Steps(15), 0, false}, {Never(), 4, false},
	} {
		c := small(t)
		c.Float.Epochs, c.QAT.Epochs = 1, 1
		c.Milestones.FreezeBatchNorm, c.Reestimate = test.freeze, test.reestimate
		log := warned(t, c)
		if got := strings.Contains(log, "batch norm has not come to rest before the end"); got != test.want {
			t.Errorf("freeze %q, reestimate %d: warned %v, want %v:\n%s", test.freeze, test.reestimate, got, test.want,
				log)
		}
	}
}
