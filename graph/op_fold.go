package graph

import (
	"math"

	"gorgonia.org/gorgonia"

	"petrify/internal/kernel"
	"petrify/internal/node"
)

// foldFloor is the least magnitude of a folding factor. Below it a channel is
// dead (γ ≈ 0), and dividing by the factor would yield NaN from 0/0; at the
// floor the channel's weights are practically zero and its output is β.
const foldFloor = 1e-12

// foldScale adds the folding factor of each output channel,
//
//	f = γ / √(σ²_running + ε)
//
// (Krishnamoorthi, “Quantizing deep convolutional networks for efficient
// inference: A whitepaper”, 2018, section 3.2.2; as in PyTorch and TensorFlow,
// the running σ instead of the batch's keeps the folded weight, and with it the
// scale, constant between batches).
func foldScale(name string, gamma *gorgonia.Node, n *batchNorm) (*gorgonia.Node, error) {
	// The forward pass moves the running statistics after f has been computed;
	// the backward pass needs those that f was computed from.
	sigma := make([]float64, len(n.variance))
	return node.Apply(node.Spec{
		Name:  name,
		Shape: gamma.Shape(),
		Run: func(f []float32, in [][]float32) error {
			for i, g := range in[0] {
				sigma[i] = n.sigma(i)
				f[i] = foldFactor(g, sigma[i])
			}
			return nil
		},
		Grads: []node.Func{func(dgamma []float32, in [][]float32) error {
			for i, df := range in[0] {
				dgamma[i] = float32(float64(df) / sigma[i])
			}
			return nil
		}},
	}, gamma)
}

func foldFactor(gamma float32, sigma float64) float32 {
	f := float64(gamma) / sigma
	if math.Abs(f) < foldFloor {
		f = math.Copysign(foldFloor, f)
	}
	return float32(f)
}

// scaleRows adds y[o,…] = w[o,…]·f[o].
//
//	dw[o,…] = dy[o,…]·f[o]        df[o] = Σ dy[o,…]·w[o,…], unless another node knows it
func scaleRows(name string, w, f *gorgonia.Node, elsewhere bool) (*gorgonia.Node, error) {
	cols := w.Shape().TotalSize() / f.Shape()[0]
	scale := func(y, w, f []float32) error {
		kernel.Each(len(f), cols, func(o int) {
			for i := o * cols; i < (o+1)*cols; i++ {
				y[i] = w[i] * f[o]
			}
		})
		return nil
	}
	grads := []node.Func{
		func(dw []float32, in [][]float32) error { return scale(dw, in[0], in[3]) },
		func(df []float32, in [][]float32) error {
			kernel.Each(len(df), cols, func(o int) {
				df[o] = dot(in[0][o*cols:(o+1)*cols], in[2][o*cols:(o+1)*cols])
			})
			return nil
		},
	}
	if elsewhere {
		grads = grads[:1]
	}
	return node.Apply(node.Spec{
		Name:  name,
		Shape: w.Shape(),
		Run:   func(y []float32, in [][]float32) error { return scale(y, in[0], in[1]) },
		Grads: grads,
	}, w, f)
}

// proportional adds y = w for quantized weights whose scales follow f
// ([fakequant.Quantizer.FollowFactors]). They are f times numbers that do not depend
// on f, so
//
//	dw = dy        df[o] = Σ dy[o,…]·w[o,…]/f[o]
func proportional(name string, w, f *gorgonia.Node) (*gorgonia.Node, error) {
	cols := w.Shape().TotalSize() / f.Shape()[0]
	pass := func(y []float32, in [][]float32) error {
		copy(y, in[0])
		return nil
	}
	return node.Apply(node.Spec{
		Name:  name,
		Shape: w.Shape(),
		Run:   pass,
		Grads: []node.Func{
			pass,
			func(df []float32, in [][]float32) error {
				kernel.Each(len(df), cols, func(o int) {
					df[o] = dot(in[0][o*cols:(o+1)*cols], in[2][o*cols:(o+1)*cols]) / in[3][o]
				})
				return nil
			},
		},
	}, w, f)
}

// dot is Σ a·b, summed in float64.
func dot(a, b []float32) float32 {
	sum := 0.0
	for i, v := range a {
		sum += float64(float64(v) * float64(b[i]))
	}
	return float32(sum)
}
