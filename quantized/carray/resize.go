package carray

import (
	"fmt"

	"petrify/quantized"
)

// resize adds the repetition of rows and columns, or zeros after them.
func (l *lowering) resize(n *quantized.Node, x *value) {
	y := l.declare(n.Output, n.Limits)
	l.room(y)
	l.comment(n, x, y)
	kernel, zero := x.variant("repeat"), ""
	if n.Op == quantized.Stretch {
		kernel, zero = x.variant("stretch"), fmt.Sprintf(", %d", x.grid.zero)
	}
	l.call(kernel, fmt.Sprintf("%s(%%s, %%s, %d, %d, %d, %d, %d%s)", kernel, x.shape[1], x.shape[2], x.channels(),
		y.shape[1]/x.shape[1], y.shape[2]/x.shape[2], zero), y.tensor, x.tensor)
}
