package onnxeval

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode"

	"petrify/internal/onnxpb"
)

// Graph is an ONNX graph whose nodes are in an order in which inputs precede
// their readers.
type Graph struct {
	Nodes     []*Node
	Constants map[string]*Tensor // the initializers
	Inputs    []onnxpb.Value     // that are no initializers
	Outputs   []onnxpb.Value
	Opset     int // of the standard's own operators
}

// Node is an operator of the graph.
type Node struct {
	onnxpb.Node
	Version int // of the operators of its domain
}

// String names the node in messages: its name, or what it computes.
func (n *Node) String() string {
	name := n.Name
	if name == "" && len(n.Outputs) > 0 {
		name = n.Outputs[0]
	}
	return Printable(name)
}

// Type is the operator, with its domain unless that is the standard's own.
func (n *Node) Type() string {
	if n.Domain == "" {
		return Printable(n.Op)
	}
	return Printable(n.Domain + "." + n.Op)
}

// Printable shortens a name of a file in a message, and leaves out what would change a
// terminal.
func Printable(name string) string {
	const longest = 80
	name = strings.Map(func(r rune) rune {
		if unicode.IsPrint(r) {
			return r
		}
		return '?'
	}, strings.ToValidUTF8(name, "?"))
	if len(name) > longest {
		name = strings.ToValidUTF8(name[:longest], "") + "…"
	}
	return name
}

// maxNodes limits the nodes, also those of functions that call functions.
const maxNodes = 200_000

// Load reads the graph of a model. Data that the file keeps in others are in
// the given folder.
func Load(m *onnxpb.Model, folder string) (*Graph, error) {
	l := &loader{model: m, versions: map[string]int{}, functions: map[string]*onnxpb.Function{}}
	for _, o := range m.Opsets {
		l.versions[standard(o.Domain)] = int(o.Version)
	}
	for i := range m.Functions {
		f := &m.Functions[i]
		l.functions[standard(f.Domain)+" "+f.Name] = f
	}
	source := &m.Graph
	g := &Graph{Constants: map[string]*Tensor{}, Outputs: source.Outputs, Opset: l.versions[""]}
	if source.Sparse > 0 {
		return nil, errors.New("sparse initializers are not supported: store them as dense ones")
	}
	if err := g.decode(source.Initializers, folder); err != nil {
		return nil, err
	}
	for _, in := range source.Inputs {
		if _, ok := g.Constants[in.Name]; !ok {
			g.Inputs = append(g.Inputs, in)
		}
	}
	for i := range source.Nodes {
		if err := l.add(source.Nodes[i], 0); err != nil {
			return nil, err
		}
	}
	g.Nodes = l.nodes
	return g, g.sort()
}

// standard is the domain, with one name for the standard's own.
func standard(domain string) string {
	if domain == "ai.onnx" {
		return ""
	}
	return domain
}

// decode makes the initializers constants.
func (g *Graph) decode(list []onnxpb.Tensor, folder string) error {
	total := 0
	for i := range list {
		t := &list[i]
		if _, ok := g.Constants[t.Name]; ok {
			return fmt.Errorf("initializer %q: there are two of that name", Printable(t.Name))
		}
		d, err := Decode(t, folder)
		if err != nil {
			return fmt.Errorf("initializer %q: %w", Printable(t.Name), err)
		}
		if total += d.Size(); total > most {
			return fmt.Errorf("more than %d elements in initializers", most)
		}
		g.Constants[t.Name] = d
	}
	return nil
}

// loader collects the nodes, with those of functions in place of their calls.
type loader struct {
	model     *onnxpb.Model
	versions  map[string]int
	functions map[string]*onnxpb.Function // by domain and name
	nodes     []*Node
	calls     int
}

// deepest is how deep functions may call functions.
const deepest = 32

func (l *loader) add(n onnxpb.Node, depth int) error {
	n.Domain = standard(n.Domain)
	if f := l.functions[n.Domain+" "+n.Op]; f != nil {
		return l.inline(n, f, depth)
	}
	if len(l.nodes) == maxNodes {
		return fmt.Errorf("more than %d nodes", maxNodes)
	}
	l.nodes = append(l.nodes, &Node{Node: n, Version: l.versions[n.Domain]})
	return nil
}

