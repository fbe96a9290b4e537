package config

import (
	"fmt"
	"slices"
	"strconv"

	"go.yaml.in/yaml/v4"

	"petrify/fakequant"
	"petrify/fakequant/affine"
)

// The numbers of bits of a weight that have a word, because there are fewer values
// than the bits allow.
const (
	binaryBits  = 1
	ternaryBits = -2 // two of them, which hold three values
)

var wordOfBits = map[int]string{binaryBits: "binary", ternaryBits: "ternary"}

// weightBits is the number of bits of a weight, or a word.
type weightBits struct{ scalar[int] }

func newWeightBits(to *int) weightBits {
	return weightBits{scalar[int]{
		to: to, want: fmt.Sprintf("a whole number from %d to %d, binary or ternary", binaryBits, affine.MaxBits),
		tags:   []string{"!!int", "!!str"},
		parse:  parseWeightBits,
		format: strconv.Itoa,
		json: map[string]any{"anyOf": []any{
			map[string]any{"type": "integer", "minimum": binaryBits, "maximum": affine.MaxBits},
			map[string]any{"enum": []string{wordOfBits[binaryBits], wordOfBits[ternaryBits]}},
		}},
	}}
}

func parseWeightBits(text string) (bits int, ok bool) {
	for bits, word := range wordOfBits {
		if text == word {
			return bits, true
		}
	}
	bits, err := strconv.Atoi(text)
	return bits, err == nil && binaryBits <= bits && bits <= affine.MaxBits
}

// checkTernary refuses a method whose own grid has other values than weight_bits: ternary
// says.
func (m *Module) checkTernary() error {
	method, err := fakequant.ParseMethod(m.WeightMethod)
	if err != nil || m.WeightBits != ternaryBits || fits(method) {
		return nil
	}
	all := slices.DeleteFunc(fakequant.Methods(), func(m fakequant.Method) bool { return !fits(m) })
	return fmt.Errorf("weight_method %v has other values than the three of weight_bits: ternary: want a number of bits, "+
		"or one of the methods %v", method, all)
}

// fits reports whether a method can have the values −s, 0 and s, with one scale.
func fits(m fakequant.Method) bool {
	t := m.Traits()
	return (!t.OwnGrid || t.Format == affine.Ternary) && fakequant.Config{Format: affine.Ternary, Method: m}.Validate() == nil
}

func (v weightBits) write() *yaml.Node {
	if word, ok := wordOfBits[*v.to]; ok {
		return plain("!!str", word)
	}
	return v.scalar.write()
}
