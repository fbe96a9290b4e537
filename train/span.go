package train

import (
	"fmt"
	"math"
	"strconv"
	"strings"
)

// Span is a moment or a length of a stage, in steps (batches) or in epochs. The
// zero Span is unset; the field that holds it says what that means.
//
//	text          Span
//	400           Steps(400)
//	400 steps     Steps(400)
//	1.5 epochs    Epochs(1.5)
//	never         Never()
//	-1            Never(), as Core ML Tools writes it
type Span struct {
	count float64
	unit  unit
}

type unit uint8

const (
	unset unit = iota
	steps
	epochs
	never
)

// Steps is a Span of n steps. Steps(0) is the first step of a stage.
func Steps(n int) Span { return Span{float64(n), steps} }

// Epochs is a Span of n epochs, which need not be whole.
func Epochs(n float64) Span { return Span{n, epochs} }

// Never is a moment that never comes.
func Never() Span { return Span{unit: never} }

// IsZero reports whether s is unset.
func (s Span) IsZero() bool { return s == Span{} }

// IsNever reports whether s is [Never].
func (s Span) IsNever() bool { return s.unit == never }

// Steps returns the Span in steps, where an epoch has perEpoch of them,
// rounded up. An unset Span is 0; Never is [math.MaxInt].
func (s Span) Steps(perEpoch int) int {
	switch s.unit {
	case steps:
		return int(s.count)
	case epochs:
		return int(math.Ceil(s.count * float64(perEpoch)))
	case never:
		return math.MaxInt
	case unset:
		return 0
	}
	panic(fmt.Sprintf("train: span in unit %d", s.unit))
}

// Validate returns an error if the Span is negative, not finite, or absurdly long.
func (s Span) Validate() error {
	const longest = 1 << 40 // steps or epochs; beyond, int(float64) is not safe everywhere
	if !(s.count >= 0 && s.count <= longest) {
		return fmt.Errorf("%v: want 0 or more steps or epochs, or never", s)
	}
	return nil
}

// String is the text of the table above, or "" for the zero Span.
func (s Span) String() string {
	count := strconv.FormatFloat(s.count, 'g', -1, 64)
	switch s.unit {
	case steps:
		return strconv.FormatFloat(s.count, 'f', 0, 64) + " steps"
	case epochs:
		return count + " epochs"
	case never:
		return "never"
	case unset:
		return ""
	}
	panic(fmt.Sprintf("train: span in unit %d", s.unit))
}

// ParseSpan reads the text of the table above. It is the inverse of
// [Span.String].
func ParseSpan(text string) (Span, error) {
	switch text {
	case "":
		return Span{}, nil
	case "never", "-1":
		return Never(), nil
	}
	number, name, _ := strings.Cut(text, " ")
	wrong := fmt.Errorf("train: span %q: want one like \"400\", \"400 steps\", \"1.5 epochs\" or \"never\"", text)
	var s Span
	switch name {
	case "", "step", "steps":
		n, err := strconv.ParseInt(number, 10, 64)
		if err != nil {
			return Span{}, wrong
		}
		s = Span{float64(n), steps}
	case "epoch", "epochs":
		n, err := strconv.ParseFloat(number, 64)
		if err != nil {
			return Span{}, wrong
		}
		s = Epochs(n)
	default:
		return Span{}, wrong
	}
	if s.Validate() != nil {
		return Span{}, wrong
	}
	return s, nil
}

// MarshalText writes [Span.String].
func (s Span) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// UnmarshalText reads with [ParseSpan].
func (s *Span) UnmarshalText(text []byte) (err error) {
	*s, err = ParseSpan(string(text))
	return err
}
