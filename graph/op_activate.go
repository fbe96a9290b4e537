package graph

import (
	"math"

	"gorgonia.org/gorgonia"

	"petrify/internal/kernel"
	"petrify/internal/node"
)

// clip adds a ReLU or ReLU6, by kind; 0 adds nothing. The gradient passes
// where 0 < x < ceiling.
func clip(name string, x *gorgonia.Node, kind Kind) (*gorgonia.Node, error) {
	if kind == 0 {
		return x, nil
	}
	ceiling := kind.ceiling()
	return node.Apply(node.Spec{
		Name:  name,
		Shape: x.Shape(),
		Run: func(y []float32, in [][]float32) error {
			kernel.ReLU(y, in[0], ceiling)
			return nil
		},
		Grad: func(in gorgonia.Nodes, _, dy *gorgonia.Node) (gorgonia.Nodes, error) {
			dx, err := node.Apply(node.Spec{
				Name:  "d" + name,
				Shape: in[0].Shape(),
				Run: func(dx []float32, args [][]float32) error {
					kernel.ReLUGrad(dx, args[0], args[1], ceiling)
					return nil
				},
			}, dy, in[0])
			return gorgonia.Nodes{dx}, err
		},
	}, x)
}

// ceiling is the greatest output of a ReLU.
func (k Kind) ceiling() float32 {
	if k == KindReLU6 {
		return 6
	}
	return float32(math.Inf(1))
}

// function is a scalar function with its derivative, given x and y = f(x).
type function struct {
	f  func(x float64) float64
	df func(x, y float64) float64
}

// function is that of the unit's layer.
func (u *unit) function() function {
	slope := float64(u.layer.Slope)
	switch u.layer.Kind {
	case KindSigmoid:
		return function{
			func(x float64) float64 { return 1 / (1 + math.Exp(-x)) },
			func(_, y float64) float64 { return y * (1 - y) },
		}
	case KindTanh:
		return function{math.Tanh, func(_, y float64) float64 { return 1 - y*y }}
	case KindHardSwish:
		return function{
			func(x float64) float64 { return x * min(max(0, x+3), 6) / 6 },
			func(x, _ float64) float64 {
				if x <= -3 {
					return 0
				}
				if x >= 3 {
					return 1
				}
				return (2*x + 3) / 6
			},
		}
	default: // LeakyReLU
		return function{
			func(x float64) float64 { return max(x, 0) + slope*min(x, 0) },
			func(x, _ float64) float64 {
				if x > 0 {
					return 1
				}
				return slope
			},
		}
	}
}

// activate adds y = f(x), element by element, computed in float64.
func activate(name string, x *gorgonia.Node, f function) (*gorgonia.Node, error) {
	return node.Apply(node.Spec{
		Name:  name,
		Shape: x.Shape(),
		Run: func(y []float32, in [][]float32) error {
			inBlocks(len(y), func(from, to int) {
				for i := from; i < to; i++ {
					y[i] = float32(f.f(float64(in[0][i])))
				}
			})
			return nil
		},
		Grad: func(in gorgonia.Nodes, y, dy *gorgonia.Node) (gorgonia.Nodes, error) {
			dx, err := node.Apply(node.Spec{
				Name:  "d" + name,
				Shape: in[0].Shape(),
				Run: func(dx []float32, args [][]float32) error {
					inBlocks(len(dx), func(from, to int) {
						for i := from; i < to; i++ {
							dx[i] = float32(float64(args[0][i]) * f.df(float64(args[1][i]), float64(args[2][i])))
						}
					})
					return nil
				},
			}, dy, in[0], y)
			return gorgonia.Nodes{dx}, err
		},
	}, x)
}

// softmax adds y = eˣ/Σeˣ over the rows of N × F.
//
//	dx = y·(dy − Σ dy·y)
func softmax(name string, x *gorgonia.Node) (*gorgonia.Node, error) {
	n, f := x.Shape()[0], x.Shape()[1]
	return node.Apply(node.Spec{
		Name:  name,
		Shape: x.Shape(),
		Run: func(y []float32, in [][]float32) error {
			for r := range n {
				softmaxRow(y[r*f:(r+1)*f], in[0][r*f:(r+1)*f])
			}
			return nil
		},
		Grad: func(in gorgonia.Nodes, y, dy *gorgonia.Node) (gorgonia.Nodes, error) {
			dx, err := node.Apply(node.Spec{
				Name:  "d" + name,
				Shape: in[0].Shape(),
				Run: func(dx []float32, args [][]float32) error {
					for i := range dx {
						row := i / f * f
						sum := dot(args[0][row:row+f], args[1][row:row+f])
						dx[i] = args[1][i] * (args[0][i] - sum)
					}
					return nil
				},
			}, dy, y)
			return gorgonia.Nodes{dx}, err
		},
	}, x)
}

func softmaxRow(y, x []float32) {
	greatest := math.Inf(-1)
	for _, v := range x {
		greatest = max(greatest, float64(v))
	}
	sum := 0.0
	for _, v := range x {
		sum += math.Exp(float64(v) - greatest)
	}
	for i, v := range x {
		y[i] = float32(math.Exp(float64(v)-greatest) / sum)
	}
}

// dropout adds the unit's dropout with a mask drawn anew in each run.
func dropout(u *unit, x *gorgonia.Node) (*gorgonia.Node, error) {
	keep := make([]float32, x.Shape().TotalSize()) // 0 or 1/(1 − rate)
	scale := func(y []float32, x []float32) {
		for i, k := range keep {
			y[i] = x[i] * k
		}
	}
	return node.Apply(node.Spec{
		Name:  u.name(),
		Shape: x.Shape(),
		Run: func(y []float32, in [][]float32) error {
			u.mask(keep)
			scale(y, in[0])
			return nil
		},
		Grad: func(in gorgonia.Nodes, y, dy *gorgonia.Node) (gorgonia.Nodes, error) {
			dx, err := node.Apply(node.Spec{
				Name:  "d" + u.name(),
				Shape: in[0].Shape(),
				Run: func(dx []float32, args [][]float32) error {
					scale(dx, args[0])
					return nil
				},
			}, dy, y) // y is there for the order: it draws the mask
			return gorgonia.Nodes{dx}, err
		},
	}, x)
}

// mask draws which elements the dropout keeps.
func (u *unit) mask(keep []float32) {
	scale := 1 / (1 - u.layer.Rate)
	threshold := uint64(float64(u.layer.Rate) * (1 << 32))
	for i := range keep {
		keep[i] = 0
		if u.drop.Uint64()>>32 >= threshold {
			keep[i] = scale
		}
	}
}

// inBlocks calls f for parts of 0..n at once.
func inBlocks(n int, f func(from, to int)) {
	const block = 1 << 14
	kernel.Parallel((n+block-1)/block, func(i int) {
		f(i*block, min((i+1)*block, n))
	})
}
