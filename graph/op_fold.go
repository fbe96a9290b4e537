package graph

import (
	"math"

	"gorgonia.org/gorgonia"

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
		Grad: func(in gorgonia.Nodes, _, df *gorgonia.Node) (gorgonia.Nodes, error) {
			dgamma, err := node.Apply(node.Spec{
				Name:  "d" + name,
				Shape: in[0].Shape(),
				Run: func(dgamma []float32, args [][]float32) error {
					for i, d := range args[0] {
						dgamma[i] = float32(float64(d) / sigma[i])
					}
					return nil
				},
			}, df)
			return gorgonia.Nodes{dgamma}, err
		},
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
//	dw[o,…] = dy[o,…]·f[o]        df[o] = Σ dy[o,…]·w[o,…]
func scaleRows(name string, w, f *gorgonia.Node) (*gorgonia.Node, error) {
	rows := f.Shape()[0]
	cols := w.Shape().TotalSize() / rows
	scale := func(y []float32, in [][]float32) error {
		for o, f := range in[1] {
			for i := o * cols; i < (o+1)*cols; i++ {
				y[i] = in[0][i] * f
			}
		}
		return nil
	}
	return node.Apply(node.Spec{
		Name:  name,
		Shape: w.Shape(),
		Run:   scale,
		Grad: func(in gorgonia.Nodes, _, dy *gorgonia.Node) (gorgonia.Nodes, error) {
			dw, err := node.Apply(node.Spec{Name: "d" + name + "/dw", Shape: w.Shape(), Run: scale}, dy, in[1])
			if err != nil {
				return nil, err
			}
			df, err := node.Apply(node.Spec{
				Name:  "d" + name + "/df",
				Shape: in[1].Shape(),
				Run: func(df []float32, args [][]float32) error {
					for o := range rows {
						df[o] = dot(args[0][o*cols:(o+1)*cols], args[1][o*cols:(o+1)*cols])
					}
					return nil
				},
			}, dy, in[0])
			return gorgonia.Nodes{dw, df}, err
		},
	}, w, f)
}

// dot is Σ a·b, summed in float64.
func dot(a, b []float32) float32 {
	sum := 0.0
	for i, v := range a {
		sum += float64(v) * float64(b[i])
	}
	return float32(sum)
}
