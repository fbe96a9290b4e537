package graph

import (
	"fmt"
	"math"

	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"petrify/fakequant"
	"petrify/internal/kernel"
	"petrify/internal/node"
)

// fusedOp is batch normalisation with its ReLU, the fake-quantization of its
// output, and the max pooling after that, as one node: the forward pass reads
// memory once instead of four times, and only the pooled image is written. Loss
// and gradients are those of the separate nodes; the tests compare them.
//
// The quantizer's range must be known before the pass. The normalisation is
// monotone in x, so the range of its output follows from the channels'
// extremes, which the pass for the statistics finds.
type fusedOp struct {
	*normOp
	q    *fakequant.Quantizer // nil in float training
	use  *fakequant.Use       // of q; nil in an evaluation
	pool *kernel.Pool         // nil: none

	top      []float32 // x at each window's maximum
	arg      []uint8   // its place in the window
	integers []uint8   // of the output
	extremes []float32 // the normalised channels' greatest and least values
	scale    float32   // of the last forward pass; 0 where it did not quantize
}

// fusable reports whether the unit's batch norm, ReLU and quantizer can be one
// node.
func (b *builder) fusable(u *unit) bool {
	if u.norm == nil || u.clip != KindReLU {
		return false
	}
	return !b.quantized || u.output == nil || u.output.Config().FollowsExtremes()
}

// pooled returns the max pool that is the only reader of the unit's output, if
// any.
func (b *builder) pooled(u *unit) *unit {
	var pool *unit
	for _, v := range b.model.units {
		for _, in := range v.inputs {
			if in != u {
				continue
			}
			if pool != nil || v.layer.Kind != KindMaxPool {
				return nil
			}
			pool = v
		}
	}
	return pool
}

// fused adds the node.
func (b *builder) fused(u *unit, in normInputs) (*gorgonia.Node, error) {
	op := &fusedOp{
		normOp:   newNormOp(u.norm, in, true),
		extremes: make([]float32, 2*len(u.norm.mean)),
	}
	name, shape := u.norm.name+"/relu", in.x.Shape()
	if b.quantized && u.output != nil {
		op.q = u.output
		if !b.evaluates {
			op.use = op.q.Use()
		}
		name += "/fake-quant"
	}
	if p := b.pooled(u); p != nil {
		g := p.pool(b.batch)
		op.pool = &g
		shape = tensor.Shape{g.N, g.OH(), g.OW(), g.C}
		name += "/" + p.name()
		b.swallowed[p] = true
	}
	size := shape.TotalSize()
	over := node.DY
	if op.pool != nil {
		if over = node.Nothing; op.pool.GradOverX() {
			over = node.X
		}
	}
	op.top, op.arg, op.integers = make([]float32, size), make([]uint8, size), make([]uint8, size)
	return node.Apply(node.Spec{
		Name:  name,
		Shape: shape,
		Run:   op.forward,
		Grads: op.grads(op.backward),
		Reads: normReads,
		Over:  over,
	}, present(in.x, b.param(u.norm.gamma), b.param(u.norm.beta), in.f, in.float)...)
}

func (op *fusedOp) forward(y []float32, in [][]float32) error {
	x, observes := in[0], op.q != nil && op.q.Observing()
	op.normalise(in, observes)
	if err := op.finite(); err != nil {
		return err
	}
	op.scale = 0
	if op.q != nil {
		if err := op.take(observes); err != nil {
			return err
		}
	}
	if op.scale == 0 {
		op.forwardFloat(y, x)
		return nil
	}
	scale := op.scale
	if op.shifted() { // x is in steps
		op.scale = 1
	}
	if op.pool == nil {
		kernel.BatchNormReLUQuant(y, op.integers, x, op.quant())
	} else {
		kernel.BatchNormReLUQuantMaxPool(op.maxima(y), op.integers, x, op.quant(), *op.pool)
	}
	if op.shifted() {
		kernel.DequantizeU8(y, op.integers, scale, 0)
	}
	return nil
}

// forwardFloat is the pass without rounding.
func (op *fusedOp) forwardFloat(y, x []float32) {
	if op.pool == nil {
		kernel.BatchNormForward(y, x, op.norm(), true)
	} else {
		kernel.BatchNormReLUMaxPool(op.maxima(y), x, op.norm(), *op.pool)
	}
}

// quant is the normalisation of the last forward pass with its quantizer.
func (op *fusedOp) quant() kernel.NormQuant {
	return kernel.NormQuant{Norm: op.norm(), S: op.scale, QMax: op.q.Config().Format.Max()}
}

// maxima is what the pooling computes besides y.
func (op *fusedOp) maxima(y []float32) kernel.Maxima {
	return kernel.Maxima{Y: y, Top: op.top, Arg: op.arg}
}

// take takes the scale of this pass from the quantizer, if that rounds. If the
// quantizer observes, it sees the extremes of what the pass will compute.
func (op *fusedOp) take(observes bool) error {
	if op.use == nil {
		op.scale = op.q.Params().Scale[0]
		return nil
	}
	if observes {
		copy(op.extremes, op.lo)
		copy(op.extremes[op.c:], op.hi)
		kernel.BatchNormForward(op.extremes, op.extremes, op.norm(), true)
	}
	if err := op.use.Take(op.extremes); err != nil {
		return err
	}
	if p, rounds := op.use.Grid(); rounds {
		op.scale = p.Scale[0]
	}
	return nil
}

// finite fails if the batch held a number that is not finite, which rounding to
// integers would hide.
func (op *fusedOp) finite() error {
	for i, m := range op.mean {
		if v := float64(m) * float64(op.inv[i]); math.IsNaN(v) || math.IsInf(v, 0) {
			return fmt.Errorf("channel %d of the batch is %w", i, ErrNotFinite)
		}
	}
	return nil
}

// backward is the normBackward of the whole node.
func (op *fusedOp) backward(dx, dy, y, x []float32) {
	quantized, pooled := op.scale != 0, op.pool != nil
	switch {
	case quantized && pooled:
		kernel.BatchNormReLUQuantMaxPoolBackward(op.gradient(dx), dy, op.maxima(y), x, op.quant(), *op.pool)
	case quantized:
		kernel.BatchNormReLUQuantBackward(op.gradient(dx), dy, x, op.quant())
	case pooled:
		kernel.BatchNormReLUMaxPoolBackward(op.gradient(dx), dy, op.maxima(y), x, op.norm(), *op.pool)
	default:
		op.normOp.backward(dx, dy, y, x)
	}
}