// inline adds the nodes of a function, which read and write the values of the
// call. Values within the function get names of their own.
func (l *loader) inline(call onnxpb.Node, f *onnxpb.Function, depth int) error {
	if depth == deepest {
		return fmt.Errorf("function %s: calls of functions are more than %d deep", Printable(f.Name), deepest)
	}
	if len(call.Inputs) > len(f.Inputs) || len(call.Outputs) > len(f.Outputs) {
		return fmt.Errorf("function %s: called with %d inputs and %d outputs, it has %d and %d", Printable(f.Name),
			len(call.Inputs), len(call.Outputs), len(f.Inputs), len(f.Outputs))
	}
	l.calls++
	names := map[string]string{"": ""}
	for i, name := range f.Inputs {
		names[name] = ""
		if i < len(call.Inputs) {
			names[name] = call.Inputs[i]
		}
	}
	for i, name := range call.Outputs {
		if name != "" {
			names[f.Outputs[i]] = name
		}
	}
	renamed := func(list []string) []string {
		list = slices.Clone(list)
		for i, name := range list {
			if _, ok := names[name]; !ok {
				names[name] = fmt.Sprintf("%s/%d/%s", f.Name, l.calls, name)
			}
			list[i] = names[name]
		}
		return list
	}
	for _, n := range f.Nodes {
		n.Inputs, n.Outputs = renamed(n.Inputs), renamed(n.Outputs)
		n.Attributes = bound(n.Attributes, call.Attributes, f.Defaults)
		if err := l.add(n, depth+1); err != nil {
			return err
		}
	}
	return nil
}

// bound replaces the attributes that are parameters of the function by those of
// the call, or by their defaults; one that neither has is left out.
func bound(attributes, given, defaults []onnxpb.Attribute) (all []onnxpb.Attribute) {
	for _, a := range attributes {
		if a.Parameter != "" {
			is := func(b onnxpb.Attribute) bool { return b.Name == a.Parameter }
			list := append(slices.Clone(given), defaults...)
			i := slices.IndexFunc(list, is)
			if i < 0 {
				continue
			}
			name := a.Name
			a = list[i]
			a.Name = name
		}
		all = append(all, a)
	}
	return all
}

// sort brings the nodes into an order in which inputs precede their readers,
// and otherwise keeps the file's.
func (g *Graph) sort() error {
	producer := map[string]int{}
	known := map[string]bool{"": true}
	for name := range g.Constants {
		known[name] = true
	}
	for _, in := range g.Inputs {
		known[in.Name] = true
	}
	for i, n := range g.Nodes {
		for _, out := range n.Outputs {
			if out == "" {
				continue
			}
			if _, ok := producer[out]; ok || known[out] {
				return fmt.Errorf("value %q is computed twice: by node %q as well", Printable(out), n)
			}
			producer[out] = i
		}
	}
	waiting, readers := make([]int, len(g.Nodes)), make([][]int, len(g.Nodes))
	for i, n := range g.Nodes {
		for _, in := range n.Inputs {
			at, ok := producer[in]
			switch {
			case ok:
				waiting[i]++
				readers[at] = append(readers[at], i)
			case !known[in]:
				return fmt.Errorf("node %q (%s): nothing computes its input %q", n, n.Type(), Printable(in))
			}
		}
	}
	return g.arrange(waiting, readers)
}

// arrange takes the first node that waits for none, again and again.
func (g *Graph) arrange(waiting []int, readers [][]int) error {
	var ready intHeap
	for i, n := range waiting {
		if n == 0 {
			ready.push(i)
		}
	}
	ordered := make([]*Node, 0, len(g.Nodes))
	for len(ready) > 0 {
		i := ready.pop()
		ordered = append(ordered, g.Nodes[i])
		for _, r := range readers[i] {
			if waiting[r]--; waiting[r] == 0 {
				ready.push(r)
			}
		}
	}
	if len(ordered) < len(g.Nodes) {
		first := slices.IndexFunc(waiting, func(n int) bool { return n > 0 })
		return fmt.Errorf("node %q (%s) waits for its own result: the graph has a cycle", g.Nodes[first],
			g.Nodes[first].Type())
	}
	g.Nodes = ordered
	return nil
}

// intHeap gives its least number first.
type intHeap []int

func (h *intHeap) push(v int) {
	a := append(*h, v)
	for i := len(a) - 1; i > 0 && a[(i-1)/2] > a[i]; i = (i - 1) / 2 {
		a[i], a[(i-1)/2] = a[(i-1)/2], a[i]
	}
	*h = a
}

func (h *intHeap) pop() int {
	a := *h
	least, last := a[0], len(a)-1
	a[0] = a[last]
	a = a[:last]
	for i := 0; ; {
		child := 2*i + 1
		if child+1 < last && a[child+1] < a[child] {
			child++
		}
		if child >= last || a[i] <= a[child] {
			break
		}
		a[i], a[child] = a[child], a[i]
		i = child
	}
	*h = a
	return least
}
