package figure

import (
	"fmt"
	"math"
	"strconv"
)

// axis maps values to pixels.
type axis struct{ from, to, begin, end float64 }

// at is the pixel of a value.
func (a axis) at(v float64) float64 { return a.begin + (v-a.from)/(a.to-a.from)*(a.end-a.begin) }

// axes are those that show all lines, from the bottom to the top.
func (c Chart) axes() (x, y axis, err error) {
	var xs, ys []float64
	for _, l := range c.Lines {
		xs, ys = append(xs, l.X...), append(ys, l.Y...)
		for i, half := range l.Bars {
			ys = append(ys, l.Y[i]-half, l.Y[i]+half)
		}
	}
	x, y = axis{begin: left + dot, end: right - dot}, axis{begin: bottom, end: top}
	x.from, x.to = spanOf(xs)
	y.from, y.to = spanOf(ys)
	for _, a := range []axis{x, y} {
		if size := a.to - a.from; math.IsNaN(size) || math.IsInf(size, 0) {
			return x, y, fmt.Errorf("figure: values from %v to %v: want finite ones", a.from, a.to)
		}
	}
	if x.from == x.to {
		x.from, x.to = x.from-1, x.to+1
	}
	y.from = max(y.from, c.Bottom)
	if c.Top > 0 {
		y.to = min(y.to, c.Top)
	}
	if space := (y.to - y.from) / 20; space > 0 {
		y.to += space
	} else {
		y.from, y.to = y.from-1, y.to+1
	}
	return x, y, nil
}

// tick is a value that is written next to its axis.
type tick struct {
	value float64
	label string
}

// ticks are at most 7 multiples of 1, 2 or 5 times a power of ten.
func (a axis) ticks() (list []tick) {
	step := math.Pow(10, math.Floor(math.Log10((a.to-a.from)/6)))
	for _, factor := range []float64{1, 2, 5, 10} {
		if (a.to-a.from)/(step*factor) <= 6 {
			step *= factor
			break
		}
	}
	digits := int(math.Max(0, -math.Floor(math.Log10(step)+1e-9)))
	for i := math.Ceil(a.from/step - 1e-9); i*step <= a.to+1e-9*step; i++ {
		value := i*step + 0 // + 0: no negative zero
		list = append(list, tick{value, strconv.FormatFloat(value, 'f', digits, 64)})
	}
	return list
}
