package onnxeval

import (
	"errors"
	"math"
	"slices"
)

// ReducedAxes are those that a node reduces, all of them where it names none.
func ReducedAxes(n *Node, in []*Tensor, rank int) ([]int, error) {
	c := &call{Node: n, in: in}
	since := 18
	if n.Op == "ReduceSum" {
		since = 13
	}
	list, err := c.whole("axes", 1, since)
	if err != nil {
		return nil, err
	}
	if len(list) == 0 && c.Int("noop_with_empty_axes", 0) == 0 {
		for i := range rank {
			list = append(list, i)
		}
	}
	return axes(list, rank)
}

// reduce is ReduceMean, ReduceSum, ReduceMax, ReduceMin and ReduceProd.
func reduce(c *call) ([]*Tensor, error) {
	x := c.in[0]
	list, err := ReducedAxes(c.Node, c.in, len(x.Shape))
	if err != nil {
		return nil, err
	}
	if x.S != nil {
		return nil, wantReal(x)
	}
	kept, short := slices.Clone(x.Shape), []int{}
	count := 1
	for i, d := range x.Shape {
		if slices.Contains(list, i) {
			kept[i] = 1
			count *= d
		} else {
			short = append(short, d)
		}
	}
	start := map[string]float64{"ReduceMax": math.Inf(-1), "ReduceMin": math.Inf(1), "ReduceProd": 1}[c.Op]
	sums := make([]float64, product(kept))
	for i := range sums {
		sums[i] = start
	}
	steps, numbers := spread(kept, x.Shape), x.Numbers()
	each(x.Shape, func(at int, index []int) {
		s := &sums[offset(index, steps)]
		switch v := numbers[at]; c.Op {
		case "ReduceMax":
			*s = max(*s, v)
		case "ReduceMin":
			*s = min(*s, v)
		case "ReduceProd":
			*s *= v
		default:
			*s += v
		}
	})
	if c.Int("keepdims", 1) == 0 {
		kept = short
	}
	y, err := x.like(kept)
	if err != nil {
		return nil, err
	}
	for i, v := range sums {
		if c.Op == "ReduceMean" {
			v /= float64(count)
		}
		if y.F != nil {
			y.F[i] = v
		} else {
			y.I[i] = int64(v)
		}
	}
	return one(y, nil)
}

// argMax is ArgMax and ArgMin.
func argMax(c *call) ([]*Tensor, error) {
	x := c.in[0]
	at, err := axis(c.Int("axis", 0), len(x.Shape))
	if err != nil {
		return nil, err
	}
	n, inner := x.Shape[at], product(x.Shape[at+1:])
	if x.S != nil || n == 0 {
		return nil, errors.New("want numbers")
	}
	to := slices.Clone(x.Shape)
	to[at] = 1
	y := ints(to, make([]int64, product(to)))
	numbers, last := x.Numbers(), c.Int("select_last_index", 0) != 0
	for i := range y.I {
		first := i/inner*n*inner + i%inner
		for k := range n {
			v, best := numbers[first+k*inner], numbers[first+int(y.I[i])*inner]
			if c.Op == "ArgMin" {
				v, best = -v, -best
			}
			if v > best || last && v == best {
				y.I[i] = int64(k)
			}
		}
	}
	if c.Int("keepdims", 1) == 0 {
		y.Shape = slices.Delete(to, at, at+1)
	}
	return one(y, nil)
}
