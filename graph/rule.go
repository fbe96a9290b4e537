package graph

import (
	"regexp"

	"petrify/fakequant"
)

// Rule names a rule of a [Quantization]: the one with that pattern in Names, or
// the one for that kind in Kinds. The zero Rule is Default; none has both a
// kind and a pattern.
type Rule struct {
	Kind    Kind
	Pattern string
}

// String is "default", the kind's name, or the pattern in quotes.
func (r Rule) String() string {
	switch {
	case r.Pattern != "":
		return `"` + r.Pattern + `"`
	case r.Kind != 0:
		return r.Kind.String()
	}
	return "default"
}

// Rule is the one that applies to a layer of the given name and kind.
func (q Quantization) Rule(name string, k Kind) Rule {
	for _, r := range q.Names {
		if regexp.MustCompile(`^(?:` + r.Pattern + `)$`).MatchString(name) {
			return Rule{Pattern: r.Pattern}
		}
	}
	if _, ok := q.Kinds[k]; ok {
		return Rule{Kind: k}
	}
	return Rule{}
}

// Scheme is the scheme that a rule gives, nil if it leaves its layers float;
// false if there is no such rule.
func (q Quantization) Scheme(r Rule) (s *fakequant.Scheme, ok bool) {
	switch {
	case r == Rule{}:
		return q.Default, true
	case r.Pattern == "":
		s, ok = q.Kinds[r.Kind]
		return s, ok
	}
	for _, n := range q.Names {
		if r == (Rule{Pattern: n.Pattern}) {
			return n.Scheme, true
		}
	}
	return nil, false
}
