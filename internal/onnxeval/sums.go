package onnxeval

import (
	"errors"
	"fmt"
	"math"
	"runtime"
	"slices"
	"sync"
)

// parallel calls f for each number below n, on all processors.
func parallel(n int, f func(i int)) {
	var group sync.WaitGroup
	workers := min(n, runtime.GOMAXPROCS(0))
	for w := range workers {
		group.Go(func() {
			for i := w; i < n; i += workers {
				f(i)
			}
		})
	}
	group.Wait()
}

func matMul(c *call) ([]*Tensor, error) {
	a, b := c.in[0], c.in[1]
	if err := sameKind(a, b); err != nil {
		return nil, err
	}
	if len(a.Shape) == 0 || len(b.Shape) == 0 {
		return nil, fmt.Errorf("shapes %v and %v: want at least 1 dimension", a.Shape, b.Shape)
	}
	left, right := slices.Clone(a.Shape), slices.Clone(b.Shape)
	if len(left) == 1 {
		left = []int{1, left[0]}
	}
	if len(right) == 1 {
		right = []int{right[0], 1}
	}
	n, m := len(left), len(right)
	rows, inner, columns := left[n-2], left[n-1], right[m-1]
	if right[m-2] != inner {
		return nil, fmt.Errorf("shapes %v and %v do not go together", a.Shape, b.Shape)
	}
	outer, err := Broadcast(left[:n-2], right[:m-2])
	if err != nil {
		return nil, err
	}
	to := append(slices.Clone(outer), rows, columns)
	y, err := a.like(to)
	if err != nil {
		return nil, err
	}
	forA, forB := spread(left[:n-2], outer), spread(right[:m-2], outer)
	if !c.shapes {
		each(outer, func(at int, index []int) {
			i, j := offset(index, forA)*rows*inner, offset(index, forB)*inner*columns
			k := at * rows * columns
			multiply(y, k, a, i, b, j, rows, inner, columns)
		})
	}
	switch final := slices.Clone(to); {
	case len(a.Shape) == 1 && len(b.Shape) == 1:
		y.Shape = outer
	case len(a.Shape) == 1:
		y.Shape = append(final[:len(final)-2], columns)
	case len(b.Shape) == 1:
		y.Shape = final[:len(final)-1]
	}
	return one(y, nil)
}

// multiply is y = a·b for matrices that begin at the given elements.
func multiply(y *Tensor, k int, a *Tensor, i int, b *Tensor, j int, rows, inner, columns int) {
	parallel(rows, func(r int) {
		for q := range inner {
			if y.F != nil {
				v := a.F[i+r*inner+q]
				row := y.F[k+r*columns : k+(r+1)*columns]
				for o, w := range b.F[j+q*columns : j+(q+1)*columns] {
					row[o] += v * w
				}
				continue
			}
			v := a.I[i+r*inner+q]
			row := y.I[k+r*columns : k+(r+1)*columns]
			for o, w := range b.I[j+q*columns : j+(q+1)*columns] {
				row[o] += v * w
			}
		}
	})
}

// gemm is α·A·B + β·C, with A and B transposed as the attributes say.
func gemm(c *call) ([]*Tensor, error) {
	a, b := c.in[0], c.in[1]
	for i, t := range []*Tensor{a, b} {
		if len(t.Shape) != 2 || !t.IsFloat() {
			return nil, fmt.Errorf("input %d of type %v and shape %v: want a matrix of real numbers", i+1, t.Type,
				t.Shape)
		}
	}
	var err error
	if c.Int("transA", 0) != 0 {
		if a, err = a.transposed([]int{1, 0}); err != nil {
			return nil, err
		}
	}
	if c.Int("transB", 0) != 0 {
		if b, err = b.transposed([]int{1, 0}); err != nil {
			return nil, err
		}
	}
	if a.Shape[1] != b.Shape[0] {
		return nil, fmt.Errorf("matrices %v and %v do not go together", a.Shape, b.Shape)
	}
	y, err := a.like([]int{a.Shape[0], b.Shape[1]})
	if err != nil {
		return nil, err
	}
	if c.shapes {
		return one(y, nil)
	}
	multiply(y, 0, a, 0, b, 0, a.Shape[0], a.Shape[1], b.Shape[1])
	alpha, beta := c.Real("alpha", 1), c.Real("beta", 1)
	for i := range y.F {
		y.F[i] *= alpha
	}
	bias := c.input(2)
	if bias == nil {
		return one(y, nil)
	}
	if bias.F == nil {
		return nil, wantReal(bias)
	}
	wide, err := Broadcast(y.Shape, bias.Shape)
	if err != nil || !slices.Equal(wide, y.Shape) {
		return nil, fmt.Errorf("a bias of shape %v for a result of shape %v", bias.Shape, y.Shape)
	}
	return one(combine(y, bias, y.Type, func(y, b float64) float64 { return y + beta*b }, nil))
}

