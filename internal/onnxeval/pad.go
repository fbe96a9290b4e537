package onnxeval

import (
	"fmt"
	"slices"
)

// Pads is what a node Pad adds on each side of each axis, and the value; modes
// other than constant are named.
func Pads(n *Node, in []*Tensor, rank int) (begin, end []int, value float64, mode string, err error) {
	c := &call{Node: n, in: in}
	mode = n.Text("mode", "constant")
	list := n.Ints("paddings")
	if n.Version >= 2 {
		if list, err = c.whole("pads", 1, 11); err != nil {
			return
		}
	}
	value = n.Real("value", 0)
	if v := c.input(2); v != nil && n.Version >= 11 {
		if value, err = scalar(v); err != nil {
			return
		}
	}
	along := make([]int, rank)
	for i := range along {
		along[i] = i
	}
	if c.input(3) != nil {
		if along, err = c.whole("axes", 3, 11); err == nil {
			along, err = axes(along, rank)
		}
		if err != nil {
			return
		}
	}
	if len(list) != 2*len(along) {
		return nil, nil, 0, "", fmt.Errorf("%d pads: want %d", len(list), 2*len(along))
	}
	begin, end = make([]int, rank), make([]int, rank)
	for i, a := range along {
		begin[a], end[a] = list[i], list[len(along)+i]
		if max(begin[a], end[a]) > most || min(begin[a], end[a]) < -most {
			return nil, nil, 0, "", fmt.Errorf("pads %v", list)
		}
	}
	return begin, end, value, mode, nil
}

func pad(c *call) ([]*Tensor, error) {
	x := c.in[0]
	begin, end, value, mode, err := Pads(c.Node, c.in, len(x.Shape))
	if err != nil {
		return nil, err
	}
	to := make([]int, len(x.Shape))
	for i, n := range x.Shape {
		to[i] = n + begin[i] + end[i]
	}
	y, err := x.like(to)
	if err != nil {
		return nil, err
	}
	if !slices.Contains([]string{"constant", "reflect", "edge"}, mode) || x.S != nil ||
		mode != "constant" && x.Size() == 0 {
		return nil, fmt.Errorf("mode %q is not supported", mode)
	}
	own := strides(x.Shape)
	each(to, func(at int, index []int) {
		from, inside := 0, true
		for i, v := range index {
			v -= begin[i]
			if v < 0 || v >= x.Shape[i] {
				inside = false
				v = mirrored(v, x.Shape[i], mode)
			}
			from += v * own[i]
		}
		switch {
		case inside || mode != "constant":
			y.move(at, x, from)
		case y.F != nil:
			y.F[at] = value
		default:
			y.I[at] = int64(value)
		}
	})
	return one(y, nil)
}

// mirrored is the element that takes the place of one outside.
func mirrored(v, n int, mode string) int {
	if mode == "reflect" && n > 1 {
		period := 2 * (n - 1)
		v = (v%period + period) % period
		return min(v, period-v)
	}
	return min(max(v, 0), n-1)
}
