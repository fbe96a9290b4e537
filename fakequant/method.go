package fakequant

import (
	"fmt"

	"petrify/fakequant/affine"
)

// Method names a way to round and to pass the gradient.
type Method uint8

// The methods.
const (
	STE            Method = iota // straight-through estimator with the clipping mask
	STEPassThrough               // straight-through estimator without a mask
	LSQ                          // learned scale
	LSQPlus                      // learned scale and zero point
	PACT                         // learned upper end, for ReLUs
	LearnedRange                 // learned minimum and maximum
	DoReFa                       // weights through tanh
	Binary                       // weights of two values, ±mean|w|
	LearnedBinary                // the same, learned scale
	Ternary                      // weights of three values
	LearnedTernary               // the same, learned scale
	Stochastic                   // rounding at random in training
)

// Traits describes a method apart from what it computes.
type Traits struct {
	Learns   bool          // it has learned tensors
	OwnGrid  bool          // it takes no dialect and no rounding
	Format   affine.Format // the only one that it has, if it is tied to one
	Unsigned bool          // it is meant for tensors that are never negative
	Decays   bool          // it has a penalty, [Config.Decay]
	Random   bool          // its rounding is drawn in training, from [Config.Seed]
	Unfolded bool          // it rounds weights as they are before a batch norm is folded in
	Plain    bool          // it rounds, masks the gradient, and that is all

	// Least is the least scale, if the method has a floor of its own.
	Least func(affine.Format) float32
}

// methods is the table of the methods, indexed by Method. check returns what
// the method needs and a configuration lacks, "" if nothing.
var methods = [...]struct {
	name string
	make func(*core) method
	Traits
	check func(Config) string
}{
	STE:            {"ste", newSTE, Traits{Plain: true}, nil},
	STEPassThrough: {"ste_pass_through", newSTEPassThrough, Traits{}, nil},
	LSQ:            {"lsq", newLSQ, Traits{Learns: true, Least: leastDefault}, nil},
	LSQPlus:        {"lsq_plus", newLSQPlus, Traits{Learns: true, Least: leastDefault}, wantAffine},
	PACT: {"pact", newPACT, Traits{Learns: true, Unsigned: true, Decays: true, Least: leastPACT},
		wantSymmetric},
	LearnedRange: {"learned_range", newLearnedRange, Traits{Learns: true}, wantAffine},
	DoReFa:       {"dorefa", newDoReFa, Traits{OwnGrid: true, Unfolded: true}, wantNarrow},
	Binary:       {"binary", newBinary, Traits{OwnGrid: true, Format: affine.Binary}, wantBinary},
	LearnedBinary: {"learned_binary", newLearnedBinary,
		Traits{Learns: true, OwnGrid: true, Format: affine.Binary, Least: leastDefault}, wantBinary},
	Ternary: {"ternary", newTernary, Traits{OwnGrid: true, Format: affine.Ternary}, wantTernary},
	LearnedTernary: {"learned_ternary", newLearnedTernary,
		Traits{Learns: true, OwnGrid: true, Format: affine.Ternary, Least: leastDefault}, wantTernary},
	Stochastic: {"stochastic", newStochastic, Traits{Random: true}, nil},
}

// Traits is what is known of the method.
func (m Method) Traits() Traits { return methods[m].Traits }

func wantAffine(c Config) string {
	if c.Scheme != affine.Affine {
		return "scheme affine"
	}
	return ""
}

func wantSymmetric(c Config) string {
	if c.Scheme != affine.Symmetric {
		return "scheme symmetric"
	}
	return ""
}

func wantNarrow(c Config) string {
	if !c.Format.Narrow || c.Scheme != affine.Symmetric {
		return "a narrow format and scheme symmetric"
	}
	return ""
}

func wantBinary(c Config) string  { return wantFormat(c, affine.Binary) }
func wantTernary(c Config) string { return wantFormat(c, affine.Ternary) }

func wantFormat(c Config, f affine.Format) string {
	if c.Format != f || c.Scheme != affine.Symmetric {
		return fmt.Sprintf("format %v and scheme symmetric", f)
	}
	return ""
}

// method is what a Quantizer requires of a way to round. Slices are dense;
// their lengths have been checked against the layout.
type method interface {
	// calibrate takes over the range that the observer estimates, core.min and
	// core.max.
	calibrate()
	// refresh updates the grid with the learned values, before forward and
	// before anything reads it.
	refresh()
	// forward rounds x to y on a grid. In training it may draw random numbers.
	forward(g *grid, y, x []float32)
	// backward writes the gradients with respect to x and to each learned
	// tensor, given the gradient dy with respect to y and the grid of the forward.
	backward(g *grid, dx []float32, dlearned [][]float32, dy, x []float32)
	// quantize writes the integers q for which s·(q − z) is forward's y in
	// evaluation, on the present grid.
	quantize(q []int32, x []float32)
	// clipped counts the elements of x beyond the ends of the grid: those whose
	// gradient mask stops.
	clipped(x []float32) int
	// learned returns the trained tensors, none for a method without any.
	learned() []Learned
}

// A method that needs more from a tensor than its range implements seer; one that
// learns only scales, which others may set, implements scaler.
type (
	seer   interface{ see(x []float32) }
	scaler interface{ setScale(i int, s float32) }
)

// Learned is a tensor that a method trains along with the network's weights,
// such as the logarithm of a scale.
type Learned struct {
	Name     string    // the quantizer's name, a dot, and the tensor's, such as "conv1.weight.log_scale"
	Value    []float32 // one entry for each group; the optimizer writes here
	LRFactor float32   // multiplies the learning rate
}

// String is the method's name in a configuration file.
func (m Method) String() string {
	if int(m) < len(methods) {
		return methods[m].name
	}
	return fmt.Sprintf("method(%d)", uint8(m))
}

// Methods returns all of them, in their order.
func Methods() []Method {
	var all []Method
	for m := range methods {
		all = append(all, Method(m))
	}
	return all
}

// ParseMethod is the inverse of [Method.String].
func ParseMethod(text string) (Method, error) {
	for i, m := range methods {
		if m.name == text {
			return Method(i), nil
		}
	}
	return 0, fmt.Errorf("fakequant: method %q: want one of %q", text, Methods())
}

// MarshalText writes [Method.String].
func (m Method) MarshalText() ([]byte, error) { return []byte(m.String()), nil }

// UnmarshalText reads [Method.String].
func (m *Method) UnmarshalText(text []byte) (err error) {
	*m, err = ParseMethod(string(text))
	return err
}
