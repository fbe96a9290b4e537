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

func slice(c *call) ([]*Tensor, error) {
	x := c.in[0]
	starts, err1 := c.whole("starts", 1, 10)
	ends, err2 := c.whole("ends", 2, 10)
	along, err3 := c.whole("axes", 3, 10)
	var by []int
	var err4 error
	if c.Version >= 10 {
		by, err4 = c.whole("", 4, 10)
	}
	if err := errors.Join(err1, err2, err3, err4); err != nil {
		return nil, err
	}
	for i := range starts {
		if along == nil || i > 0 && len(along) == i {
			along = append(along, i)
		}
		if len(by) == i {
			by = append(by, 1)
		}
	}
	along, err := axes(along, len(x.Shape))
	if err != nil || len(along) != len(starts) || len(ends) != len(starts) || len(by) != len(starts) {
		return nil, errors.Join(err, fmt.Errorf("%d starts, %d ends, %d axes, %d steps", len(starts), len(ends),
			len(along), len(by)))
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
