package onnxeval

import (
	"errors"
	"fmt"
	"slices"

	"petrify/internal/onnxpb"
)

// call is a node with the values of its inputs; one that is left out is nil.
type call struct {
	*Node
	in     []*Tensor
	shapes bool // only the result's shape is wanted
}

// operator is how an operator is computed.
type operator struct {
	run    func(c *call) ([]*Tensor, error)
	inputs int  // that must be there
	real   bool // all inputs must be real numbers
}

// Has reports whether an operator of a domain can be computed.
func Has(domain, op string) bool {
	_, ok := operators[name(domain, op)]
	return ok
}

func name(domain, op string) string {
	if domain == "" {
		return op
	}
	return domain + "." + op
}

// results computes the node.
func (c *call) results() ([]*Tensor, error) {
	o, ok := operators[name(c.Domain, c.Op)]
	if !ok {
		return nil, fmt.Errorf("operator %s is not supported", c.Type())
	}
	if c.Version < 1 {
		return nil, fmt.Errorf("the file does not say which version of the operators of domain %q it uses",
			Printable(c.Domain))
	}
	if len(c.in) < o.inputs || slices.Contains(c.in[:o.inputs], nil) {
		return nil, fmt.Errorf("%d inputs: want at least %d", len(c.in), o.inputs)
	}
	if c.Outputs == nil {
		return nil, errors.New("no output")
	}
	if err := c.wellTyped(); err != nil {
		return nil, err
	}
	for i, t := range c.in {
		if o.real && t != nil && !t.IsFloat() {
			return nil, fmt.Errorf("input %d is of type %v: want real numbers", i+1, t.Type)
		}
	}
	results, err := o.run(c)
	if err != nil {
		return nil, err
	}
	for i, out := range c.Outputs {
		if out != "" && i >= len(results) {
			return nil, fmt.Errorf("output %d is not supported", i+1)
		}
	}
	return results, nil
}

// Compute computes the node by itself; inputs that are left out are nil.
func (n *Node) Compute(in []*Tensor) ([]*Tensor, error) { return (&call{Node: n, in: in}).results() }

// one wraps the only result.
func one(t *Tensor, err error) ([]*Tensor, error) {
	if err != nil {
		return nil, err
	}
	return []*Tensor{t}, nil
}

// input is an optional input.
func (c *call) input(i int) *Tensor {
	if i < len(c.in) {
		return c.in[i]
	}
	return nil
}

// Has reports whether the node has an attribute.
func (n *Node) Has(name string) bool {
	_, ok := n.Attribute(name)
	return ok
}

// Int is an attribute, or its default.
func (n *Node) Int(name string, otherwise int) int {
	if a, ok := n.Attribute(name); ok {
		return int(a.Int)
	}
	return otherwise
}

// Real is an attribute, or its default.
func (n *Node) Real(name string, otherwise float64) float64 {
	if a, ok := n.Attribute(name); ok {
		return float64(a.Float)
	}
	return otherwise
}

// Text is an attribute, or its default.
func (n *Node) Text(name, otherwise string) string {
	if a, ok := n.Attribute(name); ok {
		return a.String
	}
	return otherwise
}

// Ints is an attribute; nil if it is not there.
func (n *Node) Ints(name string) []int {
	a, ok := n.Attribute(name)
	if !ok {
		return nil
	}
	return toInts(a.Ints)
}

func toInts(list []int64) []int {
	all := make([]int, len(list))
	for i, v := range list {
		all[i] = int(v)
	}
	return all
}

// whole is an input that is a list of integers, or the attribute that took its
// place in versions before since; nil if it is not there.
func (c *call) whole(attribute string, i, since int) ([]int, error) {
	if c.Version < since {
		return c.Ints(attribute), nil
	}
	t := c.input(i)
	if t == nil {
		return nil, nil
	}
	if t.I == nil || len(t.Shape) > 1 {
		return nil, fmt.Errorf("input %d of type %v and shape %v: want a list of integers", i+1, t.Type, t.Shape)
	}
	return toInts(t.I), nil
}

// axis counts a negative axis from the end.
func axis(a, rank int) (int, error) {
	if a < -rank || a >= rank {
		return 0, fmt.Errorf("axis %d of %d dimensions", a, rank)
	}
	return (a + rank) % max(rank, 1), nil
}

// axes counts negative axes from the end, and refuses repetitions.
func axes(list []int, rank int) ([]int, error) {
	all := make([]int, len(list))
	for i, a := range list {
		var err error
		if all[i], err = axis(a, rank); err != nil {
			return nil, err
		}
		if slices.Contains(all[:i], all[i]) {
			return nil, fmt.Errorf("axis %d twice", a)
		}
	}
	return all, nil
}

// scalar is the only element of a tensor of real numbers or integers.
func scalar(t *Tensor) (float64, error) {
	if t.Size() != 1 || t.S != nil {
		return 0, fmt.Errorf("shape %v: want one number", t.Shape)
	}
	return t.Numbers()[0], nil
}

// typeOf is the type that a number in an attribute names.
func typeOf(n int) onnxpb.DataType { return onnxpb.DataType(n) }
