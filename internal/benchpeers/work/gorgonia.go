package work

import (
	"fmt"
	"math/rand/v2"

	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"petrify/internal/benchpeers/turns"
)

// Gorgonia takes one training step of cnn, in float, made of Gorgonia's own
// operators and its Adam, as in its examples. A unit is an image.
func Gorgonia(batch int) (turns.Work, error) {
	g := gorgonia.NewGraph()
	s := &stock{graph: g, batch: batch}
	x := gorgonia.NewTensor(g, tensor.Float32, 4, gorgonia.WithShape(batch, 1, 28, 28), gorgonia.WithName("x"))
	labels := gorgonia.NewMatrix(g, tensor.Float32, gorgonia.WithShape(batch, 10), gorgonia.WithName("labels"))
	logits := s.cnn(x)
	s.then(func() (*gorgonia.Node, error) { return gorgonia.SoftMax(logits) })
	loss := s.crossEntropy(s.last, labels)
	if s.err != nil {
		return nil, fmt.Errorf("work: %w", s.err)
	}
	if _, err := gorgonia.Grad(loss, s.params...); err != nil {
		return nil, fmt.Errorf("work: %w", err)
	}
	vm := gorgonia.NewTapeMachine(g, gorgonia.BindDualValues(s.params...))
	solver := gorgonia.NewAdamSolver(gorgonia.WithLearnRate(learningRate))
	var inputs, targets [batches]*tensor.Dense
	rng := rand.New(rand.NewPCG(3, 4))
	for i := range batches {
		inputs[i] = tensor.New(tensor.WithShape(batch, 1, 28, 28), tensor.WithBacking(normal(rng, batch*28*28)))
		targets[i] = tensor.New(tensor.WithShape(batch, 10), tensor.WithBacking(oneHot(classes(rng, batch, 10), 10)))
	}
	step := 0
	return func() (float64, error) {
		i := step % batches
		step++
		if err := gorgonia.Let(x, inputs[i]); err != nil {
			return 0, err
		}
		if err := gorgonia.Let(labels, targets[i]); err != nil {
			return 0, err
		}
		defer vm.Reset()
		if err := vm.RunAll(); err != nil {
			return 0, err
		}
		return float64(batch), solver.Step(gorgonia.NodesToValueGrads(s.params))
	}, nil
}

func oneHot(labels []int32, classes int) []float32 {
	y := make([]float32, len(labels)*classes)
	for i, l := range labels {
		y[i*classes+int(l)] = 1
	}
	return y
}

// stock chains operators and keeps the first error.
type stock struct {
	graph  *gorgonia.ExprGraph
	batch  int
	params gorgonia.Nodes
	last   *gorgonia.Node
	err    error
}

// then makes the result of f the last node, unless something went wrong.
func (s *stock) then(f func() (*gorgonia.Node, error)) {
	if s.err == nil {
		s.last, s.err = f()
	}
}

func (s *stock) param(name string, shape ...int) *gorgonia.Node {
	p := gorgonia.NewTensor(s.graph, tensor.Float32, len(shape), gorgonia.WithShape(shape...),
		gorgonia.WithName(name), gorgonia.WithInit(gorgonia.GlorotU(1)))
	s.params = append(s.params, p)
	return p
}

func (s *stock) cnn(x *gorgonia.Node) *gorgonia.Node {
	s.last = x
	s.block("conv1", 1, 16)
	s.block("conv2", 16, 32)
	s.then(func() (*gorgonia.Node, error) { return gorgonia.Reshape(s.last, tensor.Shape{s.batch, 32 * 7 * 7}) })
	s.linear("fc1", 32*7*7, 128)
	s.then(func() (*gorgonia.Node, error) { return gorgonia.Rectify(s.last) })
	s.linear("fc2", 128, 10)
	return s.last
}

// block is convolution, batch norm, ReLU, pool.
func (s *stock) block(name string, in, out int) {
	w := s.param(name, out, in, 3, 3)
	s.then(func() (*gorgonia.Node, error) {
		return gorgonia.Conv2d(s.last, w, tensor.Shape{3, 3}, []int{1, 1}, []int{1, 1}, []int{1, 1})
	})
	gamma, beta := s.param(name+".gamma", 1, out, 1, 1), s.param(name+".beta", 1, out, 1, 1)
	s.then(func() (*gorgonia.Node, error) {
		y, _, _, _, err := gorgonia.BatchNorm(s.last, gamma, beta, 0.9, 1e-5)
		return y, err
	})
	s.then(func() (*gorgonia.Node, error) { return gorgonia.Rectify(s.last) })
	s.then(func() (*gorgonia.Node, error) {
		return gorgonia.MaxPool2D(s.last, tensor.Shape{2, 2}, []int{0, 0}, []int{2, 2})
	})
}

func (s *stock) linear(name string, in, out int) {
	w, b := s.param(name+".weight", in, out), s.param(name+".bias", 1, out)
	s.then(func() (*gorgonia.Node, error) { return gorgonia.Mul(s.last, w) })
	s.then(func() (*gorgonia.Node, error) { return gorgonia.BroadcastAdd(s.last, b, nil, []byte{0}) })
}

// crossEntropy is the mean of −label·log(probability), as Gorgonia's examples
// have it.
func (s *stock) crossEntropy(probabilities, labels *gorgonia.Node) *gorgonia.Node {
	s.then(func() (*gorgonia.Node, error) { return gorgonia.Log(probabilities) })
	s.then(func() (*gorgonia.Node, error) { return gorgonia.HadamardProd(s.last, labels) })
	s.then(func() (*gorgonia.Node, error) { return gorgonia.Mean(s.last) })
	s.then(func() (*gorgonia.Node, error) { return gorgonia.Neg(s.last) })
	return s.last
}
