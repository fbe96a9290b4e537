package train

import (
	"log/slog"
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
