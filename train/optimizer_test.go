package train

import (
	"errors"
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"petrify/graph"
)

// The oracles are the textbook equations in float64, one weight at a time.

func oracleAdam(w float64, gradient func(w float64) float64, lr, decay float64, decoupled bool, n int) float64 {
	const beta1, beta2, epsilon = 0.9, 0.999, 1e-8
	var m, v float64
	for t := 1; t <= n; t++ {
		g := gradient(w)
		if decoupled {
			w -= lr * decay * w
		} else {
			g += decay * w
		}
		m = beta1*m + (1-beta1)*g
		v = beta2*v + (1-beta2)*g*g
		mHat, vHat := m/(1-math.Pow(beta1, float64(t))), v/(1-math.Pow(beta2, float64(t)))
		w -= lr * mHat / (math.Sqrt(vHat) + epsilon)
	}
	return w
}

func oracleSGD(w float64, gradient func(w float64) float64, o Optimizer, lr float64, n int) float64 {
	var m float64
	for range n {
		d := gradient(w) + o.WeightDecay*w
		m = o.Momentum*m + d
		if o.Nesterov {
			d += o.Momentum * m
		} else {
			d = m
		}
		w -= lr * d
	}
	return w
}

func TestOptimizersAgainstTheEquations(t *testing.T) {
	const lr, decay, n = 0.01, 0.1, 50
	gradient := func(w float64) float64 { return 2*w + math.Sin(3*w) }
	for _, c := range []struct {
		name string
		o    Optimizer
	}{
		{"adam", Optimizer{}},
		{"adam, decay in the gradient", Optimizer{WeightDecay: decay}},
		{"adamw, separate decay", Optimizer{Method: AdamW, WeightDecay: decay}},
		{"sgd", Optimizer{Method: SGD}},
		{"sgd with momentum and decay", Optimizer{Method: SGD, Momentum: 0.9, WeightDecay: decay}},
		{"nesterov", Optimizer{Method: SGD, Momentum: 0.9, Nesterov: true}},
	} {
		t.Run(c.name, func(t *testing.T) {
			oracle := func(w float64) float64 {
				if c.o.Method == SGD {
					return oracleSGD(w, gradient, c.o, lr, n)
				}
				return oracleAdam(w, gradient, lr, c.o.WeightDecay, c.o.Method == AdamW, n)
			}
			p, start := randomParam(graph.RoleWeight, 37)
			o := newOptimizer(c.o, []*graph.Param{p})
			for range n {
				for i, w := range p.Value {
					p.Grad[i] = float32(gradient(float64(w)))
				}
				update(t, o, lr)
			}
			for i, w := range p.Value {
				if want := oracle(float64(start[i])); math.Abs(float64(w)-want) > 2e-5 {
					t.Errorf("weight %d: %v, want %v", i, w, want)
				}
			}
		})
	}
}

func update(t *testing.T, o *optimizer, lr float64) {
	t.Helper()
	if err := o.update(lr); err != nil {
		t.Fatal(err)
	}
}

func randomParam(role graph.Role, n int) (*graph.Param, []float64) {
	rng := rand.New(rand.NewPCG(1, 2))
	p := &graph.Param{Name: "p", Role: role, LRFactor: 1, Value: make([]float32, n), Grad: make([]float32, n)}
	start := make([]float64, n)
	for i := range p.Value {
		p.Value[i] = float32(rng.NormFloat64())
		start[i] = float64(p.Value[i])
	}
	return p, start
}

func TestDecaySparesAllButWeights(t *testing.T) {
	for role, decays := range map[graph.Role]bool{
		graph.RoleWeight: true, graph.RoleBias: false, graph.RoleScale: false, graph.RoleShift: false,
		graph.RoleLearned: false,
	} {
		for method := range methods {
			p, start := randomParam(role, 5) // its gradient is 0
			update(t, newOptimizer(Optimizer{Method: Method(method), WeightDecay: 0.5}, []*graph.Param{p}), 0.1)
			if changed := float64(p.Value[0]) != start[0]; changed != decays {
				t.Errorf("%v, role %d: the weight changes: %v, want %v", Method(method), role, changed, decays)
			}
		}
	}
}

func TestLearningRateFactor(t *testing.T) {
	p, start := randomParam(graph.RoleLearned, 4)
	p.LRFactor = 0.5
	for i := range p.Grad {
		p.Grad[i] = 1
	}
	update(t, newOptimizer(Optimizer{Method: SGD}, []*graph.Param{p}), 0.25)
	for i, w := range p.Value {
		if want := float32(start[i] - 0.125); math.Abs(float64(w-want)) > 1e-6 {
			t.Errorf("weight %d: %v, want %v", i, w, want)
		}
	}
}

func TestParameterWithoutGradientStays(t *testing.T) {
	p, start := randomParam(graph.RoleLearned, 4)
	p.Grad = nil
	update(t, newOptimizer(Optimizer{}, []*graph.Param{p}), 0.1)
	if float64(p.Value[0]) != start[0] {
		t.Errorf("%v, want %v", p.Value[0], start[0])
	}
}

func TestOptimizerStateContinues(t *testing.T) {
	for method := range methods {
		o := Optimizer{Method: Method(method)}
		whole, _ := randomParam(graph.RoleWeight, 9)
		halves, _ := randomParam(graph.RoleWeight, 9)
		updates := func(opt *optimizer, p *graph.Param, from, to int) {
			for k := from; k < to; k++ {
				for i := range p.Grad {
					p.Grad[i] = float32(math.Cos(float64(i * k)))
				}
				update(t, opt, 0.1)
			}
		}
		updates(newOptimizer(o, []*graph.Param{whole}), whole, 0, 8)
		first := newOptimizer(o, []*graph.Param{halves})
		updates(first, halves, 0, 3)
		second := newOptimizer(o, []*graph.Param{halves})
		if err := take(second.save(), first.save()); err != nil {
			t.Fatal(err)
		}
		updates(second, halves, 3, 8)
		for i := range whole.Value {
			if whole.Value[i] != halves.Value[i] {
				t.Errorf("%v: weight %d: %v after a restart, %v without", o.Method, i, halves.Value[i], whole.Value[i])
			}
		}
	}
}

func TestOptimizerRefusesForeignState(t *testing.T) {
	small, _ := randomParam(graph.RoleWeight, 3)
	large, _ := randomParam(graph.RoleWeight, 4)
	saved := newOptimizer(Optimizer{}, []*graph.Param{small}).save()
	if err := take(newOptimizer(Optimizer{}, []*graph.Param{large}).save(), saved); err == nil {
		t.Error("moments of another length are taken")
	}
	if err := take(newOptimizer(Optimizer{Method: SGD}, []*graph.Param{small}).save(), saved); err == nil {
		t.Error("Adam's state is taken for SGD's")
	}
}

func TestOverflowIsNamed(t *testing.T) {
	p, _ := randomParam(graph.RoleWeight, 4)
	p.Grad[2] = math.MaxFloat32
	err := newOptimizer(Optimizer{Method: SGD}, []*graph.Param{p}).update(100)
	if !errors.Is(err, graph.ErrNotFinite) || !strings.Contains(err.Error(), "1 values of parameter p are") {
		t.Errorf("got %v", err)
	}
}
