package conformance_test

import (
	"flag"
	"fmt"
	"maps"
	"math/rand/v2"
	"regexp"
	"slices"
	"strings"
	"testing"

	"petrify/quantized/tflite"
)

var tfliteNetworks = flag.Int("tflite-networks", 60, "random networks that TestTFLiteDrawn draws")

// refusals are what the format or XNNPACK does not accept.
var refusals = []string{"from its zero point: TensorFlow Lite's are", "XNNPACK takes", "XNNPACK wants a range",
	"runtimes disagree on where it rounds to", "no weights of a convolution give the means"}

// TestTFLiteDrawn: trained networks of all kinds give the engine's integers, or are
// refused for one of the reasons above. With -tflite-networks 600 it takes a minute.
func TestTFLiteDrawn(t *testing.T) {
	runtimes := startTFLite(t)
	refused, reasons := 0, map[string]int{}
	for seed := range uint64(*tfliteNetworks) {
		rng := rand.New(rand.NewPCG(seed, 61))
		m := drawn(t, rng)
		x := make([]float32, 20*elements(m.Input.Shape))
		for i := range x {
			x[i] = float32(rng.NormFloat64())
		}
		if err := tflite.Write(discard{}, m, tflite.Options{}); err != nil {
			refused++
			for why := range reasonsOf(err) {
				reasons[why]++
			}
			continue
		}
		if hasFloats(m) {
			continue
		}
		t.Run(fmt.Sprint(seed), func(t *testing.T) { tfliteAgrees(t, runtimes, m, integersOf(m, x)) })
	}
	for why := range reasons {
		if !slices.ContainsFunc(refusals, func(r string) bool { return strings.Contains(why, r) }) {
			t.Errorf("refused: %s", why)
		}
	}
	t.Logf("%d of %d networks are refused", refused, *tfliteNetworks)
	for _, why := range slices.Sorted(maps.Keys(reasons)) {
		t.Logf("%4d  %s", reasons[why], why)
	}
}

// reasonsOf are the sentences of an error, without names and numbers.
func reasonsOf(err error) map[string]bool {
	all := map[string]bool{}
	for _, line := range strings.Split(err.Error(), "\n") {
		_, why, _ := strings.Cut(strings.TrimPrefix(line, "tflite: "), ": ")
		all[regexp.MustCompile(`[-−]?[0-9][0-9.e-]*|"[^"]*"`).ReplaceAllString(why, "#")] = true
	}
	return all
}
