package graph

import (
	"math"

	"gorgonia.org/gorgonia"

	"petrify/internal/kernel"
	"petrify/internal/node"
)

// normOp is batch normalisation over the rows of x, with the unit's ReLU
// fused:
//
//	z = γ·(x/f − μ)/σ + β        μ, σ² of x/f over the rows
//
// f is the folding factor γ/σ_running by which quantization-aware training
// scales the convolution's weights (see foldScale); it is undone here. f = 1 in
// float training. Since x/f is never formed, its statistics are those of x: μ =
// μₓ/f, σ² = σₓ²/f² + ε, so
//
//	z = γ·(x − μₓ)·c + β        c = sign(f)/√(σₓ² + ε·f²)
//
// and the gradient with respect to x is that of ordinary batch normalisation
// with c in place of 1/σ. With respect to f only ε remains:
// ∂z/∂f = −γ·(x − μₓ)·c · ε·f·c², hence df = −γ·ε·f·c²·dγ.
//
// A normalisation at rest uses the running statistics, and γ/(f·σ_running) = 1:
//
//	z = x − μ_running·f + β        df = −μ_running·Σ dz
//
// While the whole unit is at rest, x already includes the shift; see sums.
//
// Unless they are at rest, the running statistics move in each training step,
// as in PyTorch: μ ← μ + 0.1·(μ_batch − μ), σ² likewise with the unbiased
// variance.
type normOp struct {
	*batchNorm
	rows, c int
	relu    bool
	folded  bool        // there is an f
	correct *correction // of [FoldBatch]; nil: the statistics are those of x
	sums    *sums       // of x, where these are integers, else nil

	// The normalisation of the last forward pass: z = (x − mean)·(gain·inv) + β.
	mean, inv, gain  []float32
	variance, lo, hi []float32 // of this batch's x
	beta             []float32
	dgamma, dbeta    []float32
	df               []float32
}

// normInputs are the nodes that a batch normalisation reads besides γ and β.
type normInputs struct {
	x     *gorgonia.Node // the product, of folded weights under quantization
	f     *gorgonia.Node // the folding factor; nil in float training
	float *gorgonia.Node // the product of the unfolded float weights, for [FoldBatch]; else nil
	sums  *sums          // what x is made of; nil: floats
}

func newNormOp(n *batchNorm, in normInputs, relu bool) *normOp {
	c := len(n.mean)
	op := &normOp{batchNorm: n, rows: in.x.Shape().TotalSize() / c, c: c, relu: relu, folded: in.f != nil,
		sums: in.sums}
	for _, vector := range []*[]float32{&op.mean, &op.inv, &op.gain, &op.variance, &op.lo, &op.hi, &op.beta,
		&op.dgamma, &op.dbeta, &op.df} {
		*vector = make([]float32, c)
	}
	if in.float != nil {
		op.correct = newCorrection(c)
	}
	return op
}

// norm adds the unit's batch normalisation.
func (b *builder) norm(u *unit, in normInputs, relu bool) (*gorgonia.Node, error) {
	op := newNormOp(u.norm, in, relu)
	return node.Apply(node.Spec{
		Name:  u.norm.name,
		Shape: in.x.Shape(),
		Run: func(z []float32, in [][]float32) error {
			op.normalise(in, false)
			kernel.BatchNormForward(z, in[0], op.norm(), op.relu)
			return nil
		},
		Grads: op.grads(op.backward),
		Reads: normReads,
		Over:  node.DY,
	}, present(in.x, b.param(u.norm.gamma), b.param(u.norm.beta), in.f, in.float)...)
}

// normalise finds the constants of z from the node's inputs, and moves the
// running statistics. With ranges it finds each channel's least and greatest x
// too.
func (op *normOp) normalise(in [][]float32, ranges bool) {
	x, f := in[0], optional(in, 3)
	copy(op.gain, in[1])
	copy(op.beta, in[2])
	switch {
	case ranges:
		kernel.BatchNormStats(kernel.Moments{Mean: op.mean, Variance: op.variance, Lo: op.lo, Hi: op.hi}, x)
	case !op.fixed():
		kernel.BatchNormStats(kernel.Moments{Mean: op.mean, Variance: op.variance}, x)
	}
	switch {
	case op.frozen:
		op.normaliseFrozen(f)
	case op.correct != nil:
		op.normaliseCorrected(in[4], f)
	default:
		op.normaliseBatch(f)
	}
}

