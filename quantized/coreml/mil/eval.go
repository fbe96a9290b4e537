package mil

import (
	"errors"
	"fmt"
	"math"
)

// Machine runs a program by the definitions of its operations. Sums are
// float64 in a fixed order; every result is rounded to its declared type.
// Memory is allocated once. A machine is not safe for concurrent use.
type Machine struct {
	inputs  map[string][]float64
	types   map[string]Type
	values  map[string][]float64 // every numeric value, by name
	steps   []func()
	outputs []string
	labels  []string // classify: class names
	probs   []float64
	names   [2]string // classify: names of label and scores
}

// Result is one output of a run: Numbers for an array, Label for the predicted
// class, Scores for the probabilities by class.
type Result struct {
	Numbers []float64
	Label   string
	Scores  map[string]float64
}

// call gives a definition its arguments' memory when a machine is built.
type call struct {
	args
	machine *Machine
}

// buffer is the memory of a parameter: a constant's elements or the result of
// an earlier operation.
func (c *call) buffer(name string) []float64 { return c.buffers(name)[0] }

func (c *call) buffers(name string) [][]float64 {
	if c.op.Attribute(name) != nil {
		return [][]float64{c.numbers(name)}
	}
	var list [][]float64
	for _, b := range c.op.Argument(name) {
		if b.Value != nil {
			list = append(list, c.numbers(name))
			continue
		}
		list = append(list, c.machine.values[b.Name])
	}
	return list
}

// result is the type of the operation's result.
func (c *call) result() Type { return c.op.Outputs[0].Type }

// maxMemory is the number of elements that a machine's values may have in all.
const maxMemory = 1 << 26

// NewMachine checks the package and prepares it to run. Constants are
// decompressed here, once. A program whose values would take more than 512 MB
// is refused.
func NewMachine(p *Package) (*Machine, error) {
	if err := Check(p); err != nil {
		return nil, err
	}
	if n := elements(&p.Model.Program); n > maxMemory {
		return nil, fmt.Errorf("mil: machine: values of %d elements: want at most %d", n, maxMemory)
	}
	scope := newChecker(p)
	m := &Machine{inputs: map[string][]float64{}, types: scope.types, values: map[string][]float64{},
		outputs: p.Model.Program.Outputs}
	for _, in := range p.Model.Program.Inputs {
		scope.types[in.Name] = in.Type
		m.values[in.Name] = make([]float64, in.Type.Size())
		m.inputs[in.Name] = m.values[in.Name]
	}
	for i := range p.Model.Program.Operations {
		op := &p.Model.Program.Operations[i]
		if _, err := scope.infer(op); err != nil {
			return nil, fmt.Errorf("mil: operation %q: %w", op.Name(), err)
		}
		for _, out := range op.Outputs {
			scope.types[out.Name] = out.Type
		}
		c := &call{args: args{op: op, scope: &scope.scope}, machine: m}
		if c.compile(); c.err != nil {
			return nil, fmt.Errorf("mil: operation %q: %w", op.Name(), c.err)
		}
	}
	return m, nil
}

// elements is the number of elements of all values, at most a little more than
// maxMemory.
func elements(p *Program) int {
	n := 0
	for _, in := range p.Inputs {
		n += min(in.Type.Size(), maxMemory+1)
	}
	for i := range p.Operations {
		for _, out := range p.Operations[i].Outputs {
			n = min(n, maxMemory) + min(out.Type.Size(), maxMemory+1)
		}
	}
	return n
}

// compile adds the operation to the machine: constants are computed now,
// everything else in each run.
func (c *call) compile() {
	m, out := c.machine, c.op.Outputs[0].Name
	switch c.op.Type {
	case "const":
		if c.result().Data != String {
			m.values[out] = c.numbers("val")
		}
		return
	case "classify":
		m.probs = c.buffer("probabilities")
		m.names = [2]string{out, c.op.Outputs[1].Name}
		for _, label := range c.op.Argument("classes")[0].Value.List {
			m.labels = append(m.labels, label.Strings[0])
		}
		return
	}
	d, _ := define(c.op.Type)
	y := make([]float64, c.result().Size())
	run, data := d.build(c, y), c.result().Data
	m.values[out] = y
	if c.err != nil {
		return
	}
	step := func() {
		run()
		for i, r := range y {
			y[i] = data.Round(r)
		}
	}
	if !data.IsFloat() {
		step = run
	}
	if c.scope.fixed[out] {
		step()
		return
	}
	m.steps = append(m.steps, step)
}

// Run computes the outputs, by name, for one set of inputs, by name. Arrays in
// the result are the machine's own and change with the next run.
func (m *Machine) Run(inputs map[string][]float32) (map[string]Result, error) {
	if len(inputs) != len(m.inputs) {
		return nil, fmt.Errorf("mil: run: %d inputs: want %d", len(inputs), len(m.inputs))
	}
	for name, x := range inputs {
		memory, ok := m.inputs[name]
		if !ok || len(x) != len(memory) {
			return nil, fmt.Errorf("mil: run: input %q of %d elements: want %d elements of %v", name, len(x),
				len(memory), m.types[name])
		}
		for i, r := range x {
			memory[i] = m.types[name].Data.Round(float64(r))
		}
	}
	for _, step := range m.steps {
		step()
	}
	results := map[string]Result{}
	for _, name := range m.outputs {
		r, err := m.result(name)
		if err != nil {
			return nil, fmt.Errorf("mil: run: output %q: %w", name, err)
		}
		results[name] = r
	}
	return results, nil
}

func (m *Machine) result(name string) (Result, error) {
	switch name {
	case m.names[0]:
		best := 0
		for i, p := range m.probs {
			if p > m.probs[best] {
				best = i
			}
		}
		return Result{Label: m.labels[best]}, nil
	case m.names[1]:
		scores := make(map[string]float64, len(m.labels))
		for i, label := range m.labels {
			scores[label] = m.probs[i]
		}
		return Result{Scores: scores}, nil
	}
	if m.values[name] == nil {
		return Result{}, errors.New("no numbers")
	}
	return Result{Numbers: m.values[name]}, nil
}

// Value is the content of any numeric value of the program after a run, such
// as the integers between two layers; nil if there is none of that name.
func (m *Machine) Value(name string) []float64 { return m.values[name] }

func relu(r float64) float64    { return max(r, 0) }
func relu6(r float64) float64   { return min(max(r, 0), 6) }
func sigmoid(r float64) float64 { return 1 / (1 + math.Exp(-r)) }
func tanh(r float64) float64    { return math.Tanh(r) }
func silu(r float64) float64    { return r * sigmoid(r) }

// gelu is r·(1 + erf(r/√2))/2, without the cancellation below 0.
func gelu(r float64) float64 { return r * math.Erfc(-r/math.Sqrt2) / 2 }

func softplus(r float64) float64 { return max(r, 0) + math.Log1p(math.Exp(-math.Abs(r))) }
