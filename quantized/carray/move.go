package carray

import (
	"fmt"

	"petrify/quantized"
)

// move adds a slice, of channels, rows and columns, a pad, or a shuffle of channels.
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
	small, large := in, out
	if n.Op == quantized.Slice {
		small, large = out, in
	}
	at := (begin[1]*large[2]+begin[2])*large[0] + begin[0]
	sizes := fmt.Sprintf("%d, %d, %d, %d, %d", small[1], small[2], small[0], large[2], large[0])
	if n.Op == quantized.Pad {
		value := decimal(n.Value)
		if !y.real {
			value = fmt.Sprint(y.grid.quantize(n.Value))
		}
		kernel := x.variant("frame")
		l.call(kernel, fmt.Sprintf("%s(%%s, %d, %d, %s, %%s, %s)", kernel, at, y.elements(), value, sizes), y.tensor,
			x.tensor)
		return
	}
	from := "%s"
	if at > 0 {
		from = fmt.Sprintf("%%s + %d", at)
	}
	kernel := x.variant("part")
	l.call(kernel, fmt.Sprintf("%s(%%s, %s, %s)", kernel, from, sizes), y.tensor, x.tensor)
}
