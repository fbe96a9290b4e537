package config

import (
	"encoding"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v4"
)

// scalar is a value of one YAML scalar.
type scalar[T any] struct {
	to     *T
	want   string   // what may stand there, for messages
	tags   []string // YAML's types of it, the first when printing
	parse  func(text string) (T, bool)
	format func(T) string
	json   map[string]any
}

func (s scalar[T]) read(r *reader, n *yaml.Node, key string) {
	n = resolve(n)
	if n.Kind == yaml.ScalarNode && slices.Contains(s.tags, n.ShortTag()) {
		if v, ok := s.parse(n.Value); ok {
			*s.to = v
			return
		}
	}
	r.fault(n, key, "want %s, got %s", s.want, describe(n))
}

func (s scalar[T]) write() *yaml.Node { return plain(s.tags[0], s.format(*s.to)) }

func (s scalar[T]) schema() map[string]any {
	s.json["default"] = *s.to
	return s.json
}

// choices is "one of a, b" for values that have such a list.
func (s scalar[T]) choices() string {
	if strings.HasPrefix(s.want, "one of ") {
		return s.want
	}
	return ""
}

func same(text string) string { return text }

// text is any string.
func text(to *string) value {
	return scalar[string]{
		to: to, want: "text", tags: []string{"!!str", "!!int", "!!float"},
		parse: func(t string) (string, bool) { return t, true }, format: same,
		json: map[string]any{"type": "string"},
	}
}

// oneOf is one of the given words.
func oneOf(to *string, words ...string) value {
	return scalar[string]{
		to: to, want: "one of " + strings.Join(words, ", "), tags: []string{"!!str"},
		parse: func(t string) (string, bool) { return t, slices.Contains(words, t) }, format: same,
		json: map[string]any{"enum": words},
	}
}

// yes is a boolean.
func yes(to *bool) value {
	return scalar[bool]{
		to: to, want: "true or false", tags: []string{"!!bool"},
		parse: func(t string) (bool, bool) {
			v := strings.EqualFold(t, "true")
			return v, v || strings.EqualFold(t, "false")
		},
		format: strconv.FormatBool,
		json:   map[string]any{"type": "boolean"},
	}
}

// integer is a whole number in low..high.
func integer(to *int, low, high int) value {
	return scalar[int]{
		to: to, want: fmt.Sprintf("a whole number from %d to %d", low, high), tags: []string{"!!int"},
		parse: func(t string) (int, bool) {
			v, err := strconv.ParseInt(t, 0, 0)
			return int(v), err == nil && low <= int(v) && int(v) <= high
		},
		format: strconv.Itoa,
		json:   map[string]any{"type": "integer", "minimum": low, "maximum": high},
	}
}

// natural is a whole number from 0 to 2⁶⁴−1.
func natural(to *uint64) value {
	return scalar[uint64]{
		to: to, want: fmt.Sprintf("a whole number from 0 to %d", uint64(math.MaxUint64)), tags: []string{"!!int"},
		parse: func(t string) (uint64, bool) {
			v, err := strconv.ParseUint(t, 0, 64)
			return v, err == nil
		},
		format: func(v uint64) string { return strconv.FormatUint(v, 10) },
		json:   map[string]any{"type": "integer", "minimum": 0},
	}
}

// interval is the numbers that a key allows.
type interval struct {
	low, high         float64
	openLow, openHigh bool // without the bound itself
}

var (
	fraction = interval{low: 0, high: 1}
	below1   = interval{low: 0, high: 1, openHigh: true}
	positive = interval{low: 0, high: math.Inf(1), openLow: true, openHigh: true}
	finite   = interval{low: math.Inf(-1), high: math.Inf(1), openLow: true, openHigh: true}
)

func (i interval) contains(v float64) bool {
	return (v > i.low || v == i.low && !i.openLow) && (v < i.high || v == i.high && !i.openHigh)
}

func (i interval) String() string {
	low, high := "at least", "at most"
	if i.openLow {
		low = "above"
	}
	if i.openHigh {
		high = "below"
	}
	switch {
	case math.IsInf(i.low, -1):
		return "a finite number"
	case math.IsInf(i.high, 1):
		return fmt.Sprintf("a number %s %g", low, i.low)
	}
	return fmt.Sprintf("a number %s %g and %s %g", low, i.low, high, i.high)
}

func (i interval) schema() map[string]any {
	s := map[string]any{"type": "number"}
	low, high := "minimum", "maximum"
	if i.openLow {
		low = "exclusiveMinimum"
	}
	if i.openHigh {
		high = "exclusiveMaximum"
	}
	if !math.IsInf(i.low, -1) {
		s[low] = i.low
	}
	if !math.IsInf(i.high, 1) {
		s[high] = i.high
	}
	return s
}

// number is a real number in the interval.
func number[T float32 | float64](to *T, in interval) value {
	bits := 64
	if _, ok := any(*to).(float32); ok {
		bits = 32
	}
	return scalar[T]{
		to: to, want: in.String(), tags: []string{"!!float", "!!int"},
		parse: func(t string) (T, bool) {
			v, err := strconv.ParseFloat(t, bits)
			return T(v), err == nil && in.contains(v)
		},
		// Without an exponent, because YAML 1.1 reads 1e-3 as text.
		format: func(v T) string { return strconv.FormatFloat(float64(v), 'f', -1, bits) },
		json:   in.schema(),
	}
}

// member is a constant of an enumeration: a small integer with a name.
type member interface {
	~uint8
	fmt.Stringer
}

// enum is one of the members of another package's enumeration, by their names.
func enum[T member, P interface {
	*T
	encoding.TextUnmarshaler
}](to P) value {
	names := members[T, P]()
	return scalar[T]{
		to: (*T)(to), want: "one of " + strings.Join(names, ", "), tags: []string{"!!str"},
		parse: func(t string) (v T, ok bool) {
			ok = P(&v).UnmarshalText([]byte(t)) == nil
			return v, ok
		},
		format: T.String,
		json:   map[string]any{"enum": names},
	}
}

// members lists the names of an enumeration: those that read back, which follow each other.
func members[T member, P interface {
	*T
	encoding.TextUnmarshaler
}]() (names []string) {
	for i := range math.MaxUint8 {
		name, v := T(i).String(), T(0)
		if P(&v).UnmarshalText([]byte(name)) == nil {
			names = append(names, name)
		} else if len(names) > 0 {
			break
		}
	}
	return names
}
