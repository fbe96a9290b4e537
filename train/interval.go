package train

import (
	"fmt"
	"strings"
	"time"
)

// Interval is the distance between checkpoints: a time, or a Span of steps or
// epochs. The zero Interval is unset.
//
//	text                     Interval
//	20s, 5m, 1h30m           Every(20 * time.Second), …, as time.ParseDuration reads it
//	what ParseSpan reads     Interval{Span: …}
type Interval struct {
	Span Span
	Time time.Duration // 0: as Span says
}

// Every is an Interval of time.
func Every(d time.Duration) Interval { return Interval{Time: d} }

// IsZero reports whether i is unset.
func (i Interval) IsZero() bool { return i == Interval{} }

// Validate returns an error if the Interval is invalid, or has both a time and
// a Span.
func (i Interval) Validate() error {
	switch {
	case i.Time < 0 || i.Time > 0 && !i.Span.IsZero():
		return fmt.Errorf("%v and %v: want a time, or steps or epochs", i.Time, i.Span)
	case i.IsZero() || i.Time > 0:
		return nil
	case i.Span.Steps(1) == 0:
		return fmt.Errorf("%v: want 1 step or more, or never", i.Span)
	}
	return i.Span.Validate()
}

// String is the text of the table above, or "" for the zero Interval.
func (i Interval) String() string {
	if i.Time == 0 {
		return i.Span.String()
	}
	text := i.Time.String() // such as 1h0m0s
	if strings.HasSuffix(text, "m0s") {
		text = strings.TrimSuffix(text, "0s")
	}
	if strings.HasSuffix(text, "h0m") {
		text = strings.TrimSuffix(text, "0m")
	}
	return text
}

// ParseInterval reads the text of the table above.
func ParseInterval(text string) (Interval, error) {
	if d, err := time.ParseDuration(text); err == nil && d > 0 {
		return Every(d), nil
	}
	s, err := ParseSpan(text)
	if err != nil || s.Steps(1) == 0 && !s.IsZero() {
		return Interval{}, fmt.Errorf(`train: interval %q: want one like "20s", "5m", "400 steps", "1.5 epochs" `+
			`or "never"`, text)
	}
	return Interval{Span: s}, nil
}
