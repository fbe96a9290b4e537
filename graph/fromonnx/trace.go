package fromonnx

import (
	"errors"
	"fmt"
	"slices"

	"petrify/graph"
	"petrify/internal/onnxeval"
	"petrify/internal/onnxpb"
)

// trace is a run of the graph on zeros: the shape of each value, and the
// constants, which are the values that do not depend on the input.
type trace struct {
	graph     *onnxeval.Graph
	parts     map[*onnxeval.Node][]string // the nodes that one stands for besides
	input     onnxpb.Value
	dims      []int // of the input, the batch first
	fixed     int   // the batch that the file fixes; 0: any
	computed  map[string]bool
	constants map[string]*onnxeval.Tensor
	shapes    map[string][]int
	types     map[string]onnxpb.DataType
	root      map[string]string // the initializer that a constant comes from
	readers   map[string]int    // nodes that read a value, and outputs
	tail      *tail
	needed    []bool // the nodes that the network needs
	refusals  Refusals
	folded    int // nodes that compute constants
	elements  int // of all values that are computed for the traced input
}

// newTrace traces the graph for a batch of the given size, unless the file fixes another.
func newTrace(g *onnxeval.Graph, o Options, batch int) (*trace, error) {
	g, parts := wholes(g)
	t := &trace{
		graph: g, parts: parts, computed: map[string]bool{}, constants: map[string]*onnxeval.Tensor{},
		shapes: map[string][]int{},
		types:  map[string]onnxpb.DataType{}, root: map[string]string{},
	}
	if err := t.findInput(o.Shape, batch); err != nil {
		return nil, err
	}
	t.depend()
	var err error
	if t.tail, err = t.findTail(); err != nil {
		return nil, err
	}
	if err := t.follow(); err != nil || t.overAll() {
		return t, err
	}
	t.tail = &tail{value: t.tail.result, result: t.tail.result, others: t.tail.others}
	return t, t.follow()
}

// follow traces the graph up to the value at which the network ends.
func (t *trace) follow() error {
	t.readers, t.refusals, t.folded = map[string]int{}, nil, 0
	t.needed = t.graph.Needed([]string{t.tail.value})
	t.count()
	t.scan()
	return t.run()
}

// overAll reports whether what is cut off goes over all numbers of an output, as
// it is put back, and not over the channels of each pixel.
func (t *trace) overAll() bool {
	shape, ok := t.shapes[t.tail.value]
	if !ok || len(shape) < 2 || !slices.ContainsFunc(t.tail.cut, func(c Cut) bool { return c != CutSigmoid }) {
		return true
	}
	return slices.Max(shape[1:]) == sizeOf(shape[1:])
}

// findInput chooses the input and its sizes.
func (t *trace) findInput(given []int, batch int) error {
	inputs := t.graph.Inputs
	if len(inputs) != 1 {
		var names []string
		for _, in := range inputs[:min(len(inputs), 8)] {
			names = append(names, in.Name)
		}
		return fmt.Errorf("has %d inputs %q: want one", len(inputs), names)
	}
	t.input = inputs[0]
	shape := t.input.Shape
	if given != nil {
		shape = []onnxpb.Dim{{}}
		if len(t.input.Shape) > 0 {
			shape[0] = t.input.Shape[0]
		}
		for _, d := range given {
			shape = append(shape, onnxpb.Dim{Value: int64(d)})
		}
	}
	if t.input.Type == 0 || t.input.Type == onnxpb.String || len(shape) < 2 || len(shape) > 4 {
		return fmt.Errorf("input %q of type %v and %d dimensions: want numbers, and 2 to 4 dimensions of which the "+
			"first is the batch", t.input.Name, t.input.Type, len(shape))
	}
	for i, d := range shape {
		const widest = 1 << 20
		if d.Name != "" || d.Value == 0 || i == 0 && d.Value < 0 {
			d.Value = 0
		}
		switch {
		case i == 0:
			t.fixed = int(min(d.Value, widest))
			if d.Value < 1 {
				d.Value = int64(batch)
			}
		case d.Value < 1:
			return fmt.Errorf("input %q: its dimension %d is open: give the shape without the batch, such as "+
				"--shape 3,32,32", t.input.Name, i)
		}
		if d.Value > widest {
			return fmt.Errorf("input %q: a dimension of %d: want at most %d", t.input.Name, d.Value, widest)
		}
		t.dims = append(t.dims, int(d.Value))
	}
	return nil
}

// depend finds the values that depend on the input's numbers, not only on its
// shape.
func (t *trace) depend() {
	t.computed[t.input.Name] = true
	for name := range t.graph.Constants {
		t.root[name] = name
	}
	for _, n := range t.graph.Nodes {
		inputs := n.Inputs
		switch {
		case n.Domain != "":
		case n.Op == "Shape", n.Op == "Size":
			inputs = nil
		case n.Op == "CastLike": // of the other input, only the type matters
			inputs = inputs[:min(len(inputs), 1)]
		}
		depends := slices.ContainsFunc(inputs, func(in string) bool { return t.computed[in] })
		for _, out := range n.Outputs {
			t.computed[out] = depends && out != ""
			if !depends && len(n.Inputs) > 0 && t.root[n.Inputs[0]] != "" {
				t.root[out] = t.root[n.Inputs[0]]
			}
		}
	}
}

// count counts the readers of each value.
func (t *trace) count() {
	t.readers[t.tail.value]++
	for i, n := range t.graph.Nodes {
		for _, in := range n.Inputs {
			if t.needed[i] {
				t.readers[in]++
			}
		}
	}
}

// depends reports whether the node computes from the input's numbers.
func (t *trace) depends(n *onnxeval.Node) bool {
	return slices.ContainsFunc(n.Outputs, func(out string) bool { return t.computed[out] })
}

