package onnxeval

import (
	"errors"
	"fmt"
	"slices"
)

// part copies a box of the tensor: size elements along each axis, from begin on
// in steps.
func (t *Tensor) part(begin, size, step []int) (*Tensor, error) {
	y, err := t.like(size)
	if err != nil {
		return nil, err
	}
	own := strides(t.Shape)
	each(size, func(at int, index []int) {
		from := 0
		for i, v := range index {
			from += (begin[i] + v*step[i]) * own[i]
		}
		y.move(at, t, from)
	})
	return y, nil
}

func split(c *call) ([]*Tensor, error) {
	x := c.in[0]
	at, err := axis(c.Int("axis", 0), len(x.Shape))
	if err != nil {
		return nil, err
	}
	sizes, err := c.whole("split", 1, 13)
	if err != nil {
		return nil, err
	}
	n := c.Int("num_outputs", len(c.Outputs))
	if sizes == nil && n > 0 && n <= len(c.Outputs) {
		part := (x.Shape[at] + n - 1) / n
		for i := range n {
			sizes = append(sizes, max(0, min(part, x.Shape[at]-i*part)))
		}
	}
	total := 0
	for _, s := range sizes {
		if s < 0 || s > x.Shape[at] {
			total = -1
			break
		}
		total += s
	}
	if total != x.Shape[at] || len(sizes) > max(len(c.Outputs), 1) {
		return nil, fmt.Errorf("parts %v of axis %d of shape %v, %d outputs", sizes, at, x.Shape, len(c.Outputs))
	}
	var all []*Tensor
	begin, size, step := make([]int, len(x.Shape)), slices.Clone(x.Shape), slices.Repeat([]int{1}, len(x.Shape))
	for _, s := range sizes {
		size[at] = s
		y, err := x.part(begin, size, step)
		if err != nil {
			return nil, err
		}
		all = append(all, y)
		begin[at] += s
	}
	return all, nil
}

// SlicedAxes are the axes that a Slice of a value of the given rank cuts.
func SlicedAxes(n *Node, in []*Tensor, rank int) ([]int, error) {
	c := &call{Node: n, in: in}
	starts, err := c.whole("starts", 1, 10)
	along, err2 := c.whole("axes", 3, 10)
	if err := errors.Join(err, err2); err != nil {
		return nil, err
	}
	for i := range starts {
		if along == nil || i > 0 && len(along) == i {
			along = append(along, i)
		}
	}
	return axes(along, rank)
}

func slice(c *call) ([]*Tensor, error) {
	x := c.in[0]
	starts, err1 := c.whole("starts", 1, 10)
	ends, err2 := c.whole("ends", 2, 10)
	along, err3 := SlicedAxes(c.Node, c.in, len(x.Shape))
	var by []int
	var err4 error
	if c.Version >= 10 {
		by, err4 = c.whole("", 4, 10)
	}
	if err := errors.Join(err1, err2, err3, err4); err != nil {
		return nil, err
	}
	for i := len(by); i < len(starts); i++ {
		by = append(by, 1)
	}
	if len(along) != len(starts) || len(ends) != len(starts) || len(by) != len(starts) {
		return nil, fmt.Errorf("%d starts, %d ends, %d axes, %d steps", len(starts), len(ends), len(along), len(by))
	}
	begin, size, step := make([]int, len(x.Shape)), slices.Clone(x.Shape), slices.Repeat([]int{1}, len(x.Shape))
	for i, a := range along {
		if by[i] == 0 {
			return nil, errors.New("a step of 0")
		}
		begin[a], size[a] = interval(starts[i], ends[i], by[i], x.Shape[a])
		step[a] = by[i]
	}
	return one(x.part(begin, size, step))
}

// interval is where a slice of n elements begins, and how many it has.
func interval(start, end, step, n int) (begin, count int) {
	least, greatest := 0, n
	if step < 0 {
		least, greatest = -1, n-1
	}
	bound := func(v int) int {
		if v < 0 && v >= -n {
			v += n
		} else if v < -n {
			return least
		}
		return min(max(v, least), greatest)
	}
	if start < -n && step > 0 {
		start = 0
	}
	begin = bound(start)
	if begin < 0 && step > 0 {
		begin = 0
	}
	last := bound(end)
	if step > 0 {
		return begin, max(0, (last-begin+step-1)/step)
	}
	step = max(step, -n-1) // a longer one takes the first element alone
	return begin, max(0, (begin-last-step-1)/-step)
}

func gather(c *call) ([]*Tensor, error) {
	x, picks := c.in[0], c.in[1]
	at, err := axis(c.Int("axis", 0), len(x.Shape))
	if err != nil {
		return nil, err
	}
	if picks.I == nil {
		return nil, fmt.Errorf("indices of type %v: want integers", picks.Type)
	}
	to := slices.Concat(x.Shape[:at], picks.Shape, x.Shape[at+1:])
	y, err := x.like(to)
	if err != nil {
		return nil, err
	}
	inner, n := product(x.Shape[at+1:]), x.Shape[at]
	for outer := range product(x.Shape[:at]) {
		for j, pick := range picks.I {
			if pick < 0 {
				pick += int64(n)
			}
			if pick < 0 || pick >= int64(n) {
				return nil, fmt.Errorf("index %d of %d elements", picks.I[j], n)
			}
			for k := range inner {
				y.move((outer*len(picks.I)+j)*inner+k, x, (outer*n+int(pick))*inner+k)
			}
		}
	}
	return one(y, nil)
}

func expand(c *call) ([]*Tensor, error) {
	x := c.in[0]
	if c.in[1].I == nil {
		return nil, errors.New("want a shape of integers")
	}
	target := toInts(c.in[1].I)
	if err := checkShape(target); err != nil {
		return nil, err
	}
	wide, err := Broadcast(x.Shape, target)
	if err != nil {
		return nil, err
	}
	y, err := x.like(wide)
	if err != nil {
		return nil, err
	}
	steps := spread(x.Shape, wide)
	each(wide, func(at int, index []int) { y.move(at, x, offset(index, steps)) })
	return one(y, nil)
}

func tile(c *call) ([]*Tensor, error) {
	x := c.in[0]
	if c.Version < 6 || c.in[1].I == nil || c.in[1].Size() != len(x.Shape) {
		return nil, fmt.Errorf("want a repetition for each of %d dimensions", len(x.Shape))
	}
	to := slices.Clone(x.Shape)
	for i, n := range c.in[1].I {
		if n < 0 || n > most || to[i] > 0 && int(n) > most/to[i] {
			return nil, fmt.Errorf("repetitions %v of shape %v", c.in[1].I, x.Shape)
		}
		to[i] *= int(n)
	}
	y, err := x.like(to)
	if err != nil {
		return nil, err
	}
	own := strides(x.Shape)
	each(to, func(at int, index []int) {
		from := 0
		for i, v := range index {
			from += v % x.Shape[i] * own[i]
		}
		y.move(at, x, from)
	})
	return one(y, nil)
}
