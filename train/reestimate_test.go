package train

import (
	"context"
	"errors"
	"log/slog"
	"math"
	"reflect"
	"strings"
	"testing"
)

// The weights' integers are those of the run without it; the statistics differ,
// but little, because the learning rate is 0 by then.
func TestReestimateMovesTheStatisticsAlone(t *testing.T) {
	c := small(t)
	c.Milestones.FreezeBatchNorm = Never()
	_, plain := whole(t, c)
	var log strings.Builder
	c.Reestimate, c.Log = 16, slog.New(slog.NewTextHandler(&log, nil))
	result, again := whole(t, c)
	for i, before := range plain.states {
		after := again.states[i]
		switch {
		case strings.HasSuffix(before.Name, ".running_mean"), strings.HasSuffix(before.Name, ".running_var"):
			if reflect.DeepEqual(before, after) {
				t.Errorf("%s is as before", before.Name)
			}
			for j, v := range before.F32 {
				if math.Abs(float64(after.F32[j]-v)) > 0.3*(math.Abs(float64(v))+0.1) {
					t.Errorf("%s[%d] is %v, before %v", before.Name, j, after.F32[j], v)
				}
			}
		case before.Name == "model/conv2d_1.weight.scale":
			if reflect.DeepEqual(before, after) {
				t.Errorf("%s did not follow the statistics", before.Name)
			}
		case !reflect.DeepEqual(before, after):
			t.Errorf("%s has moved", before.Name)
		}
	}
	if !strings.Contains(log.String(), "batch norm estimated again") ||
		result.QAT == result.Records[len(result.Records)-1].Test {
		t.Errorf("the result is not that of the new statistics; log:\n%s", &log)
	}
}

// An interrupt in the middle of it leaves a checkpoint from before it.
func TestInterruptedReestimationBeginsAgain(t *testing.T) {
	c := everything(t)
	c.QAT.Patience, c.Milestones.Settle = 0, Never() // the averages are taken, and observed, before it
	wantResult, want := whole(t, c)
	ctx, cancel := context.WithCancel(t.Context())
	c.Out, c.Resume = t.TempDir(), true
	c.Events.Epoch = func(r Record) {
		if r.Stage == QAT && r.Epoch == c.QAT.Epochs {
			cancel()
		}
	}
	if _, err := Run(ctx, c); !errors.Is(err, context.Canceled) {
		t.Fatalf("got %v, want an interrupted run", err)
	}
	c.Events.Epoch = nil
	same(t, mustRun(t, c), wantResult, c.Out, want)
}