// scan refuses the operators that nothing knows, so that they are reported
// together, whatever else is wrong.
func (t *trace) scan() {
	for i, n := range t.graph.Nodes {
		if !t.needed[i] {
			continue
		}
		if !t.depends(n) {
			if !onnxeval.Has(n.Domain, n.Op) {
				t.refuse(n, refuse(advice(n), "operator %s is not supported in the arithmetic of constants", n.Type()))
			}
		} else if _, ok := operators[qualified(n)]; !ok {
			t.refuse(n, refuse(advice(n), "no layer for operator %s", n.Type()))
		}
	}
}

func qualified(n *onnxeval.Node) string {
	if n.Domain == "" {
		return n.Op
	}
	return n.Domain + "." + n.Op
}

// refuse records why a node cannot be imported.
func (t *trace) refuse(n *onnxeval.Node, err error) {
	r := Refusal{Node: n.String(), Operator: n.Type(), Why: err.Error()}
	if with, ok := errors.AsType[refused](err); ok {
		r.Help = with.help
	}
	t.refusals = append(t.refusals, r)
}

// mostInput limits the elements of the input, mostConstants those of constants
// that nodes compute, mostElements those of all values.
const (
	mostInput     = 1 << 22
	mostConstants = 1 << 24
	mostElements  = 1 << 26
)

// run evaluates the graph on zeros.
func (t *trace) run() error {
	known := map[string]bool{}
	for _, r := range t.refusals {
		known[r.Node] = true
	}
	zeros := &onnxeval.Tensor{Type: t.input.Type, Shape: t.dims}
	n := zeros.Size()
	if n > mostInput {
		return fmt.Errorf("input %q of shape %v: want at most %d elements", t.input.Name, t.dims, mostInput)
	}
	if zeros.IsFloat() {
		zeros.F = make([]float64, n)
	} else {
		zeros.I = make([]int64, n)
	}
	t.shapes[t.input.Name], t.types[t.input.Name] = t.dims, t.input.Type
	for name, c := range t.graph.Constants {
		t.constants[name], t.shapes[name] = c, c.Shape
	}
	kept := 0
	t.elements = 0
	_, err := t.graph.Run(map[string]*onnxeval.Tensor{t.input.Name: zeros}, onnxeval.Options{
		Want: []string{t.tail.value}, Shapes: true,
		Failed: func(n *onnxeval.Node, err error) {
			if !onnxeval.IsUnknown(err) && !known[n.String()] {
				t.refuse(n, err)
			}
		},
		Computed: func(n *onnxeval.Node, results []*onnxeval.Tensor) error {
			constant := !t.depends(n)
			if constant {
				t.folded++
			}
			for i, name := range n.Outputs {
				if i < len(results) && results[i] != nil && name != "" {
					t.shapes[name], t.types[name] = results[i].Shape, results[i].Type
					t.elements += results[i].Size()
					if !constant {
						continue
					}
					kept += results[i].Size()
					t.constants[name] = results[i]
				}
			}
			switch {
			case kept > mostConstants:
				return fmt.Errorf("constants that nodes compute take more than %d elements", mostConstants)
			case t.elements > mostElements:
				return fmt.Errorf("the values for one input take more than %d elements: petrify is for smaller "+
					"networks", mostElements)
			}
			return nil
		},
	})
	if err == nil {
		t.measureResult(zeros)
	}
	return err
}

// measureResult finds the shape of the file's result, if the operators at its
// end are known.
func (t *trace) measureResult(zeros *onnxeval.Tensor) {
	name := t.tail.result
	results, err := t.graph.Run(map[string]*onnxeval.Tensor{t.input.Name: zeros}, onnxeval.Options{
		Want: []string{name}, Shapes: true, Failed: func(*onnxeval.Node, error) {},
	})
	if r := results[name]; err == nil && r != nil && len(r.Shape) > 0 && r.Shape[0] == t.dims[0] {
		t.shapes[name] = r.Shape
	}
}

// best imports with each layout that the input may have, and takes the first
// that works.
func (t *trace) best() (*Model, error) {
	var first error
	for _, layout := range t.layouts() {
		m, err := t.attempt(layout)
		if err == nil {
			return m, nil
		}
		if first == nil || fewer(err, first) {
			first = err
		}
	}
	return nil, first
}

// fewer reports whether one import failed at fewer nodes than another.
func fewer(a, b error) bool {
	x, _ := errors.AsType[Refusals](a)
	y, _ := errors.AsType[Refusals](b)
	return len(x) > 0 && len(x) < len(y)
}

// layout is how the input's axes, without the batch, are channels, height and
// width.
type layout struct {
	name  string
	shape graph.Shape
	order []int32 // see signal
}

// layouts are the layouts that the input may have, the likeliest first.
func (t *trace) layouts() []layout {
	d := t.dims[1:]
	switch len(d) {
	case 1:
		return []layout{{"NC", graph.Shape{C: d[0], H: 1, W: 1}, nil}}
	case 2:
		first := layout{"NCL", graph.Shape{C: d[0], H: 1, W: d[1]}, nil}
		last := layout{"NLC", graph.Shape{C: d[1], H: 1, W: d[0]}, permuted(nil, []int{d[1], d[0]}, []int{1, 0})}
		return []layout{first, last}
	}
	first := layout{"NCHW", graph.Shape{C: d[0], H: d[1], W: d[2]}, nil}
	last := layout{"NHWC", graph.Shape{C: d[2], H: d[0], W: d[1]},
		permuted(nil, []int{d[2], d[0], d[1]}, []int{1, 2, 0})}
	if d[2] <= 4 && d[0] > 4 {
		return []layout{last, first}
	}
	return []layout{first, last}
}
