package graph

import (
	"math"

	"petrify/fakequant/affine"
	"petrify/graph/repair"
)

// weighted repairs a unit, if it has weights. Its bias corrects the mean of the error, so
// that the moments by which integers are chosen are about the mean.
func (r *repairing) weighted(u, was *unit, how Repair) error {
	if u.weight == nil {
		return nil
	}
	in := newPatches(u, r.images, r.got[u.inputs[0]], r.wanted[was.inputs[0]])
	mean, shift := in.means()
	if how.chooses() && u.holds() {
		how.choose(u, was, in, mean, shift)
	}
	if !how.BiasCorrection {
		return nil
	}
	return r.correct(u, was, mean, shift)
}

// holds reports whether the unit has weights that are rounded to their integer if they
// lie on the grid, and not too many of them for the moments of its inputs.
func (u *unit) holds() bool {
	if u.weights == nil || u.alone || len(u.weight.Value)/u.out.C > mostInputs {
		return false
	}
	c := u.weights.Config()
	switch c.Rounding {
	case affine.HalfEven, affine.HalfAway, affine.HalfUp:
		return !c.Method.Traits().OwnGrid
	}
	return false
}

// mostInputs of an output have moments of 128 MiB, which take half a minute to factor.
const mostInputs = 1 << 12

// choose sets the unit's weights to integers of its grid, group by group.
func (o Repair) choose(u, was *unit, in *patches, mean, shift []float64) {
	w := make([]float32, len(u.weight.Value))
	was.folded(w)
	if !o.BiasCorrection {
		clear(mean)
		clear(shift)
	}
	perGroup := len(w) / in.groups
	for g := range in.groups {
		p := &repair.Problem{Rows: u.out.C / in.groups, Cols: in.cols, Grid: u.rounding(in.groups, in.cols, g)}
		p.Weights = make([]float64, perGroup)
		for i := range p.Weights {
			p.Weights[i] = float64(w[g*perGroup+i])
		}
		p.Moments, p.Shift = in.moments(g, mean, shift)
		p.Damp(o.Damping)
		p.Toward()
		q := p.Nearest()
		if o.GPTQ {
			q = p.GPTQ()
		}
		if o.AdaRound || o.BRECQ {
			q = p.AdaRound(o.Iterations, q)
		}
		u.hold(g*perGroup, p.Grid, p.Cols, q)
	}
}

// rounding is the grid of the weights of one of some groups, with cols in a row.
func (u *unit) rounding(groups, cols, group int) repair.Grid {
	c, p := u.weights.Config(), u.weights.Params()
	rows := u.out.C / groups
	g := repair.Grid{Block: cols, Min: float64(c.Format.Min()), Max: float64(c.Format.Max())}
	if s := c.Granularity; s.Kind == affine.PerGroup {
		g.Block = s.Size * cols / u.weight.Shape[1]
	}
	per := rows * ((cols + g.Block - 1) / g.Block)
	for i := range per {
		k := (group*per + i) % len(p.Scale)
		if c.Granularity.Kind == affine.PerTensor {
			k = 0
		}
		g.Scale, g.Zero = append(g.Scale, float64(p.Scale[k])), append(g.Zero, float64(p.Zero[k]))
	}
	return g
}

// hold sets the weights from an index on to the given integers of a grid, but for
// channels that are dead.
func (u *unit) hold(from int, g repair.Grid, cols int, q []int32) {
	per := (cols + g.Block - 1) / g.Block
	for i, n := range q {
		row, col := i/cols, i%cols
		f := float64(u.factor((from + i) / cols))
		if dead(f) {
			continue
		}
		k := row*per + col/g.Block
		u.weight.Value[from+i] = float32(g.Scale[k] * (float64(n) - g.Zero[k]) / f)
	}
}

// dead reports whether a folding factor leaves nothing of a channel's weights.
func dead(f float64) bool { return math.Abs(f) <= foldFloor }

// correct sets the bias so that the mean of each channel is the float network's:
//
//	b = b_float + w_float·E[x] − w·E[x̂]
//
// before the function that the unit ends with. It is rounded to its grid when the
// model freezes.
func (r *repairing) correct(u, was *unit, mean, shift []float64) error {
	n, err := r.shipped.freeze(u, r.shipped.around(u)[0])
	if err != nil {
		return err
	}
	w, real, b := n.Weights.Real(), make([]float32, len(was.weight.Value)), make([]float32, u.out.C)
	was.folded(real)
	was.foldedBias(b)
	cols := len(w) / u.out.C
	for o := range b {
		first := o / (u.out.C / (len(mean) / cols)) * cols
		sum := float64(b[o])
		for i := range cols {
			m := mean[first+i]
			sum += float64(float64(real[o*cols+i])*(m+shift[first+i])) - float64(float64(w[o*cols+i])*m)
		}
		u.setBias(o, sum)
	}
	return nil
}

// setBias sets the bias of a channel, into which batch norm is folded.
func (u *unit) setBias(o int, b float64) {
	if u.norm == nil {
		u.bias.Value[o] = float32(b)
		return
	}
	u.norm.beta.Value[o] = float32(b + float64(float64(u.norm.mean[o])*float64(u.factor(o))))
}
