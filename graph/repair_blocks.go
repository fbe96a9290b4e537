package graph

import (
	"context"
	"maps"
	"math/rand/v2"
	"slices"

	"petrify/graph/repair"
	"petrify/internal/kernel"
)

// reconstruct repairs a block so that its output, z in the float network and ẑ in the
// quantized one, has a small error
//
//	E[‖ẑ − z‖²]
//
// in which its layers can make up for each other's. From what AdaRound finds layer by layer,
// or from the nearest integers if their error is less, it relaxes the roundings of all
// weights ([repair.Relaxed]) and descends by the error's gradient, on some images at a time;
// roundings of activations pass it on as in training. What has the least error on all images
// is kept. A block in which only one layer's weights are chosen is AdaRound's.
//
// Source: Y. Li, R. Gong, X. Tan, Y. Yang, P. Hu, Q. Zhang, F. Yu, W. Wang and S. Gu,
// "BRECQ: Pushing the Limit of Post-Training Quantization by Block Reconstruction", ICLR
// 2021, without the weighting by the Fisher information.
func (r *repairing) reconstruct(ctx context.Context, b segment) error {
	part := r.shipped.part(b)
	if !r.BRECQ || len(part.held()) < 2 {
		return r.layers(ctx, b, r.Repair)
	}
	asIs := Repair{BiasCorrection: r.BiasCorrection}
	nearest, err := r.try(ctx, b, part, asIs)
	if err != nil {
		return err
	}
	best, err := r.try(ctx, b, part, r.Repair)
	if err != nil {
		return err
	}
	if nearest.error < best.error {
		best.state, best.error = nearest.state, nearest.error
	}
	if nearest.error > 0 {
		start := cloneState(part.State())
		if err := part.Restore(best.state); err != nil {
			return err
		}
		if err := r.relax(ctx, b, part, nearest); err != nil {
			return err
		}
		relaxed, err := r.try(ctx, b, part, asIs)
		if err != nil {
			return err
		}
		if relaxed.error < best.error {
			best = relaxed
		}
		if err := part.Restore(start); err != nil {
			return err
		}
	}
	if err := part.Restore(best.state); err != nil {
		return err
	}
	return r.layers(ctx, b, Repair{})
}

// attempt is a repair of a block, and the mean of the squared error of the images' outputs.
type attempt struct {
	state  []State
	error  float64
	wanted []float32 // the outputs in float
}

// try repairs a block layer by layer, and undoes it.
func (r *repairing) try(ctx context.Context, b segment, part *Model, how Repair) (a attempt, err error) {
	start, got, wanted := cloneState(part.State()), maps.Clone(r.got), maps.Clone(r.wanted)
	if err := r.layers(ctx, b, how); err != nil {
		return a, err
	}
	a = attempt{cloneState(part.State()), r.error(b), r.wanted[r.float.units[b.to-1]]}
	r.got, r.wanted = got, wanted
	return a, part.Restore(start)
}

// error is that of a block's output, which both networks have computed.
func (r *repairing) error(b segment) (sum float64) {
	got, wanted := r.got[r.shipped.units[b.to-1]], r.wanted[r.float.units[b.to-1]]
	sums, size := make([]float64, r.images), len(got)/r.images
	kernel.Parallel(r.images, func(i int) {
		_, sums[i] = squares(wanted[i*size:(i+1)*size], got[i*size:(i+1)*size])
	})
	for _, s := range sums {
		sum += s
	}
	return sum / float64(r.images)
}

// relax sets a block's weights to integers that are found by descent from those it has. The
// error of the nearest counts as calm for each weight.
func (r *repairing) relax(ctx context.Context, b segment, part *Model, nearest attempt) error {
	start := cloneState(part.State())
	d, err := r.descent(b, part, nearest.wanted)
	if err != nil {
		return err
	}
	defer d.close()
	weights := 0
	for _, s := range d.soft {
		weights += len(s.Weights)
	}
	for i := range r.Iterations {
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		d.write()
		if _, err := d.gradient(d.images(i)); err != nil {
			return err
		}
		for _, s := range d.soft {
			s.Descend(i, r.Iterations, calm*nearest.error/float64(weights), s.slope)
		}
	}
	d.close()
	if err := part.Restore(start); err != nil {
		return err
	}
	for _, s := range d.soft {
		s.hold(0, s.Grid, s.Cols, s.Integers())
	}
	return nil
}

