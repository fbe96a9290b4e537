package train

import (
	"fmt"

	"petrify/graph"
	"petrify/internal/kernel"
)

// Method names an optimizer.
type Method uint8

// The methods; see the file of each for its equations.
const (
	Adam  Method = iota // adam.go
	AdamW               // adamw.go
	SGD                 // sgd.go
)

// methods is their table.
var methods = [...]struct {
	name         string
	learningRate float64 // by default, in float training
}{
	Adam:  {"adam", 0.001},
	AdamW: {"adamw", 0.001},
	SGD:   {"sgd", 0.05},
}

// LearningRate is the default of the method in float training.
func (m Method) LearningRate() float64 { return methods[m].learningRate }

func methodNames() []string {
	var names []string
	for _, m := range methods {
		names = append(names, m.name)
	}
	return names
}

// String is "adam", "adamw" or "sgd".
func (m Method) String() string {
	if int(m) < len(methods) {
		return methods[m].name
	}
	return fmt.Sprintf("Method(%d)", uint8(m))
}

// MarshalText writes [Method.String].
func (m Method) MarshalText() ([]byte, error) { return []byte(m.String()), nil }

// UnmarshalText reads what String writes.
func (m *Method) UnmarshalText(text []byte) error {
	i, err := index(methodNames(), string(text))
	*m = Method(i)
	return err
}

// Optimizer is a method and its constants. Its zero value is Adam with the
// constants of the paper.
//
// WeightDecay pulls weights towards 0. Biases, batch norm's parameters and the
// learned scales of quantizers are exempt.
type Optimizer struct {
	Method      Method
	WeightDecay float64 // λ
	Momentum    float64 // SGD: μ
	Nesterov    bool    // SGD: look ahead; needs a momentum
	Beta1       float64 // Adam, AdamW; 0 means 0.9
	Beta2       float64 // Adam, AdamW; 0 means 0.999
	Epsilon     float64 // Adam, AdamW; 0 means 1e-8
}

// resolve fills in the constants that are 0.
func (o Optimizer) resolve() Optimizer {
	if o.Method == SGD {
		return o
	}
	for _, c := range []struct {
		field *float64
		value float64
	}{{&o.Beta1, 0.9}, {&o.Beta2, 0.999}, {&o.Epsilon, 1e-8}} {
		if *c.field == 0 {
			*c.field = c.value
		}
	}
	return o
}

func (o Optimizer) faults(f *Faults, path string) {
	f.check(int(o.Method) < len(methods), path+".method", "%d: want one of %q", uint8(o.Method), methodNames())
	f.check(o.WeightDecay >= 0 && o.WeightDecay < 1, path+".weight_decay", "%v: want 0 or more, and less than 1",
		o.WeightDecay)
	isSGD := o.Method == SGD
	f.check(o.Momentum >= 0 && o.Momentum < 1, path+".momentum", "%v: want 0 or more, and less than 1", o.Momentum)
	f.check(o.Momentum == 0 || isSGD, path+".momentum", "%v has no effect on %v: want sgd", o.Momentum, o.Method)
	f.check(!o.Nesterov || isSGD && o.Momentum > 0, path+".nesterov", "true has no effect without sgd and a momentum")
	for _, c := range []struct {
		name        string
		value, most float64
	}{{"beta1", o.Beta1, 1}, {"beta2", o.Beta2, 1}, {"epsilon", o.Epsilon, 1}} {
		f.check(c.value >= 0 && c.value < c.most, path+"."+c.name, "%v: want 0 or more, and less than 1", c.value)
		f.check(c.value == 0 || !isSGD, path+"."+c.name, "%v has no effect on sgd: want adam or adamw", c.value)
	}
}

// rule is the mathematics of one optimizer.
type rule interface {
	// slots names the tensors that the rule keeps for each parameter.
	slots() []string
	// update changes w by its gradient g at step t = 1, 2, ….
	update(w, g []float32, slots [][]float32, lr, decay float64, t int64)
}

func (o Optimizer) rule() rule {
	o = o.resolve()
	switch o.Method {
	case SGD:
		return sgd{o}
	case AdamW:
		return adamW{adam{o}}
	case Adam:
		return adam{o}
	}
	panic(fmt.Sprintf("train: no rule for %v", o.Method))
}

// optimizer applies a rule to the parameters of a model.
type optimizer struct {
	rule
	decay  float64
	params []*graph.Param
	state  [][][]float32 // parameter, slot, element
	t      []int64       // one number: updates made
}

func newOptimizer(o Optimizer, params []*graph.Param) *optimizer {
	opt := &optimizer{rule: o.rule(), decay: o.WeightDecay, params: params, t: make([]int64, 1)}
	for _, p := range params {
		slots := make([][]float32, len(opt.slots()))
		for i := range slots {
			slots[i] = make([]float32, len(p.Value))
		}
		opt.state = append(opt.state, slots)
	}
	return opt
}

// On returns the optimizer's step, for your own loops around a [graph.Trainer]:
// it updates the parameters with their gradients at a learning rate, and keeps
// the method's state.
func (o Optimizer) On(params []*graph.Param) (step func(lr float64) error) {
	return newOptimizer(o, params).update
}

// update updates every parameter with its gradient. A parameter that the
// stage's graph does not use, such as a learned scale in float training, has
// none. A parameter that is no longer finite is an error, since no checkpoint
// must hold it.
func (o *optimizer) update(lr float64) error {
	o.t[0]++
	for i, p := range o.params {
		if p.Grad == nil {
			continue
		}
		decay := 0.0
		if p.Role == graph.RoleWeight {
			decay = o.decay
		}
		o.rule.update(p.Value, p.Grad, o.state[i], lr*float64(p.LRFactor), decay, o.t[0])
		if _, _, n := kernel.MinMax(p.Value); n > 0 {
			return fmt.Errorf("%d values of parameter %s are %w after the update", n, p.Name, graph.ErrNotFinite)
		}
	}
	return nil
}

// save returns the state as tensors that share o's memory.
func (o *optimizer) save() []graph.State {
	saved := []graph.State{{Name: "optimizer/step", Shape: []int{1}, I64: o.t}}
	for i, p := range o.params {
		for j, slot := range o.slots() {
			v := o.state[i][j]
			saved = append(saved, graph.State{Name: "optimizer/" + slot + "/" + p.Name, Shape: []int{len(v)}, F32: v})
		}
	}
	return saved
}
