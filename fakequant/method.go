package fakequant

import "fmt"

// Method names a way to round with a gradient.
type Method uint8

// The methods.
const (
	STE            Method = iota // straight-through estimator with the clipping mask
	STEPassThrough               // straight-through estimator without a mask
)

// methods is the table of the methods, indexed by Method.
var methods = [...]struct {
	name string
	make func(*core) method
}{
	STE:            {"ste", newSTE},
	STEPassThrough: {"ste_pass_through", newSTEPassThrough},
}

// method is what a Quantizer asks of a way to round. Slices are dense; their
// lengths have been checked against the layout.
type method interface {
	// calibrate takes over the ranges that the observer estimates, having seen x.
	calibrate(x, min, max []float32)
	// refresh brings the scales and zero points up to date with the learned
	// values, before forward and before anybody reads them.
	refresh()
	// forward rounds x to y. In training it may draw random numbers.
	forward(y, x []float32, training bool)
	// backward writes the gradients with respect to x and to each learned
	// tensor, given the gradient dy with respect to y.
	backward(dx []float32, dlearned [][]float32, dy, x []float32)
	// quantize writes the integers of which forward's y, outside training, is
	// s·(q − z).
	quantize(q []int32, x []float32)
	// learned returns the trained tensors, none for a method without any.
	learned() []Learned
}

// Learned is a tensor that a method trains beside the network's weights, such
// as the logarithm of a scale.
type Learned struct {
	Name     string    // the quantizer's name, a dot, and the tensor's, such as "conv1.weight.log_scale"
	Value    []float32 // one entry for each group; the optimizer writes here
	LRFactor float32   // multiplies the learning rate
	Decay    float32   // multiplies the weight decay; 0 for scales
}

// String is the method's name in a configuration file.
func (m Method) String() string {
	if int(m) < len(methods) {
		return methods[m].name
	}
	return fmt.Sprintf("method(%d)", uint8(m))
}

func methodNames() []string {
	var names []string
	for _, m := range methods {
		names = append(names, m.name)
	}
	return names
}

// ParseMethod is the inverse of [Method.String].
func ParseMethod(text string) (Method, error) {
	for i, m := range methods {
		if m.name == text {
			return Method(i), nil
		}
	}
	return 0, fmt.Errorf("fakequant: method %q: want one of %q", text, methodNames())
}

// MarshalText writes [Method.String].
func (m Method) MarshalText() ([]byte, error) { return []byte(m.String()), nil }

// UnmarshalText reads [Method.String].
func (m *Method) UnmarshalText(text []byte) (err error) {
	*m, err = ParseMethod(string(text))
	return err
}
