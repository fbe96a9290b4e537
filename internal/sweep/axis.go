package sweep

import (
	"strconv"
	"strings"

	"go.yaml.in/yaml/v4"
)

// axes are the dimensions of the key axes. An axis is a key of the configuration with a
// list of its values, or with a range of whole numbers such as 1..5; or it has a name of
// its own, and variants with names, each a block of keys:
//
//	seed: 1..5
//	float.learning_rate: [0.001, 0.003]
//	bits:
//	  W8A8: {}
//	  W4A4: {quantization: {…}}
func (s *source) axes(n *yaml.Node) (dims []dim) {
	for key, value := range s.pairs(n, "axes") {
		if d := s.axis(key.Value, value); len(d.points) > 0 {
			dims = append(dims, d)
		}
	}
	return dims
}

func (s *source) axis(name string, n *yaml.Node) dim {
	d := dim{axes: []string{name}}
	add := func(label string, changes *yaml.Node) {
		for _, p := range d.points {
			if p.labels[0] == label {
				s.fault(n, "axes: %s: %q is there twice", name, label)
			}
		}
		d.points = append(d.points, point{[]string{label}, changes})
	}
	switch n.Kind {
	case yaml.MappingNode:
		for key, value := range s.pairs(n, "axes: "+name) {
			if value.Kind != yaml.MappingNode && value.ShortTag() != "!!null" {
				s.fault(value, "axes: %s: %s: want a block of keys", name, key.Value)
				continue
			}
			if value.Kind != yaml.MappingNode {
				value = mapping()
			}
			add(key.Value, value)
		}
	case yaml.SequenceNode:
		for _, item := range n.Content {
			add(label(item), at(name, resolve(item)))
		}
	default:
		first, last, ok := wholes(n.Value)
		if !ok {
			s.fault(n, "axes: %s: want a list of values, a range such as 1..5, or a block of variants with names", name)
			return d
		}
		for v := first; v <= last; v++ {
			text := strconv.FormatInt(v, 10)
			add(text, at(name, scalar("!!int", text)))
		}
	}
	if len(d.points) == 0 && len(s.faults) == 0 {
		s.fault(n, "axes: %s: no values", name)
	}
	return d
}

// wholes reads a range of whole numbers such as 1..5.
func wholes(text string) (first, last int64, ok bool) {
	a, b, found := strings.Cut(text, "..")
	first, errA := strconv.ParseInt(a, 10, 64)
	last, errB := strconv.ParseInt(b, 10, 64)
	ok = found && errA == nil && errB == nil && first <= last && uint64(last)-uint64(first) < maxTrials
	return first, last, ok
}

// zips are dimensions of axes that go together, the first value of one with the first
// of the others:
//
//	zip:
//	  - batch: [32, 128]
//	    qat.learning_rate: [0.0001, 0.0004]
func (s *source) zips(n *yaml.Node) (dims []dim) {
	for _, item := range s.list(n, "zip") {
		var d dim
		for key, value := range s.pairs(resolve(item), "zip") {
			axis := s.axis(key.Value, value)
			if len(d.axes) == 0 {
				d = axis
				continue
			}
			if len(axis.points) != len(d.points) {
				s.fault(value, "zip: %s has %d values, and %s has %d", key.Value, len(axis.points), d.axes[0],
					len(d.points))
				break
			}
			d.axes = append(d.axes, key.Value)
			for i, p := range axis.points {
				both := &d.points[i]
				both.labels = append(both.labels, p.labels...)
				both.changes = merge(both.changes, p.changes)
			}
		}
		if len(d.points) > 0 {
			dims = append(dims, d)
		}
	}
	return dims
}
