package node

import (
	"encoding/binary"
	"fmt"
	"hash"
	"hash/fnv"
	"slices"
	"sync/atomic"

	"github.com/chewxy/hm"
	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"petrify/internal/arena"
)

// Func computes out from in, all of it: what it holds before has no meaning. All
// slices are dense, row-major, and of the lengths that the nodes' shapes say.
type Func func(out []float32, in [][]float32) error

// Spec describes an operator.
type Spec struct {
	Name  string       // what errors and drawings call the node
	Shape tensor.Shape // the output's shape; empty for a scalar
	Run   Func         // computes the output

	// Grads compute the loss's gradients with respect to the inputs, one after
	// the other, each from dy (the gradient with respect to the output y), y and
	// the inputs. No gradient flows to an input whose entry is nil or missing.
	Grads []Func

	// Reads says by place which of dy, y and the inputs each of Grads reads; the others
	// are nil to it, and need not be in memory any more. Without an entry it reads all.
	Reads [][]int

	// Over is the place of what the first of Grads may write its result over, where
	// that is as long and nothing reads it any more; [Nothing] if none.
	Over Place

	// Sum says that y depends on the sum of the inputs alone: the gradient with respect to
	// each is that of Grads, of which there is one, or dy, without any.
	Sum bool
}

// Place is where a gradient's function finds a tensor among its arguments.
type Place int

// The places of what is as long as the gradient with respect to the first input.
const (
	Nothing Place = iota
	DY
	X
)

// argument is the index of a place.
func (p Place) argument() int { return [...]int{-1, 0, 2}[p] }

// Apply adds a node with the operator of the given description to the graph
// of the inputs.
func Apply(s Spec, inputs ...*gorgonia.Node) (*gorgonia.Node, error) {
	n, err := gorgonia.ApplyOpWithName(newOp(s, inputs), s.Name, inputs...)
	if err != nil {
		return nil, fmt.Errorf("node: %s: %w", s.Name, err)
	}
	return n, nil
}

// Extend replaces the function of a node that [Apply] made by with(function).
func Extend(n *gorgonia.Node, with func(Func) Func) error {
	o, ok := n.Op().(*op)
	if !ok {
		return fmt.Errorf("node: %s is not one of ours", n.Name())
	}
	o.Run = with(o.Run)
	return nil
}

// Hold says that the function of a node that [Apply] made reads the values of these nodes
// besides its inputs'.
func Hold(n *gorgonia.Node, values ...*gorgonia.Node) error {
	o, ok := n.Op().(*op)
	if !ok {
		return fmt.Errorf("node: %s is not one of ours", n.Name())
	}
	for _, v := range values {
		if v != n {
			o.besides = append(o.besides, v)
		}
	}
	return nil
}

// identity numbers the operators of a process; see the package comment.
var identity atomic.Uint64

// op implements gorgonia.SDOp.
type op struct {
	Spec
	id      uint64
	typ     hm.Type
	wrt     []bool
	inputs  gorgonia.Nodes
	skips   []bool         // inputs that are not read; shorter: the others are
	besides gorgonia.Nodes // what is read besides the inputs
	over    *gorgonia.Node // of them, in whose place the output may lie; nil: none
	args    [][]float32

	memory *Memory      // where out lies; nil: in memory of its own
	piece  *arena.Piece // of it
	step   int          // of the graph

	value  gorgonia.Value // made when it is first computed
	out    []float32
	scalar *gorgonia.F32
}

func newOp(s Spec, inputs gorgonia.Nodes) *op {
	o := &op{Spec: s, id: identity.Add(1), inputs: inputs, args: make([][]float32, len(inputs))}
	types := make([]hm.Type, 0, len(inputs)+1)
	for i, in := range inputs {
		types = append(types, in.Type())
		o.wrt = append(o.wrt, s.Sum || i < len(s.Grads) && s.Grads[i] != nil)
	}
	if s.Shape.Dims() == 0 {
		types = append(types, tensor.Float32)
	} else {
		types = append(types, gorgonia.TensorType{Dims: s.Shape.Dims(), Of: tensor.Float32})
	}
	o.typ = hm.NewFnType(types...)
	return o
}

