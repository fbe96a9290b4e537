package main

import (
	"context"
	"fmt"
	"time"

	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"
)

// stockStep is the images per second of training the cnn with Gorgonia's own
// operators and solver: what a user without petrify writes.
func stockStep(batch int) func(context.Context) (float64, error) {
	return func(context.Context) (float64, error) {
		s, err := newStock(batch)
		if err != nil {
			return 0, err
		}
		defer s.machine.Close()
		const steps = 3
		var begin time.Time
		for i := range steps + 1 {
			if i == 1 { // the first step does not count
				begin = time.Now()
			}
			if err := s.step(); err != nil {
				return 0, err
			}
		}
		return float64(batch*steps) / time.Since(begin).Seconds(), nil
	}
}

// stock is a training graph of stock operators.
type stock struct {
	graph   *gorgonia.ExprGraph
	params  gorgonia.Nodes
	machine gorgonia.VM
	solver  gorgonia.Solver
}

func newStock(batch int) (s *stock, err error) {
	defer func() { // gorgonia.Must and the machine's compiler panic
		if r := recover(); r != nil {
			err = fmt.Errorf("gorgonia: %v", r)
		}
	}()
	s = &stock{graph: gorgonia.NewGraph()}
	x := s.tensor("x", batch, 1, 28, 28)
	y := s.tensor("y", batch, 10)
	h := s.convolve(x, "conv1", 1, 16)
	h = s.convolve(h, "conv2", 16, 32)
	h = gorgonia.Must(gorgonia.Reshape(h, tensor.Shape{batch, 1568}))
	h = gorgonia.Must(gorgonia.Rectify(gorgonia.Must(gorgonia.Mul(h, s.param("fc1", 1568, 128)))))
	h = gorgonia.Must(gorgonia.SoftMax(gorgonia.Must(gorgonia.Mul(h, s.param("fc2", 128, 10)))))
	loss := gorgonia.Must(gorgonia.Neg(gorgonia.Must(gorgonia.Mean(gorgonia.Must(gorgonia.HadamardProd(gorgonia.Must(gorgonia.Log(h)), y))))))
	if _, err := gorgonia.Grad(loss, s.params...); err != nil {
		return nil, err
	}
	s.machine = gorgonia.NewTapeMachine(s.graph, gorgonia.BindDualValues(s.params...))
	s.solver = gorgonia.NewAdamSolver(gorgonia.WithLearnRate(1e-3))
	return s, nil
}

// convolve is convolution 3×3, batch norm, ReLU and pool.
func (s *stock) convolve(x *gorgonia.Node, name string, in, out int) *gorgonia.Node {
	w := s.param(name, out, in, 3, 3)
	h := gorgonia.Must(gorgonia.Conv2d(x, w, tensor.Shape{3, 3}, []int{1, 1}, []int{1, 1}, []int{1, 1}))
	h, gamma, beta, _, err := gorgonia.BatchNorm(h, nil, nil, 0.9, 1e-5)
	if err != nil {
		panic(err)
	}
	s.params = append(s.params, gamma, beta)
	h = gorgonia.Must(gorgonia.Rectify(h))
	return gorgonia.Must(gorgonia.MaxPool2D(h, tensor.Shape{2, 2}, []int{0, 0}, []int{2, 2}))
}

// tensor is an input filled with noise.
func (s *stock) tensor(name string, shape ...int) *gorgonia.Node {
	dense := tensor.New(tensor.WithShape(shape...), tensor.WithBacking(noise(tensor.Shape(shape).TotalSize())))
	return gorgonia.NewTensor(s.graph, tensor.Float32, len(shape), gorgonia.WithName(name), gorgonia.WithShape(shape...), gorgonia.WithValue(dense))
}

func (s *stock) param(name string, shape ...int) *gorgonia.Node {
	n := gorgonia.NewTensor(s.graph, tensor.Float32, len(shape), gorgonia.WithName(name), gorgonia.WithShape(shape...), gorgonia.WithInit(gorgonia.GlorotN(1)))
	s.params = append(s.params, n)
	return n
}

func (s *stock) step() error {
	if err := s.machine.RunAll(); err != nil {
		return err
	}
	if err := s.solver.Step(gorgonia.NodesToValueGrads(s.params)); err != nil {
		return err
	}
	s.machine.Reset()
	return nil
}
