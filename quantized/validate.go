package quantized

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
)

// Validate returns every contradiction in the model, one per line, each with
// the name of its layer; nil if there is none. If it accepts a model,
// [Model.Save] can write it and an integer engine can run it.
func (m *Model) Validate() error {
	v := validator{known: map[string]Activation{}, used: map[string]bool{m.Output: true}}
	v.input(&m.Input)
	for i := range m.Nodes {
		v.node(&m.Nodes[i])
	}
	v.output(m)
	if len(v.faults) == 0 {
		_, err := m.Accumulators()
		return err
	}
	return errors.Join(v.faults...)
}

// validator collects faults while it walks the nodes in order.
type validator struct {
	known  map[string]Activation // the input and the outputs of the nodes so far
	used   map[string]bool       // names that a node reads, and the result
	faults []error
}

func (v *validator) add(name string, err error) {
	if err != nil {
		v.faults = append(v.faults, fmt.Errorf("quantized: %s: %w", name, err))
	}
}

func (v *validator) addf(name, format string, args ...any) {
	v.add(name, fmt.Errorf(format, args...))
}

// declare makes an activation known to later nodes.
func (v *validator) declare(a Activation) {
	label := a.Name
	if label == "" || strings.TrimSpace(label) != label {
		v.addf(fmt.Sprintf("layer %d", len(v.known)), "name %q: want one without spaces around it", a.Name)
	}
	if _, taken := v.known[a.Name]; taken {
		v.addf(label, "the name occurs twice")
	}
	v.add(label, checkShape(a.Shape))
	v.add(label, checkQuant(a.Quant))
	v.known[a.Name] = a
}

func (v *validator) input(in *Input) {
	v.declare(in.Activation)
	if !positive(in.PixelScale) {
		v.addf(in.Name, "pixel scale %v: want a number > 0", in.PixelScale)
	}
	channels := 0
	if len(in.Shape) > 0 {
		channels = in.Shape[0]
	}
	for _, list := range [][]float32{in.Mean, in.Std} {
		if n := len(list); n > 1 && n != channels {
			v.addf(in.Name, "%d means or deviations for %d channels", n, channels)
		}
	}
	if len(in.Mean) != len(in.Std) {
		v.addf(in.Name, "%d means, %d standard deviations", len(in.Mean), len(in.Std))
	}
	if !finite(in.Mean) {
		v.addf(in.Name, "mean %v: want finite numbers", in.Mean)
	}
	if slices.ContainsFunc(in.Std, func(s float32) bool { return !positive(s) }) {
		v.addf(in.Name, "standard deviation %v: want numbers > 0", in.Std)
	}
	if in.Raw != nil {
		v.add(in.Name, in.Raw.check(in.Shape))
	}
}

func (v *validator) output(m *Model) {
	for i := range m.Nodes {
		if name := m.Nodes[i].Name; !v.used[name] {
			v.addf(name, "no layer reads its output, and the model's output is %q", m.Output)
		}
	}
	out, ok := v.known[m.Output]
	if !ok || len(m.Nodes) == 0 {
		v.addf("model", "output %q: want the name of a layer", m.Output)
		return
	}
	if n := elements(out.Shape); len(m.Classes) > 0 && n != int64(len(m.Classes)) {
		v.addf("model", "%d class names for %d outputs", len(m.Classes), n)
	}
	n := elements(out.Shape)
	if m.Task == Pixels && len(out.Shape) == 3 {
		n = int64(out.Shape[0])
	}
	if len(m.Targets) > 0 && n != int64(len(m.Targets)) {
		v.addf("model", "%d names of targets for %d outputs", len(m.Targets), n)
	}
}

// node checks one node, as far as earlier faults permit.
func (v *validator) node(n *Node) {
	defer v.declare(n.Output)
	if n.Output.Name != n.Name {
		v.addf(n.Name, "its output is called %q: want the layer's own name", n.Output.Name)
	}
	if n.Op == 0 || int(n.Op) >= len(opNames) {
		v.addf(n.Name, "%v is not an operation", n.Op)
		return
	}
	before := len(v.faults)
	inputs := v.inputs(n)
	v.add(n.Name, checkFunc(n))
	v.add(n.Name, checkWindow(n))
	v.add(n.Name, checkParameters(n))
	if len(v.faults) > before {
		return
	}
	shapes := make([][]int, len(inputs))
	for i, in := range inputs {
		shapes[i] = in.Shape
	}
	if n.Weights != nil {
		v.add(n.Name, checkFit(n, inputs[0]))
	}
	if n.Op == PReLU && len(n.Slopes) != inputs[0].Shape[0] {
		v.addf(n.Name, "%d slopes for an input of shape %v", len(n.Slopes), inputs[0].Shape)
	}
	if n.Norm != nil {
		v.add(n.Name, n.Norm.checkFit(inputs[0]))
	}
	if len(v.faults) > before {
		return
	}
	shape, err := n.OutputShape(shapes...)
	v.add(n.Name, err)
	if err == nil && !slices.Equal(shape, n.Output.Shape) {
		v.addf(n.Name, "output of shape %v: its inputs give %v", n.Output.Shape, shape)
	}
	if in := inputs[0].Quant; n.Op.PassesThrough() && !sameQuant(in, n.Output.Quant) {
		v.addf(n.Name, "output is %v, input %v: %v passes its input's numbers on, so they must agree",
			n.Output.Quant, in, n.Op)
	}
}

// inputs looks up what n reads.
func (v *validator) inputs(n *Node) []Activation {
	least, most := 1, 1
	switch n.Op {
	case Add, Sub, Mul, Max, Min, AttentionScores, AttentionValues:
		least, most = 2, 2
	case Concat:
		least, most = 2, math.MaxInt
	}
	if len(n.Inputs) < least || len(n.Inputs) > most {
		v.addf(n.Name, "%d inputs: %v takes %s", len(n.Inputs), n.Op, arity(least, most))
	}
	var in []Activation
	for _, name := range n.Inputs {
		v.used[name] = true
		a, ok := v.known[name]
		switch {
		case !ok:
			v.addf(n.Name, "input %q: want the model's input or a layer before this one", name)
		case checkShape(a.Shape) != nil:
			v.addf(n.Name, "input %q has no valid shape", name)
		}
		in = append(in, a)
	}
	return in
}

func arity(least, most int) string {
	if least == most {
		return fmt.Sprint(least)
	}
	return fmt.Sprintf("%d or more", least)
}

// String is the quantizer without its origin, such as "uint8 scale 0.02 zero 3".
func (q Quant) String() string {
	if q.IsFloat() {
		return "float32"
	}
	return fmt.Sprintf("%v scale %v zero %d", q.Format, q.Scale, q.Zero)
}

func sameQuant(a, b Quant) bool {
	return a.Format == b.Format && a.Scale == b.Scale && a.Zero == b.Zero
}

func positive(v float32) bool { return v > 0 && v <= math.MaxFloat32 }

func finite(values []float32) bool {
	return !slices.ContainsFunc(values, func(v float32) bool {
		return math.IsNaN(float64(v)) || math.IsInf(float64(v), 0)
	})
}