func batchNormalization(c *call) ([]*Tensor, error) {
	x := c.in[0]
	if c.Int("training_mode", 0) != 0 || c.Version < 7 && c.Int("is_test", 0) == 0 || c.Int("spatial", 1) != 1 {
		return nil, errors.New("training mode is not supported, nor a mean for each element: export the network in " +
			"evaluation mode")
	}
	if len(x.Shape) < 2 {
		return nil, fmt.Errorf("shape %v: want at least 2 dimensions", x.Shape)
	}
	channels := x.Shape[1]
	for i, p := range c.in[1:5] {
		if p.Size() != channels {
			return nil, fmt.Errorf("input %d has %d elements: want one for each of %d channels", i+2, p.Size(),
				channels)
		}
	}
	gamma, beta, mean, variance := c.in[1].F, c.in[2].F, c.in[3].F, c.in[4].F
	y, err := x.like(x.Shape)
	if err != nil {
		return nil, err
	}
	inner, epsilon := product(x.Shape[2:]), c.Real("epsilon", 1e-5)
	for i, v := range x.F {
		ch := i / inner % channels
		y.F[i] = gamma[ch]*(v-mean[ch])/math.Sqrt(variance[ch]+epsilon) + beta[ch]
	}
	return one(y, nil)
}

// softmax is Softmax and LogSoftmax. Before version 13 it goes over all axes
// from the given one on.
func softmax(c *call) ([]*Tensor, error) {
	x := c.in[0]
	otherwise := -1
	if c.Version < 13 {
		otherwise = 1
	}
	at, err := axis(c.Int("axis", otherwise), len(x.Shape))
	if err != nil {
		return nil, err
	}
	n, inner := x.Shape[at], product(x.Shape[at+1:])
	if c.Version < 13 {
		n, inner = product(x.Shape[at:]), 1
	}
	y, err := x.like(x.Shape)
	if err != nil || n == 0 {
		return one(y, err)
	}
	for first := 0; first < len(x.F); first += n * inner {
		for k := range inner {
			top, sum := math.Inf(-1), 0.0
			for i := range n {
				top = max(top, x.F[first+i*inner+k])
			}
			for i := range n {
				sum += math.Exp(x.F[first+i*inner+k] - top)
			}
			for i := range n {
				at := first + i*inner + k
				if y.F[at] = x.F[at] - top - math.Log(sum); c.Op == "Softmax" {
					y.F[at] = math.Exp(x.F[at]-top) / sum
				}
			}
		}
	}
	return one(y, nil)
}

// scaler is (x − offset)·scale, with one of each for a feature, or for all.
func scaler(c *call) ([]*Tensor, error) {
	x := c.in[0]
	if x.S != nil || len(x.Shape) == 0 {
		return nil, wantReal(x)
	}
	y, err := zeros(typeOf(1), x.Shape)
	if err != nil {
		return nil, err
	}
	shift, _ := c.Attribute("offset")
	factor, _ := c.Attribute("scale")
	n := x.Shape[len(x.Shape)-1]
	for i, v := range x.Numbers() {
		s, err := nth(shift.Floats, i%n, n)
		if err != nil {
			return nil, err
		}
		f, err := nth(factor.Floats, i%n, n)
		if err != nil {
			return nil, err
		}
		y.F[i] = (v - s) * f
	}
	return one(y, nil)
}

// nth is the number for feature i of n, where there may be one for all.
func nth(list []float32, i, n int) (float64, error) {
	switch len(list) {
	case n:
		return float64(list[i]), nil
	case 1:
		return float64(list[0]), nil
	}
	return 0, fmt.Errorf("%d numbers for %d features", len(list), n)
}
