package reference

// prelu is r for r > 0, and slope·r below, with the slope of the channel.
func prelu(l *layer) {
	x := l.x[0]
	plane := x.Len() / x.Shape[0]
	for i := range x.Len() {
		r := x.Real(i)
		if r <= 0 {
			r *= l.Slopes[i/plane]
		}
		l.y.putReal(r)
	}
}

// programPReLU is T(max(r, 0) + T(T(slope)·min(r, 0))).
func programPReLU(l *layer) {
	p, plane := l.rules.program, l.x[0].Len()/l.x[0].Shape[0]
	for i := range l.x[0].Len() {
		r := l.read(0, i)
		l.give(max(r, 0) + p(p(float64(l.Slopes[i/plane]))*min(r, 0)))
	}
}
