package onnxeval

import (
	"errors"
	"fmt"
)

// Options of a run.
type Options struct {
	// Want names the values to compute; none means the graph's outputs.
	Want []string

	// Shapes leaves out the sums of convolutions, products and pools, whose
	// results are zeros of the right shape.
	Shapes bool

	// Wide keeps what is computed in half precision as exact as float32.
	Wide bool

	// Failed, if there is one, is told of a node that cannot be computed; the run
	// continues without it and those that need it. Without Failed the run ends.
	Failed func(n *Node, err error)

	// Computed, if there is one, sees each node's results, nil for those that are
	// left out. Its error ends the run.
	Computed func(n *Node, results []*Tensor) error
}

// run is the state of a run.
type run struct {
	Options
	values  map[string]*Tensor
	readers map[string]int // of each value that are still to come
	alive   int            // elements of all values that were computed
}

// Run computes values from inputs by name. It returns those that are wanted.
func (g *Graph) Run(inputs map[string]*Tensor, o Options) (map[string]*Tensor, error) {
	if o.Want == nil {
		for _, out := range g.Outputs {
			o.Want = append(o.Want, out.Name)
		}
	}
	needed := g.Needed(o.Want)
	r := &run{Options: o, values: map[string]*Tensor{}, readers: map[string]int{}}
	for _, name := range o.Want {
		r.readers[name]++
	}
	for i, n := range g.Nodes {
		for _, in := range n.Inputs {
			if needed[i] {
				r.readers[in]++
			}
		}
	}
	for name, t := range g.Constants {
		r.values[name] = t
	}
	for name, t := range inputs {
		r.values[name] = t
		r.alive += t.Size()
	}
	for i, n := range g.Nodes {
		if !needed[i] {
			continue
		}
		if err := r.step(n, g.Constants); err != nil {
			if r.Failed == nil || errors.As(err, new(fatal)) {
				return nil, fmt.Errorf("node %q (%s): %w", n, n.Type(), err)
			}
			r.Failed(n, err)
		}
	}
	results := map[string]*Tensor{}
	for _, name := range o.Want {
		if results[name] = r.values[name]; results[name] == nil && r.Failed == nil {
			return nil, fmt.Errorf("nothing computes %q", Printable(name))
		}
	}
	return results, nil
}

// Needed says which nodes the values depend on.
func (g *Graph) Needed(values []string) []bool {
	wanted := map[string]bool{}
	for _, name := range values {
		wanted[name] = true
	}
	needed := make([]bool, len(g.Nodes))
	for i := len(g.Nodes) - 1; i >= 0; i-- {
		for _, out := range g.Nodes[i].Outputs {
			needed[i] = needed[i] || out != "" && wanted[out]
		}
		for _, in := range g.Nodes[i].Inputs {
			wanted[in] = wanted[in] || needed[i]
		}
	}
	return needed
}

// errUnknown is what a node without a known input ends with: the node before it
// has been reported.
var errUnknown = errors.New("an input is unknown")

// fatal is an error after which the run cannot continue.
type fatal struct{ error }

// step computes one node.
func (r *run) step(n *Node, constants map[string]*Tensor) error {
	c := &call{Node: n, shapes: r.Shapes}
	for _, name := range n.Inputs {
		t := r.values[name]
		if t == nil && name != "" {
			return errUnknown
		}
		c.in = append(c.in, t)
	}
	results, err := c.results()
	if err != nil {
		return err
	}
	for i, t := range results {
		if i >= len(n.Outputs) || n.Outputs[i] == "" || t == nil {
			continue
		}
		if r.alive += t.Size(); r.alive > most {
			r.alive -= t.Size()
			return fatal{fmt.Errorf("the values take more than %d elements", most)}
		}
		t.round(r.Wide)
		r.values[n.Outputs[i]] = t
	}
	if r.Computed != nil {
		if err := r.Computed(n, results); err != nil {
			return fatal{err}
		}
	}
	for _, name := range n.Inputs {
		if r.readers[name]--; r.readers[name] == 0 && constants[name] == nil {
			r.forget(name)
		}
	}
	for _, name := range n.Outputs {
		if r.readers[name] == 0 {
			r.forget(name)
		}
	}
	return nil
}

// forget drops a value that no node will read.
func (r *run) forget(name string) {
	if t := r.values[name]; t != nil {
		r.alive -= t.Size()
		delete(r.values, name)
	}
}

// IsUnknown reports whether a node failed only because one before it did.
func IsUnknown(err error) bool { return errors.Is(err, errUnknown) }