// The images of a step, and how much less their error counts than in AdaRound, whose error
// is that of all images: the weights would not come to rest.
const (
	descentBatch = 32
	calm         = 30
)

// descent computes the gradient of a block's error with respect to its relaxed weights.
type descent struct {
	*Trainer
	soft []soft

	batch, count int
	x, z         []float32 // what the block reads, and the float network's output, of all images
	seed         uint64
	order        []int // of the images
	undo         []func()
}

// soft is the relaxed weights of a unit.
type soft struct {
	*unit
	*repair.Problem
	*repair.Relaxed
}

// descent begins half way between the float network's weights and the block's, given the
// float network's outputs. Until it is closed, the block does not round weights, and drops
// nothing out.
func (r *repairing) descent(b segment, part *Model, z []float32) (d *descent, err error) {
	d = &descent{batch: min(descentBatch, r.images), count: r.images, x: r.got[part.source], z: z,
		seed: uint64(b.from)}
	for i, u := range part.units {
		if rate := u.layer.Rate; rate > 0 {
			d.undo = append(d.undo, func() { u.layer.Rate = rate })
			u.layer.Rate = 0
		}
		if !u.holds() {
			continue
		}
		p := &repair.Problem{Rows: u.out.C, Cols: len(u.weight.Value) / u.out.C}
		p.Grid = u.rounding(1, p.Cols, 0)
		w := make([]float32, len(u.weight.Value))
		r.float.units[b.from+i].folded(w)
		for _, v := range w {
			p.Weights = append(p.Weights, float64(v))
		}
		q := make([]int32, len(w))
		u.folded(w)
		if err := u.weights.Quantize(q, w); err != nil {
			return d, err
		}
		d.soft = append(d.soft, soft{u, p, p.Relax(q)})
		u.weights.SetEnabled(false)
		d.undo = append(d.undo, func() { u.weights.SetEnabled(true) })
	}
	if d.Trainer, err = part.Trainer(d.batch, true); err != nil {
		d.close()
	}
	return d, err
}

func (d *descent) close() {
	for _, f := range d.undo {
		f()
	}
	d.undo = nil
	if d.Trainer != nil {
		d.Trainer.Close()
		d.Trainer = nil
	}
}

// images are those of the ith step: all of them in turn, in an order that changes.
func (d *descent) images(i int) []int {
	per := d.count / d.batch
	if i%per == 0 {
		d.order = rand.New(rand.NewPCG(d.seed, uint64(i))).Perm(d.count)
	}
	return d.order[i%per*d.batch:][:d.batch]
}

// write gives the units their relaxed weights.
func (d *descent) write() {
	for _, s := range d.soft {
		for k := range s.weight.Value {
			if f := float64(s.factor(k / s.Cols)); !dead(f) {
				s.weight.Value[k] = float32(s.Weight(k) / f)
			}
		}
	}
}

// gradient computes the mean of the squared error of some images' outputs, and leaves its
// gradient in the parameters.
func (d *descent) gradient(images []int) (float64, error) {
	last := d.model.units[len(d.model.units)-1]
	in, out := d.model.in.Size(), last.out.Size()
	x, z := make([]float32, 0, d.batch*in), make([]float32, 0, d.batch*out)
	for _, i := range images {
		x, z = append(x, d.x[i*in:(i+1)*in]...), append(z, d.z[i*out:(i+1)*out]...)
	}
	if pixels := last.out.H * last.out.W; pixels > 1 {
		moved := slices.Clone(z)
		transpose(moved, z, d.batch, pixels, last.out.C)
		z = moved
	}
	d.SetLoss(func(dy, y []float32, _ []int32) (loss float64, _ int) {
		for i, v := range y {
			e := v - z[i]
			dy[i] = 2 * e / float32(d.batch)
			loss += float64(float64(e) * float64(e))
		}
		return loss / float64(d.batch), 0
	})
	m, err := d.Step(x, make([]int32, d.batch))
	return m.Loss, err
}

// slope is the gradient with respect to the kth weight, with batch norm folded in.
func (s soft) slope(k int) float64 {
	f := float64(s.factor(k / s.Cols))
	if dead(f) {
		return 0
	}
	return float64(s.weight.Grad[k]) / f
}