// norm is the normalisation of the last forward pass.
func (op *normOp) norm() kernel.Norm {
	return kernel.Norm{Mean: op.mean, InvStd: op.inv, Gamma: op.gain, Beta: op.beta, Fixed: op.fixed()}
}

// fixed reports whether z's constants do not depend on x: then the gradient
// with respect to x is that of a scale and a shift.
func (op *normOp) fixed() bool { return op.frozen || op.correct != nil }

// normaliseBatch takes the statistics of x.
func (op *normOp) normaliseBatch(f []float32) {
	for i := range op.c {
		s, mean, variance := 1.0, float64(op.mean[i]), float64(op.variance[i])
		if op.folded {
			s = float64(f[i])
		}
		op.inv[i] = float32(math.Copysign(1/math.Sqrt(variance+float64(op.epsilon*s*s)), s))
		op.move(i, mean/s, op.unbiased(variance)/(s*s))
	}
}

// unbiased turns the variance of the rows into the unbiased estimate.
func (op *normOp) unbiased(variance float64) float64 {
	return variance * float64(op.rows) / float64(max(op.rows-1, 1))
}

// normaliseFrozen uses the running statistics and leaves them alone.
func (op *normOp) normaliseFrozen(f []float32) {
	for i := range op.c {
		op.mean[i], op.inv[i] = op.batchNorm.mean[i], float32(1/op.sigma(i))
		if op.folded {
			op.mean[i], op.inv[i], op.gain[i] = op.batchNorm.mean[i]*f[i], 1, 1
		}
		if op.shifted() {
			op.mean[i], op.beta[i] = 0, 0
		}
	}
}

// shifted reports whether x already includes the normalisation's shift.
func (op *normOp) shifted() bool { return op.sums != nil && op.sums.rests }

// sigma is √(σ²_running + ε).
func (n *batchNorm) sigma(i int) float64 {
	return math.Sqrt(float64(n.variance[i]) + n.epsilon)
}

// normBackward computes dx, and op's dγ and dβ, from the gradient dz of the
// output z for the rows x.
type normBackward func(dx, dz, z, x []float32)

// grads are the functions of dx and, after it, of its by-products: dγ, dβ, df,
// and the gradient of the float product.
func (op *normOp) grads(backward normBackward) []node.Func {
	grads := []node.Func{func(dx []float32, in [][]float32) error {
		backward(dx, in[0], in[1], in[2])
		op.finish(in[3], optional(in, 5))
		return nil
	}}
	for _, sum := range [][]float32{op.dgamma, op.dbeta, op.df} {
		grads = append(grads, func(d []float32, _ [][]float32) error {
			copy(d, sum)
			return nil
		})
	}
	return append(grads, func(dp []float32, in [][]float32) error {
		op.correct.grad(dp, in[6])
		return nil
	})
}

// normReads are what the functions of grads read: the first one everything.
var normReads = [][]int{nil, {}, {}, {}, {6}}

// gradient is where a backward pass leaves its gradients.
func (op *normOp) gradient(dx []float32) kernel.NormGrad {
	return kernel.NormGrad{X: dx, Gamma: op.dgamma, Beta: op.dbeta}
}

// backward is the normBackward of the normalisation with its ReLU.
func (op *normOp) backward(dx, dz, z, x []float32) {
	if !op.fixed() {
		kernel.BatchNormBackward(op.gradient(dx), dz, z, x, op.norm(), op.relu)
		return
	}
	scale := op.df // free until finish
	for i := range scale {
		scale[i] = op.gain[i] * op.inv[i]
	}
	kernel.ScaleShiftBackward(op.gradient(dx), dz, z, x, scale, op.relu)
	for i := range op.c { // from Σ dz·x to Σ dz·(x − μ)/σ
		dot := float64(op.dgamma[i]) - float64(float64(op.mean[i])*float64(op.dbeta[i]))
		op.dgamma[i] = float32(dot * float64(op.inv[i]))
	}
}

// finish computes df, and clears dγ if γ acts only through f.
func (op *normOp) finish(gamma, f []float32) {
	if op.correct != nil && !op.frozen {
		op.finishCorrected(f)
		return
	}
	for i := range f {
		if op.frozen {
			op.dgamma[i] = 0
			op.df[i] = float32(-float64(op.batchNorm.mean[i]) * float64(op.dbeta[i]))
			continue
		}
		c := float64(op.inv[i])
		op.df[i] = float32(-op.epsilon * float64(gamma[i]) * float64(f[i]) * c * c * float64(op.dgamma[i]))
	}
}
