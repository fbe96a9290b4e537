package fakequant

import (
	"fmt"

	"petrify/fakequant/affine"
)

// Method names a way to round with a gradient.
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
	Ternary                      // weights of three values
	Stochastic                   // rounding at random in training
)

// methods is the table of the methods, indexed by Method. One that learns has
// learned tensors; one with its own grid takes no dialect and no rounding.
// check returns what a configuration must have for the method to make sense,
// "" if it has it.
var methods = [...]struct {
	name    string
	make    func(*core) method
	learns  bool
	ownGrid bool
	check   func(Config) string
}{
	STE:            {name: "ste", make: newSTE},
	STEPassThrough: {name: "ste_pass_through", make: newSTEPassThrough},
	LSQ:            {name: "lsq", make: newLSQ, learns: true},
	LSQPlus:        {name: "lsq_plus", make: newLSQPlus, learns: true, check: wantAffine},
	PACT:           {name: "pact", make: newPACT, learns: true, check: wantSymmetric},
	LearnedRange:   {name: "learned_range", make: newLearnedRange, learns: true, check: wantAffine},
	DoReFa:         {name: "dorefa", make: newDoReFa, ownGrid: true, check: wantNarrow},
	Binary:         {name: "binary", make: newBinary, ownGrid: true, check: wantTernary},
	Ternary:        {name: "ternary", make: newTernary, ownGrid: true, check: wantTernary},
	Stochastic:     {name: "stochastic", make: newStochastic},
}

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

func wantTernary(c Config) string {
	if c.Format != (affine.Format{Bits: 2, Narrow: true}) || c.Scheme != affine.Symmetric {
		return "format int2_narrow and scheme symmetric"
	}
	return ""
}

// method is what a Quantizer asks of a way to round. Slices are dense; their
// lengths have been checked against the layout.
type method interface {
	// calibrate takes over the range that the observer estimates, core.min and
	// core.max.
	calibrate()
	// refresh brings the grid up to date with the learned values, before forward
	// and before anybody reads it.
	refresh()
	// forward rounds x to y by a grid. In training it may draw random numbers.
	forward(g *grid, y, x []float32)
	// backward writes the gradients with respect to x and to each learned
	// tensor, given the gradient dy with respect to y and the grid of the forward.
	backward(g *grid, dx []float32, dlearned [][]float32, dy, x []float32)
	// quantize writes the integers of which forward's y in evaluation, by the
	// grid as it is now, is s·(q − z).
	quantize(q []int32, x []float32)
	// clipped counts the elements of x beyond the ends of the grid: those that
	// mask stops.
	clipped(x []float32) int
	// learned returns the trained tensors, none for a method without any.
	learned() []Learned
}

// A method that needs more of a tensor than its range implements seer, and one
// that remembers more than scales, zero points and learned tensors rememberer.
type (
	seer       interface{ see(x []float32) }
	rememberer interface{ memory() []State }
)

// Learned is a tensor that a method trains beside the network's weights, such
// as the logarithm of a scale.
type Learned struct {
	Name     string    // the quantizer's name, a dot, and the tensor's, such as "conv1.weight.log_scale"
	Value    []float32 // one entry for each group; the optimizer writes here
	LRFactor float32   // multiplies the learning rate
	Decay    float32   // multiplies the weight decay: 0
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
