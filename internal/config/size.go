package config

import (
	"strconv"

	"go.yaml.in/yaml/v4"

	"petrify/graph"
)

// longest is the longest side of a window or padding that makes sense.
const longest = 1 << 16

// tuple is a list of whole numbers of at least low, or one number for all.
type tuple struct {
	to  []int
	low int
}

func (t tuple) read(r *reader, n *yaml.Node, key string) {
	v := make([]int, len(t.to))
	if sizes(v, n, t.low) {
		copy(t.to, v)
		return
	}
	r.fault(n, key, "want a whole number of at least %d, or a list of %d, got %s", t.low, len(t.to),
		describe(resolve(n)))
}

func (t tuple) write() *yaml.Node { return writeSizes(t.to...) }

func (t tuple) schema() map[string]any { return sizesSchema(t.low, len(t.to)) }

// padding is the word same, one number for all sides, or a list of one for
// each.
type padding struct {
	same  *bool
	sides []*int
}

// around is the padding of an image.
func around(p *graph.Padding) padding {
	return padding{&p.Same, []*int{&p.Top, &p.Left, &p.Bottom, &p.Right}}
}

// beside is the padding of a signal, left and right of it.
func beside(p *graph.Padding) padding { return padding{&p.Same, []*int{&p.Left, &p.Right}} }

func (p padding) read(r *reader, n *yaml.Node, key string) {
	v := make([]int, len(p.sides))
	*p.same = resolve(n).Value == "same"
	if !*p.same && !sizes(v, n, 0) {
		r.fault(n, key, "want same, a whole number of at least 0, or a list of %d, got %s", len(v),
			describe(resolve(n)))
	}
	for i, side := range p.sides {
		*side = v[i]
	}
}

func (p padding) write() *yaml.Node {
	if *p.same {
		return plain("!!str", "same")
	}
	var v []int
	for _, side := range p.sides {
		v = append(v, *side)
	}
	return writeSizes(v...)
}

func (p padding) schema() map[string]any {
	return map[string]any{"anyOf": []any{map[string]any{"const": "same"}, sizesSchema(0, len(p.sides))}}
}

// sizes reads len(v) whole numbers of at least low, or one for all of them.
func sizes(v []int, n *yaml.Node, low int) bool {
	n = resolve(n)
	items := n.Content
	if n.Kind == yaml.ScalarNode {
		items = make([]*yaml.Node, len(v))
		for i := range items {
			items[i] = n
		}
	}
	if n.Kind != yaml.ScalarNode && n.Kind != yaml.SequenceNode || len(items) != len(v) {
		return false
	}
	for i, item := range items {
		size, err := strconv.Atoi(item.Value)
		if err != nil || size < low || size > longest {
			return false
		}
		v[i] = size
	}
	return true
}

// writeSizes writes one number if all are the same.
func writeSizes(v ...int) *yaml.Node {
	var items []*yaml.Node
	uniform := true
	for _, size := range v {
		items = append(items, plain("!!int", strconv.Itoa(size)))
		uniform = uniform && size == v[0]
	}
	if uniform {
		return items[0]
	}
	return flow(items...)
}

func sizesSchema(low, n int) map[string]any {
	return map[string]any{"anyOf": []any{sizeSchema(low), listSchema(low, n)}}
}

func sizeSchema(low int) map[string]any {
	return map[string]any{"type": "integer", "minimum": low, "maximum": longest}
}

func listSchema(low, n int) map[string]any {
	return map[string]any{"type": "array", "items": sizeSchema(low), "minItems": n, "maxItems": n}
}

// triple is the sizes [channels, height, width].
type triple struct{ to *graph.Shape }

func (t triple) read(r *reader, n *yaml.Node, key string) {
	v := make([]int, 3)
	if resolve(n).Kind == yaml.SequenceNode && sizes(v, n, 1) {
		*t.to = graph.Shape{C: v[0], H: v[1], W: v[2]}
		return
	}
	r.fault(n, key, "want [channels, height, width], got %s", describe(resolve(n)))
}

func (t triple) write() *yaml.Node {
	var items []*yaml.Node
	for _, v := range []int{t.to.C, t.to.H, t.to.W} {
		items = append(items, plain("!!int", strconv.Itoa(v)))
	}
	return flow(items...)
}

func (t triple) schema() map[string]any { return listSchema(1, 3) }

// part is [first, the one after the last], or all.
type part struct{ to *[2]int }

func (s part) read(r *reader, n *yaml.Node, key string) {
	v := make([]int, 2)
	if resolve(n).Kind == yaml.SequenceNode && sizes(v, n, 0) && v[0] < v[1] {
		*s.to = [2]int(v)
		return
	}
	r.fault(n, key, "want [first, the one after the last], got %s", describe(resolve(n)))
}

func (s part) write() *yaml.Node {
	if *s.to == [2]int{} {
		return plain("!!null", "null")
	}
	return flow(plain("!!int", strconv.Itoa(s.to[0])), plain("!!int", strconv.Itoa(s.to[1])))
}

func (s part) schema() map[string]any { return listSchema(0, 2) }

// limits is [minimum, maximum], two numbers in order.
type limits struct{ to *[2]float64 }

func (l limits) read(r *reader, n *yaml.Node, key string) {
	items := resolve(n).Content
	var v [2]float64
	ok := resolve(n).Kind == yaml.SequenceNode && len(items) == len(v)
	for i := 0; ok && i < len(v); i++ {
		var err error
		v[i], err = strconv.ParseFloat(items[i].Value, 32)
		ok = err == nil && v[i]-v[i] == 0
	}
	if !ok {
		r.fault(n, key, "want [minimum, maximum], got %s", describe(resolve(n)))
		return
	}
	if v[0] >= v[1] {
		r.fault(n, key, "[%v, %v]: want a minimum below the maximum", v[0], v[1])
		return
	}
	*l.to = v
}

func (l limits) write() *yaml.Node {
	var items []*yaml.Node
	for _, v := range l.to {
		items = append(items, plain("!!float", strconv.FormatFloat(v, 'f', -1, 32)))
	}
	return flow(items...)
}

func (l limits) schema() map[string]any {
	return map[string]any{"type": "array", "items": map[string]any{"type": "number"}, "minItems": 2, "maxItems": 2}
}
