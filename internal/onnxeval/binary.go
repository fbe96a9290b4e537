package onnxeval

import (
	"errors"
	"fmt"
	"math"
	"slices"

	"petrify/internal/onnxpb"
)

func wantReal(t *Tensor) error {
	return fmt.Errorf("an input is of type %v: want real numbers", t.Type)
}

// Broadcast is the shape that numbers of the given shapes have together.
func Broadcast(shapes ...[]int) ([]int, error) {
	rank := 0
	for _, s := range shapes {
		rank = max(rank, len(s))
	}
	all := slices.Repeat([]int{1}, rank)
	for _, s := range shapes {
		for i, d := range s {
			to := &all[rank-len(s)+i]
			if *to != d && *to != 1 && d != 1 {
				return nil, fmt.Errorf("shapes %v do not go together", shapes)
			}
			if *to == 1 {
				*to = d
			}
		}
	}
	return all, checkShape(all)
}

// spread are the steps by which a tensor of one shape is read for each element
// of a wider one.
func spread(shape, wide []int) []int {
	all := make([]int, len(wide))
	own := strides(shape)
	for i, d := range shape {
		if d != 1 {
			all[len(wide)-len(shape)+i] = own[i]
		}
	}
	return all
}

func offset(index, steps []int) (at int) {
	for i, v := range index {
		at += v * steps[i]
	}
	return at
}

// Aligned gives the second operand the shape that it has for the first versions
// of the operators, in which an attribute says along which axes of the first it
// lies.
func (n *Node) Aligned(first []int, t *Tensor) *Tensor {
	if n.Version >= 7 || n.Int("broadcast", 0) == 0 || !n.Has("axis") {
		return t
	}
	at, err := axis(n.Int("axis", 0), len(first))
	if after := len(first) - at - len(t.Shape); err == nil && after > 0 {
		return t.reshaped(append(slices.Clone(t.Shape), slices.Repeat([]int{1}, after)...)...)
	}
	return t
}

// combine computes an element of the result from each pair.
func combine(a, b *Tensor, of onnxpb.DataType, real func(a, b float64) float64,
	whole func(a, b int64) (int64, error),
) (*Tensor, error) {
	wide, err := Broadcast(a.Shape, b.Shape)
	if err != nil {
		return nil, err
	}
	y, err := zeros(of, wide)
	if err != nil {
		return nil, err
	}
	forA, forB := spread(a.Shape, wide), spread(b.Shape, wide)
	each(wide, func(at int, index []int) {
		i, j := offset(index, forA), offset(index, forB)
		switch {
		case a.F != nil && y.F != nil:
			y.F[at] = real(a.F[i], b.F[j])
		case a.F != nil:
			y.I[at] = int64(real(a.F[i], b.F[j]))
		default:
			v, fault := whole(a.I[i], b.I[j])
			if y.I[at] = v; fault != nil {
				err = fault
			}
		}
	})
	return y, err
}

// sameKind reports whether both are real, or both integers.
func sameKind(a, b *Tensor) error {
	if a.S != nil || b.S != nil || a.Type == onnxpb.String || a.IsFloat() != b.IsFloat() {
		return fmt.Errorf("inputs of types %v and %v: want numbers of one type", a.Type, b.Type)
	}
	return nil
}

// arithmetic is Add, Sub, Mul, Div and Pow.
func arithmetic(c *call) ([]*Tensor, error) {
	a := c.in[0]
	b := c.Aligned(a.Shape, c.in[1])
	if c.Op == "Pow" && a.S == nil && b.S == nil {
		b = &Tensor{Type: onnxpb.Double, Shape: b.Shape, F: b.Numbers()}
		if !a.IsFloat() {
			y, err := combine(&Tensor{Type: onnxpb.Double, Shape: a.Shape, F: a.Numbers()}, b, a.Type, math.Pow, nil)
			return one(y, err)
		}
	}
	if err := sameKind(a, b); err != nil {
		return nil, err
	}
	return one(combine(a, b, a.Type, func(x, y float64) float64 {
		switch c.Op {
		case "Add":
			return x + y
		case "Sub":
			return x - y
		case "Mul":
			return x * y
		case "Div":
			return x / y
		}
		return math.Pow(x, y)
	}, func(x, y int64) (int64, error) {
		switch {
		case c.Op == "Add":
			return x + y, nil
		case c.Op == "Sub":
			return x - y, nil
		case c.Op == "Mul":
			return x * y, nil
		case y == 0:
			return 0, errors.New("division by 0")
		}
		return x / y, nil
	}))
}

