package fromonnx

import (
	"fmt"
	"slices"

	"petrify/internal/onnxeval"
	"petrify/internal/onnxpb"
)

// Cut is what the file computes after the network, since training needs the
// numbers before it.
type Cut string

// What is cut.
const (
	CutSoftmax    Cut = "softmax"
	CutLogSoftmax Cut = "log_softmax"
	CutSigmoid    Cut = "sigmoid"
	CutArgMax     Cut = "argmax"
	CutTwoClasses Cut = "two_classes" // p becomes 1 − p and p
)

// cuts are the operators that end a network and may be cut, with the empty one
// for those that only rename, reshape or pick.
var cuts = map[string]Cut{
	"Softmax": CutSoftmax, "LogSoftmax": CutLogSoftmax, "Sigmoid": CutSigmoid, "ArgMax": CutArgMax,
	"Identity": "", "Cast": "", "Reshape": "", "Squeeze": "", "Flatten": "", "Unsqueeze": "",
	"Sub": "", "Concat": "", "Greater": "", "GreaterOrEqual": "", "Where": "",
	"ai.onnx.ml.ZipMap": "", "ai.onnx.ml.ArrayFeatureExtractor": "", "ai.onnx.ml.Normalizer": "",
	"ai.onnx.ml.Binarizer": "", "ai.onnx.ml.LabelEncoder": "",
}

// tail is the end of the graph.
type tail struct {
	value  string // what the network computes
	result string // the output of the file that is computed from it
	cut    []Cut
	others []string
}

// findTail finds the value from which all outputs are computed by operators
// that may be cut. From several it takes the last: what comes before belongs to
// the network.
func (t *trace) findTail() (*tail, error) {
	outputs := t.graph.Outputs
	if len(outputs) == 0 {
		return nil, fmt.Errorf("has no outputs")
	}
	producer := map[string]int{}
	for i, n := range t.graph.Nodes {
		for _, out := range n.Outputs {
			producer[out] = i
		}
	}
	for _, out := range outputs {
		if _, ok := producer[out.Name]; !ok || !t.computed[out.Name] {
			return nil, fmt.Errorf("its output %q does not depend on its input", out.Name)
		}
	}
	open := map[string]bool{} // values that are needed, from the end on
	for _, out := range outputs {
		open[out.Name] = true
	}
	result := t.result(outputs)
	found := &tail{result: result.Name, value: result.Name}
	for _, out := range outputs {
		if out.Name != result.Name {
			found.others = append(found.others, out.Name)
		}
	}
	passed := map[string]bool{}
	value, cut := "", false // where the network may end; whether a function was passed since
	if len(open) == 1 {
		value = found.value
	}
	for {
		last := latest(open, producer)
		n := t.graph.Nodes[producer[last]]
		kind, cuttable := cuts[qualified(n)]
		reachesInput := slices.Contains(n.Inputs, t.input.Name) // something must be left
		if !cuttable || reachesInput || len(open) == 1 && !t.ends(found, kind) {
			break
		}
		for _, out := range n.Outputs {
			delete(open, out)
		}
		passed[last] = true
		cut = cut || kind != ""
		for _, in := range n.Inputs {
			if t.computed[in] {
				open[in] = true
			}
		}
		if len(open) == 1 && (cut || value == "") {
			value, cut = latest(open, producer), false
		}
	}
	if value == "" {
		return nil, fmt.Errorf("has %d outputs that are computed apart from each other: want one, or such as a "+
			"softmax makes of one", len(outputs))
	}
	return t.cutting(found, value, passed, producer), nil
}

// ends reports whether a node that alone is left may be cut: it may be unless it
// is a sigmoid that gives back as many numbers as the input has, as autoencoders
// for pictures end.
func (t *trace) ends(found *tail, kind Cut) bool {
	if kind != CutSigmoid {
		return true
	}
	for _, out := range t.graph.Outputs {
		if out.Name == found.result && len(out.Shape) == len(t.dims) {
			same := true
			for i, d := range out.Shape[1:] {
				same = same && int(d.Value) == t.dims[i+1]
			}
			return !same
		}
	}
	return true
}

// result is the output that says most: numbers, the first of several, but
// probabilities before a label.
func (t *trace) result(outputs []onnxpb.Value) onnxpb.Value {
	for _, out := range outputs {
		if out.Type == onnxpb.Float || out.Type == onnxpb.Double || out.Type == onnxpb.Float16 {
			return out
		}
	}
	return outputs[len(outputs)-1]
}

// latest is the value of the node that comes last.
func latest(open map[string]bool, producer map[string]int) (name string) {
	at := -1
	for v := range open {
		if i, ok := producer[v]; ok && i > at {
			name, at = v, i
		}
	}
	return name
}

// neutral operators leave the numbers of a result as they are.
var neutral = []string{"Identity", "Cast", "Reshape", "Squeeze", "Flatten", "Unsqueeze", "ZipMap"}

// complements reports whether a node joins 1 − p and p.
func (t *trace) complements(n *onnxeval.Node, producer map[string]int) bool {
	if len(n.Inputs) != 2 {
		return false
	}
	at, ok := producer[n.Inputs[0]]
	if !ok {
		return false
	}
	sub := t.graph.Nodes[at]
	if sub.Op != "Sub" || len(sub.Inputs) != 2 || sub.Inputs[1] != n.Inputs[1] {
		return false
	}
	one := t.graph.Constants[sub.Inputs[0]]
	return one != nil && one.Size() == 1 && one.S == nil && one.Numbers()[0] == 1
}

// cutting lists what is cut between the value and the result.
func (t *trace) cutting(found *tail, value string, passed map[string]bool, producer map[string]int) *tail {
	found.value = value
	reaches := map[string]bool{value: true}
	on := map[string]bool{found.result: true} // the way from the value to the result
	nodes := t.graph.Nodes
	for _, n := range slices.Backward(nodes) {
		if slices.ContainsFunc(n.Outputs, func(out string) bool { return on[out] && passed[out] }) {
			for _, in := range n.Inputs {
				on[in] = true
			}
		}
	}
	for _, n := range nodes {
		if len(n.Outputs) == 0 || !passed[n.Outputs[0]] || !on[n.Outputs[0]] ||
			!slices.ContainsFunc(n.Inputs, func(in string) bool { return reaches[in] }) {
			continue
		}
		reaches[n.Outputs[0]] = true
		kind := cuts[qualified(n)]
		switch {
		case n.Op == "Concat" && t.complements(n, producer):
			kind = CutTwoClasses
		case n.Op == "Sub" && slices.ContainsFunc(nodes, func(c *onnxeval.Node) bool {
			return c.Op == "Concat" && slices.Contains(c.Inputs, n.Outputs[0]) && t.complements(c, producer)
		}):
		case kind == "" && !slices.Contains(neutral, n.Op): // it would have to be put back
			return &tail{value: found.result, result: found.result, others: found.others}
		}
		if kind != "" {
			found.cut = append(found.cut, kind)
		}
	}
	return found
}
