package carray

import (
	"fmt"

	"petrify/quantized"
)

// move adds a slice, of channels, rows and columns, or a shuffle of channels.
func (l *lowering) move(n *quantized.Node, x, y *value) {
	l.comment(n, x, y)
	if n.Op == quantized.Shuffle {
		kernel := x.variant("shuffle")
		l.call(kernel, fmt.Sprintf("%s(%%s, %%s, %d, %d, %d)", kernel, x.pixels(), x.channels(), n.Groups), y.tensor,
			x.tensor)
		return
	}
	begin, in, out := [3]int{}, [3]int{1, 1, 1}, [3]int{1, 1, 1}
	copy(begin[:], n.Begin)
	copy(in[:], x.shape)
	copy(out[:], y.shape)
	from := "%s"
	if at := (begin[1]*in[2]+begin[2])*in[0] + begin[0]; at > 0 {
		from = fmt.Sprintf("%%s + %d", at)
	}
	kernel := x.variant("part")
	l.call(kernel, fmt.Sprintf("%s(%%s, %s, %d, %d, %d, %d, %d)", kernel, from, out[1], out[2], out[0], in[2], in[0]),
		y.tensor, x.tensor)
}
