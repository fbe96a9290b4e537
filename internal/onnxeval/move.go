package onnxeval

import (
	"errors"
	"fmt"
	"slices"
)

func reshape(c *call) ([]*Tensor, error) {
	x := c.in[0]
	target, err := c.whole("shape", 1, 5)
	if err != nil {
		return nil, err
	}
	to := slices.Clone(target)
	infer, rest := -1, 1
	for i, d := range to {
		switch {
		case d == 0 && c.Int("allowzero", 0) == 0:
			if i >= len(x.Shape) {
				return nil, fmt.Errorf("target %v copies a size that shape %v does not have", target, x.Shape)
			}
			to[i] = x.Shape[i]
		case d == -1 && infer < 0:
			infer = i
			continue
		}
		if to[i] < 0 || to[i] > most {
			return nil, fmt.Errorf("target %v", target)
		}
		if rest *= to[i]; rest > most {
			return nil, fmt.Errorf("target %v has more elements than shape %v", target, x.Shape)
		}
	}
	if infer >= 0 && rest > 0 {
		to[infer] = x.Size() / rest
	}
	if slices.Contains(to, -1) || product(to) != x.Size() {
		return nil, fmt.Errorf("shape %v cannot become %v", x.Shape, target)
	}
	return one(x.reshaped(to...), nil)
}

func flatten(c *call) ([]*Tensor, error) {
	x := c.in[0]
	at := c.Int("axis", 1)
	if at < 0 {
		at += len(x.Shape)
	}
	if at < 0 || at > len(x.Shape) {
		return nil, fmt.Errorf("axis %d of %d dimensions", c.Int("axis", 1), len(x.Shape))
	}
	return one(x.reshaped(product(x.Shape[:at]), product(x.Shape[at:])), nil)
}

func squeeze(c *call) ([]*Tensor, error) {
	x := c.in[0]
	list, err := c.whole("axes", 1, 13)
	if err != nil {
		return nil, err
	}
	if list == nil {
		for i, d := range x.Shape {
			if d == 1 {
				list = append(list, i)
			}
		}
	}
	if list, err = axes(list, len(x.Shape)); err != nil {
		return nil, err
	}
	to := []int{}
	for i, d := range x.Shape {
		if !slices.Contains(list, i) {
			to = append(to, d)
		} else if d != 1 {
			return nil, fmt.Errorf("axis %d of shape %v is not 1", i, x.Shape)
		}
	}
	return one(x.reshaped(to...), nil)
}

func unsqueeze(c *call) ([]*Tensor, error) {
	x := c.in[0]
	list, err := c.whole("axes", 1, 13)
	if err != nil {
		return nil, err
	}
	rank := len(x.Shape) + len(list)
	if rank > maxRank {
		return nil, fmt.Errorf("%d dimensions: want at most %d", rank, maxRank)
	}
	if list, err = axes(list, rank); err != nil {
		return nil, err
	}
	to, from := make([]int, rank), 0
	for i := range to {
		if slices.Contains(list, i) {
			to[i] = 1
		} else {
			to[i] = x.Shape[from]
			from++
		}
	}
	return one(x.reshaped(to...), nil)
}

// Permutation is that of a node Transpose of a tensor of the given rank.
func Permutation(n *Node, rank int) ([]int, error) {
	perm := n.Ints("perm")
	if perm == nil {
		for i := range rank {
			perm = append(perm, rank-1-i)
		}
	}
	perm, err := axes(perm, rank)
	if err == nil && len(perm) != rank {
		err = fmt.Errorf("perm %v of %d dimensions", perm, rank)
	}
	return perm, err
}

func transpose(c *call) ([]*Tensor, error) {
	x := c.in[0]
	perm, err := Permutation(c.Node, len(x.Shape))
	if err != nil {
		return nil, err
	}
	return one(x.transposed(perm))
}

// transposed has axis perm[i] of the tensor as its axis i.
func (t *Tensor) transposed(perm []int) (*Tensor, error) {
	own, steps, to := strides(t.Shape), make([]int, len(perm)), make([]int, len(perm))
	for i, p := range perm {
		steps[i], to[i] = own[p], t.Shape[p]
	}
	y, err := t.like(to)
	if err != nil {
		return nil, err
	}
	each(to, func(at int, index []int) { y.move(at, t, offset(index, steps)) })
	return y, nil
}

func concat(c *call) ([]*Tensor, error) {
	first := c.in[0]
	at, err := axis(c.Int("axis", 1), len(first.Shape))
	if err != nil {
		return nil, err
	}
	to := slices.Clone(first.Shape)
	to[at] = 0
	for _, x := range c.in {
		if x == nil || x.Type != first.Type || len(x.Shape) != len(to) {
			return nil, errors.New("want tensors of one type and rank")
		}
		for i, d := range x.Shape {
			if i == at {
				to[i] += d
			} else if d != to[i] {
				return nil, fmt.Errorf("shapes %v and %v differ in another axis than %d", first.Shape, x.Shape, at)
			}
		}
	}
	y, err := first.like(to)
	if err != nil {
		return nil, err
	}
	steps, begin := strides(to), 0
	for _, x := range c.in {
		each(x.Shape, func(from int, index []int) { y.move(begin+offset(index, steps), x, from) })
		begin += x.Shape[at] * steps[at]
	}
	return one(y, nil)
}