// prepare makes the output's value.
func (o *op) prepare() {
	switch {
	case o.Shape.Dims() == 0:
		o.scalar, o.out = gorgonia.NewF32(0), make([]float32, 1)
		o.value = o.scalar
		return
	case o.memory != nil:
		o.out = o.memory.floats(o.piece)[:o.Shape.TotalSize()]
	default:
		o.out = make([]float32, o.Shape.TotalSize())
	}
	o.value = tensor.New(tensor.WithShape(o.Shape...), tensor.WithBacking(o.out))
}

// reads reports whether input i is read.
func (o *op) reads(i int) bool { return i >= len(o.skips) || !o.skips[i] }

// Do runs the operator into its output's memory.
func (o *op) Do(inputs ...gorgonia.Value) (gorgonia.Value, error) {
	if o.value == nil {
		o.prepare()
	}
	if o.memory != nil {
		o.memory.reached = o.step
	}
	for i, v := range inputs {
		if !o.reads(i) {
			continue
		}
		switch v := v.(type) {
		case *tensor.Dense:
			o.args[i] = v.Float32s()
		case *gorgonia.F32:
			o.args[i] = append(o.args[i][:0], float32(*v))
		default:
			return nil, fmt.Errorf("node: %s: input %d is a %T, not a float32 tensor", o.Name, i, v)
		}
	}
	if err := o.Run(o.out, o.args); err != nil {
		return nil, fmt.Errorf("%s: %w", o.Name, err)
	}
	if o.scalar != nil {
		*o.scalar = gorgonia.F32(o.out[0])
	}
	return o.value, nil
}

// SymDiff adds the nodes of the gradients.
func (o *op) SymDiff(inputs gorgonia.Nodes, y, dy *gorgonia.Node) (grads gorgonia.Nodes, err error) {
	if !slices.Contains(o.wrt, true) {
		return nil, fmt.Errorf("node: %s has no gradient", o.Name)
	}
	args := append(gorgonia.Nodes{dy, y}, inputs...)
	own := len(args)
	for i, in := range inputs {
		var d *gorgonia.Node
		switch {
		case o.Sum && i > 0:
			d = grads[0]
		case o.Sum && len(o.Grads) == 0:
			d = dy
		case o.wrt[i]:
			run := func(d []float32, args [][]float32) error { return o.Grads[i](d, args[:own]) }
			d, err = Apply(Spec{Name: "d" + o.Name + "/d" + in.Name(), Shape: in.Shape(), Run: run}, args...)
			if err == nil {
				g := d.Op().(*op)
				g.skips = o.unread(i, len(args))
				if over := o.Over.argument(); i == 0 && over >= 0 {
					g.over = args[over]
				}
			}
			args = append(args, d) // for the order: the next one runs after it
		}
		if err != nil {
			return nil, err
		}
		grads = append(grads, d)
	}
	return grads, nil
}

// unread says which of n arguments gradient i does not read. Those after the inputs are
// other gradients, for the order.
func (o *op) unread(i, n int) []bool {
	skips := make([]bool, n)
	for place := range skips {
		skips[place] = place >= 2+len(o.inputs) ||
			i < len(o.Reads) && o.Reads[i] != nil && !slices.Contains(o.Reads[i], place)
	}
	return skips
}

func (o *op) DiffWRT(int) []bool { return o.wrt }

func (o *op) InferShape(...gorgonia.DimSizer) (tensor.Shape, error) { return o.Shape, nil }

func (o *op) Arity() int           { return len(o.args) }
func (o *op) Type() hm.Type        { return o.typ }
func (o *op) ReturnsPtr() bool     { return true }
func (o *op) CallsExtern() bool    { return false }
func (o *op) OverwritesInput() int { return -1 }
func (o *op) String() string       { return o.Name }

// WriteHash writes the operator's identity.
func (o *op) WriteHash(h hash.Hash) {
	h.Write(binary.LittleEndian.AppendUint64(nil, o.id))
}

// Hashcode is the 32-bit FNV-1a hash of the identity.
func (o *op) Hashcode() uint32 {
	h := fnv.New32a()
	o.WriteHash(h)
	return h.Sum32()
}
