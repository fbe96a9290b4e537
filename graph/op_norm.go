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
// scales the convolution's weights (see foldScale), and which is undone here;
// f = 1 in float training. Since x/f is never formed, its statistics are
// those of x: μ = μₓ/f, σ² = σₓ²/f² + ε, so
//
//	z = γ·(x − μₓ)·c + β        c = sign(f)/√(σₓ² + ε·f²)
//
// and the gradient with respect to x is that of ordinary batch normalisation
// with c in place of 1/σ. With respect to f only ε remains:
// ∂z/∂f = −γ·(x − μₓ)·c · ε·f·c², hence df = −γ·ε·f·c²·dγ.
//
// A frozen normalisation uses the running statistics, and γ/(f·σ_running) = 1:
//
//	z = x + β − μ_running·f        df = −μ_running·Σ dz
//
// The running statistics move in each training step that is not frozen,
// as in PyTorch: μ ← μ + 0.1·(μ_batch − μ), σ² likewise with the unbiased
// variance.
type normOp struct {
	*batchNorm
	rows, c int
	relu    bool
	folded  bool // there is an f

	mean, variance []float32 // of this batch's x
	inv            []float32 // c above
	shift          []float32 // frozen: the additive term
	dgamma, dbeta  []float32
	df             []float32
}

// norm adds the batch normalisation of x; f is nil in float training.
func norm(name string, x, f, gamma, beta *gorgonia.Node, n *batchNorm, relu bool) (*gorgonia.Node, error) {
	c := len(n.mean)
	op := &normOp{batchNorm: n, rows: x.Shape().TotalSize() / c, c: c, relu: relu, folded: f != nil}
	for _, buffer := range []*[]float32{&op.mean, &op.variance, &op.inv, &op.shift, &op.dgamma, &op.dbeta, &op.df} {
		*buffer = make([]float32, c)
	}
	return node.Apply(node.Spec{
		Name:  name,
		Shape: x.Shape(),
		Run: func(z []float32, in [][]float32) error {
			op.forward(z, in[0], in[1], in[2], third(in[1:]))
			return nil
		},
		Grad: func(in gorgonia.Nodes, z, dz *gorgonia.Node) (gorgonia.Nodes, error) {
			return op.grads(name, in, z, dz)
		},
	}, present(x, gamma, beta, f)...)
}

// forward computes z, and moves the running statistics.
func (op *normOp) forward(z, x, gamma, beta, f []float32) {
	if op.frozen {
		op.forwardFrozen(z, x, gamma, beta, f)
		return
	}
	kernel.BatchNormStats(op.mean, op.variance, x, op.rows, op.c)
	unbias := float64(op.rows) / float64(max(op.rows-1, 1))
	for i := range op.c {
		s, mean, variance := 1.0, float64(op.mean[i]), float64(op.variance[i])
		if op.folded {
			s = float64(f[i])
		}
		op.inv[i] = float32(math.Copysign(1/math.Sqrt(variance+normEpsilon*s*s), s))
		op.batchNorm.mean[i] = float32(float64(op.batchNorm.mean[i])*(1-normMomentum) + normMomentum*mean/s)
		op.batchNorm.variance[i] = float32(float64(op.batchNorm.variance[i])*(1-normMomentum) + normMomentum*variance*unbias/(s*s))
	}
	kernel.BatchNormForward(z, x, op.mean, op.inv, gamma, beta, op.rows, op.c, op.relu)
}

func (op *normOp) forwardFrozen(z, x, gamma, beta, f []float32) {
	for i := range op.c {
		sigma := op.sigma(i)
		if op.folded {
			op.inv[i] = 1
			op.shift[i] = float32(float64(beta[i]) - float64(op.batchNorm.mean[i])*float64(f[i]))
		} else {
			op.inv[i] = float32(float64(gamma[i]) / sigma)
			op.shift[i] = float32(float64(beta[i]) - float64(op.batchNorm.mean[i])*float64(gamma[i])/sigma)
		}
	}
	kernel.ScaleShift(z, x, op.inv, op.shift, op.rows, op.c, op.relu)
}

// sigma is √(σ²_running + ε).
func (n *batchNorm) sigma(i int) float64 {
	return math.Sqrt(float64(n.variance[i]) + normEpsilon)
}

// grads adds the node of dx, and behind it those that read what it computes
// on the way: dγ, dβ, df.
func (op *normOp) grads(name string, in gorgonia.Nodes, z, dz *gorgonia.Node) (gorgonia.Nodes, error) {
	dx, err := node.Apply(node.Spec{
		Name:  "d" + name + "/dx",
		Shape: in[0].Shape(),
		Run: func(dx []float32, args [][]float32) error {
			op.backward(dx, args[0], args[1], args[2], args[3], third(args[2:]))
			return nil
		},
	}, append(gorgonia.Nodes{dz, z, in[0], in[1]}, in[3:]...)...)
	if err != nil {
		return nil, err
	}
	grads := gorgonia.Nodes{dx}
	for i, sum := range [][]float32{op.dgamma, op.dbeta, op.df}[:len(in)-1] {
		grad, err := node.Apply(node.Spec{
			Name:  "d" + name + [...]string{"/dγ", "/dβ", "/df"}[i],
			Shape: in[i+1].Shape(),
			Run: func(g []float32, _ [][]float32) error {
				copy(g, sum)
				return nil
			},
		}, dx)
		if err != nil {
			return nil, err
		}
		grads = append(grads, grad)
	}
	return grads, nil
}

// backward computes dx, dγ, dβ, and df from dz.
func (op *normOp) backward(dx, dz, z, x, gamma, f []float32) {
	if !op.frozen {
		kernel.BatchNormBackward(dx, op.dgamma, op.dbeta, dz, z, x, op.mean, op.inv, gamma, op.rows, op.c, op.relu)
		for i := range f {
			c := float64(op.inv[i])
			op.df[i] = float32(-normEpsilon * float64(gamma[i]) * float64(f[i]) * c * c * float64(op.dgamma[i]))
		}
		return
	}
	kernel.ScaleShiftBackward(dx, op.dgamma, op.dbeta, dz, z, x, op.inv, op.rows, op.c, op.relu)
	for i := range op.c {
		mean := float64(op.batchNorm.mean[i])
		if op.folded {
			op.dgamma[i] = 0
			op.df[i] = float32(-mean * float64(op.dbeta[i]))
			continue
		}
		op.dgamma[i] = float32((float64(op.dgamma[i]) - mean*float64(op.dbeta[i])) / op.sigma(i))
	}
}
