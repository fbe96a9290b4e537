package train

import (
	"strings"
	"testing"
	"time"
)

func TestInterval(t *testing.T) {
	for _, tt := range []struct {
		text, written string
		want          Interval
	}{
		{"", "", Interval{}},
		{"20s", "20s", Every(20 * time.Second)},
		{"300s", "5m", Every(5 * time.Minute)},
		{"1h", "1h", Every(time.Hour)},
		{"1h0m10s", "1h0m10s", Every(3610 * time.Second)},
		{"90m", "1h30m", Every(90 * time.Minute)},
		{"1.5s", "1.5s", Every(1500 * time.Millisecond)},
		{"400", "400 steps", Interval{Span: Steps(400)}},
		{"0.5 epochs", "0.5 epochs", Interval{Span: Epochs(0.5)}},
		{"never", "never", Interval{Span: Never()}},
	} {
		got, err := ParseInterval(tt.text)
		if err != nil || got != tt.want || got.String() != tt.written {
			t.Errorf("%q is read as %#v and written as %q, %v: want %#v and %q", tt.text, got, got, err, tt.want,
				tt.written)
		}
		if again, err := ParseInterval(got.String()); err != nil || again != got {
			t.Errorf("%q is read again as %v, %v", got, again, err)
		}
		if err := got.Validate(); err != nil {
			t.Error(err)
		}
	}
	for _, text := range []string{"0", "0s", "-5m", "0 steps", "20 seconds", "soon", "0 epochs"} {
		if got, err := ParseInterval(text); err == nil || !strings.Contains(err.Error(), `want one like "20s"`) {
			t.Errorf("%q is read as %v, %v", text, got, err)
		}
	}
	for _, i := range []Interval{{Time: -1}, {Time: 1, Span: Steps(1)}, {Span: Steps(0)}, {Span: Epochs(-1)}} {
		if i.Validate() == nil {
			t.Errorf("%#v is valid", i)
		}
	}
}

// Checkpoints come by time, within epochs as well; the first and the ends of
// the three stages are always there.
func TestCheckpointsByTime(t *testing.T) {
	for _, tt := range []struct {
		every    Interval
		min, max int
	}{
		{Interval{}, 4, 4},
		{Every(time.Hour), 4, 4},
		{Interval{Span: Never()}, 4, 4},
		{Every(1), 4 + 5*16, 4 + 5*17},
		{Interval{Span: Epochs(1)}, 4 + 5, 4 + 5},
	} {
		c := small(t)
		c.Out, c.Checkpoint = t.TempDir(), tt.every
		mustRun(t, c)
		if n := lastCheckpoint(t, c.Out).Serial; n < tt.min || n > tt.max {
			t.Errorf("%d checkpoints every %v: want %d to %d", n, tt.every, tt.min, tt.max)
		}
	}
}
