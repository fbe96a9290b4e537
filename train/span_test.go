package train

import (
	"math"
	"testing"
)

func TestSpanText(t *testing.T) {
	for text, want := range map[string]Span{
		"":           {},
		"400":        Steps(400),
		"400 steps":  Steps(400),
		"1 step":     Steps(1),
		"0":          Steps(0),
		"2 epochs":   Epochs(2),
		"1.5 epochs": Epochs(1.5),
		"never":      Never(),
		"-1":         Never(),
	} {
		got, err := ParseSpan(text)
		if err != nil || got != want {
			t.Errorf("%q: got %#v, %v, want %#v", text, got, err, want)
		}
		again, err := ParseSpan(got.String())
		if err != nil || again != got {
			t.Errorf("%q: %q reads as %#v, %v", text, got.String(), again, err)
		}
	}
}

func TestSpanRefuses(t *testing.T) {
	for _, text := range []string{"-2", "1.5", "1.5 steps", "-1 epochs", "NaN epochs", "Inf epochs", "1e99 epochs",
		"two epochs", "2 weeks", " 2", "2  epochs"} {
		if got, err := ParseSpan(text); err == nil {
			t.Errorf("%q is read as %v, want an error", text, got)
		}
	}
}

func TestSpanInSteps(t *testing.T) {
	for _, c := range []struct {
		span Span
		want int
	}{
		{Span{}, 0}, {Steps(7), 7}, {Epochs(2), 20}, {Epochs(0.25), 3}, {Never(), math.MaxInt},
	} {
		if got := c.span.Steps(10); got != c.want {
			t.Errorf("%v at 10 steps an epoch: %d, want %d", c.span, got, c.want)
		}
	}
}

func FuzzSpan(f *testing.F) {
	for _, text := range []string{"400", "1.5 epochs", "never", "1e3 epochs", "-0 epochs"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		s, err := ParseSpan(text)
		if err != nil {
			return
		}
		again, err := ParseSpan(s.String())
		if err != nil || again != s {
			t.Errorf("%q reads as %v, which reads as %v, %v", text, s, again, err)
		}
		if s.Steps(100) < 0 {
			t.Errorf("%q: %d steps", text, s.Steps(100))
		}
	})
}
