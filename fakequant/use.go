package fakequant

import (
	"errors"
	"fmt"
	"slices"

	"petrify/fakequant/affine"
	"petrify/internal/kernel"
)

// Use is a place in a network where a quantizer rounds in training. Tensors
// that share a grid are several uses of one quantizer, and within one training
// step the grid may move from one to the next: each use that observes includes
// its own tensor before it rounds. So a use remembers the grid that it rounded
// with, and its gradient belongs to that.
//
// [Quantizer.Begin] starts a step, in which every use goes forward once and
// then, if there is a gradient, backward once:
//
//	q.Begin()
//	err = a.Forward(ya, xa)
//	err = b.Forward(yb, xb)
//	err = b.Backward(dxb, dlearned, dyb, xb)
//	err = a.Backward(dxa, dlearned, dya, xa)
//
// Each use computes its own gradients of what the method learns; the step's are
// their sum.
type Use struct {
	q       *Quantizer
	follows bool

	grid    grid    // that it has rounded with
	λ       float32 // and how far, see [Ramp]
	enabled bool    // else it has copied
	step    int64   // of q, in which it has rounded last
}

// Use is a use of q that observes its tensor if q observes.
func (q *Quantizer) Use() *Use { return &Use{q: q, grid: makeGrid(q.layout.N)} }

// Follow is a use of q that never observes: for a tensor whose range is within
// another's of the same grid, such as its average.
func (q *Quantizer) Follow() *Use { return &Use{q: q, follows: true, grid: makeGrid(q.layout.N)} }

// Begin starts a training step: one for all uses of q, so that they share the
// step's λ.
func (q *Quantizer) Begin() {
	q.step++
	q.uses = q.uses[:0]
	q.λ = 1
	if q.enabled {
		q.λ = q.cfg.Ramp.blend(q.trained)
		q.trained++
	}
}

// Take is the first half of Forward, for a caller that does the rounding: it
// observes x, if the quantizer and the use do, and copies the resulting grid.
// If they do not, x is not read.
func (u *Use) Take(x []float32) error {
	q := u.q
	if u.step == q.step {
		return fmt.Errorf("fakequant: %s: used in step %d twice, or before a step has begun", q.name, q.step)
	}
	if q.observing && !u.follows {
		if err := q.Observe(x); err != nil {
			return err
		}
	}
	u.step, u.λ, u.enabled = q.step, q.λ, q.enabled
	number := len(q.uses)
	q.uses = append(q.uses, u)
	if !u.enabled {
		return nil
	}
	if err := q.current(); err != nil {
		return err
	}
	u.grid.take(&q.grid)
	u.grid.training, u.grid.first = true, number == 0
	u.grid.noise = uint64(q.trained-1) + uint64(number)<<40
	return nil
}

// Forward is a training step: it observes x if the observer is on, then rounds
// x to y, or copies it if rounding is off. Rounding would turn NaN into a number;
// a value that is not finite is a [NonFiniteError] instead. y and x must not
// overlap.
func (u *Use) Forward(y, x []float32) error {
	q := u.q
	if err := q.check(len(y), len(x)); err != nil {
		return err
	}
	if q.enabled && (u.follows || !q.observing) {
		if _, _, n := kernel.MinMax(x); n > 0 {
			return &NonFiniteError{Name: q.name, Count: n, Of: len(x)}
		}
	}
	if err := u.Take(x); err != nil {
		return err
	}
	if !u.enabled {
		copy(y, x)
		return nil
	}
	q.method.forward(&u.grid, y, x)
	if u.λ != 1 {
		mixInto(y, x, u.λ)
	}
	return nil
}

// Backward writes the gradients with respect to x and to each of the tensors
// of Learned, given the gradient dy with respect to the y of the last Forward
// of x. dx and dy must not overlap.
func (u *Use) Backward(dx []float32, dlearned [][]float32, dy, x []float32) error {
	q := u.q
	if err := errors.Join(q.check(len(dx), len(x)), q.check(len(dy), len(x))); err != nil {
		return err
	}
	if want := len(q.method.learned()); len(dlearned) != want {
		return fmt.Errorf("fakequant: %s: gradients for %d learned tensors, want %d", q.name, len(dlearned), want)
	}
	if !u.enabled {
		copy(dx, dy)
		for _, d := range dlearned {
			clear(d)
		}
		return nil
	}
	q.method.backward(&u.grid, dx, dlearned, dy, x)
	if u.λ != 1 {
		mixInto(dx, dy, u.λ)
	}
	learns := u.λ
	if q.observing {
		learns = 0 // what follows the observer does not learn
	}
	for _, d := range dlearned {
		for i := range d {
			d[i] *= learns
		}
	}
	return nil
}

// Grid is the grid to which the use has rounded in this step; false if it has
// not rounded, or not in full because of a ramp. The slices are the use's own.
func (u *Use) Grid() (p affine.Params, full bool) {
	return u.grid.Params, u.enabled && u.λ == 1 && u.step == u.q.step
}

// Grid is the single grid on which all tensors lie that q has rounded in this
// step; false if there is none, because q has not rounded, or not in full, or
// because an observer has moved the grid in between. The slices are a use's
// own.
func (q *Quantizer) Grid() (p affine.Params, one bool) {
	for i, u := range q.uses {
		g, full := u.Grid()
		if !full || i > 0 && !(slices.Equal(g.Scale, p.Scale) && slices.Equal(g.Zero, p.Zero)) {
			return affine.Params{}, false
		}
		p = g
	}
	return p, len(q.uses) > 0
}
