package config

import (
	"strings"
	"testing"

	"petrify/train"
)

func TestOscillationReachesTheRun(t *testing.T) {
	c, err := Parse("f", []byte("oscillation: {dampen: 0.01, freeze: 0.02, freeze_start: 0.1, momentum: 0.05, "+
		"watch: true}\nreestimate: 50\n"))
	if err != nil {
		t.Fatal(err)
	}
	run, _ := c.training()
	want := train.Oscillation{Watch: true, Momentum: 0.05, Dampen: 0.01, Freeze: 0.02, FreezeStart: 0.1}
	if run.Oscillation != want || run.Reestimate != 50 {
		t.Errorf("got %+v and %d, want %+v and 50", run.Oscillation, run.Reestimate, want)
	}

	_, err = Parse("f", []byte("qat: {epochs: 0}\noscillation:\n  freeze: 0.02\n  freeze_start: 0.01\n"))
	for _, want := range []string{
		"f:4: oscillation.freeze_start: 0.01 is below freeze (0.02)",
		"f:2: oscillation: no effect without epochs of the qat stage",
	} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v\ndoes not say %q", err, want)
		}
	}
}
