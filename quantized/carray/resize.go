package carray

import (
	"fmt"

	"petrify/quantized"
)

// resize adds the repetition of rows and columns.
func (l *lowering) resize(n *quantized.Node, x *value) {
	y := l.declare(n.Output, n.Limits)
	l.room(y)
	l.comment(n, x, y)
	kernel := x.variant("repeat")
	l.call(kernel, fmt.Sprintf("%s(%%s, %%s, %d, %d, %d, %d, %d)", kernel, x.shape[1], x.shape[2], x.channels(),
		y.shape[1]/x.shape[1], y.shape[2]/x.shape[2]), y.tensor, x.tensor)
}