// variadic is Sum, Mean, Max and Min of any number of inputs.
func variadic(c *call) ([]*Tensor, error) {
	y := c.in[0]
	for _, b := range c.in[1:] {
		if b == nil {
			return nil, errors.New("an input is left out")
		}
		err := sameKind(y, b)
		if err != nil {
			return nil, err
		}
		y, err = combine(y, b, y.Type, func(x, y float64) float64 {
			switch c.Op {
			case "Max":
				return max(x, y)
			case "Min":
				return min(x, y)
			}
			return x + y
		}, func(x, y int64) (int64, error) {
			switch c.Op {
			case "Max":
				return max(x, y), nil
			case "Min":
				return min(x, y), nil
			}
			return x + y, nil
		})
		if err != nil {
			return nil, err
		}
	}
	if c.Op != "Mean" || y.F == nil {
		return one(y, nil)
	}
	mean, err := y.like(y.Shape)
	if err != nil {
		return nil, err
	}
	for i, v := range y.F {
		mean.F[i] = v / float64(len(c.in))
	}
	return one(mean, nil)
}

// prelu multiplies what is below 0 by slopes, which before version 7 lie along
// the channels.
func prelu(c *call) ([]*Tensor, error) {
	x, slope := c.in[0], c.in[1]
	if err := sameKind(x, slope); err != nil {
		return nil, err
	}
	if len(slope.Shape) == 1 && len(x.Shape) > 2 && c.Version < 7 && slope.Size() == x.Shape[1] {
		slope = slope.reshaped(append([]int{slope.Size()}, slices.Repeat([]int{1}, len(x.Shape)-2)...)...)
	}
	return one(combine(x, slope, x.Type, func(x, s float64) float64 { return max(x, 0) + s*min(x, 0) },
		func(x, s int64) (int64, error) { return max(x, 0) + s*min(x, 0), nil }))
}

// compare is the operators whose results are true or false.
func compare(c *call) ([]*Tensor, error) {
	a := c.in[0]
	b := c.Aligned(a.Shape, c.in[1])
	if err := sameKind(a, b); err != nil {
		return nil, err
	}
	return one(combine(a, b, onnxpb.Bool,
		func(x, y float64) float64 { return float64(truth(c.Op, x, y)) },
		func(x, y int64) (int64, error) { return truth(c.Op, x, y), nil }))
}

func truth[T float64 | int64](op string, x, y T) int64 {
	holds := false
	switch op {
	case "Equal":
		holds = x == y
	case "Less":
		holds = x < y
	case "Greater":
		holds = x > y
	case "LessOrEqual":
		holds = x <= y
	case "GreaterOrEqual":
		holds = x >= y
	case "And":
		holds = x != 0 && y != 0
	case "Or":
		holds = x != 0 || y != 0
	}
	if holds {
		return 1
	}
	return 0
}

func not(c *call) ([]*Tensor, error) {
	x := c.in[0]
	if x.I == nil {
		return nil, fmt.Errorf("an input is of type %v: want BOOL", x.Type)
	}
	y, err := x.like(x.Shape)
	if err != nil {
		return nil, err
	}
	for i, v := range x.I {
		y.I[i] = 1 - min(v, 1)
	}
	return one(y, nil)
}

func where(c *call) ([]*Tensor, error) {
	condition, a, b := c.in[0], c.in[1], c.in[2]
	if err := sameKind(a, b); err != nil {
		return nil, err
	}
	if condition.I == nil {
		return nil, fmt.Errorf("the condition is of type %v: want BOOL", condition.Type)
	}
	wide, err := Broadcast(condition.Shape, a.Shape, b.Shape)
	if err != nil {
		return nil, err
	}
	y, err := zeros(a.Type, wide)
	if err != nil {
		return nil, err
	}
	forC, forA, forB := spread(condition.Shape, wide), spread(a.Shape, wide), spread(b.Shape, wide)
	each(wide, func(at int, index []int) {
		if condition.I[offset(index, forC)] != 0 {
			y.move(at, a, offset(index, forA))
		} else {
			y.move(at, b, offset(index, forB))
		}
	})
	return one(y, nil)
}
