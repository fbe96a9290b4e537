package config

import (
	"fmt"
	"slices"
	"strings"

	"go.yaml.in/yaml/v4"

	"petrify/graph"
)

// Fault is one mistake in a configuration.
type Fault struct {
	Where string // "run.yaml:12", or "--set float.epochs=nine"
	Key   string // the dotted path, such as "float.epochs"; empty for the whole document
	Text  string // what is wrong, and what would be right
}

// String is "run.yaml:12: float.epochs: want a whole number, got nine".
func (f Fault) String() string {
	if f.Key == "" {
		return f.Where + ": " + f.Text
	}
	return f.Where + ": " + f.Key + ": " + f.Text
}

// Faults is every mistake of a configuration, in the order of the document.
type Faults []Fault

// Error lists the faults, one per line.
func (f Faults) Error() string {
	lines := make([]string, len(f))
	for i, fault := range f {
		lines[i] = fault.String()
	}
	if len(f) == 1 {
		return "config: " + lines[0]
	}
	return fmt.Sprintf("config: %d mistakes:\n  %s", len(f), strings.Join(lines, "\n  "))
}

// with adds those faults that f does not report already.
func (f Faults) with(more Faults) Faults {
	known := f
	for _, m := range more {
		if !slices.ContainsFunc(known, func(k Fault) bool { return within(k.Key, m.Key) || within(m.Key, k.Key) }) {
			f = append(f, m)
		}
	}
	return f
}

// reader walks a document and collects its faults.
type reader struct {
	file   string                // what the document is called
	origin map[*yaml.Node]string // nodes that came from elsewhere, such as "--set a=b"
	where  map[string]string     // where each key stands, by its path
	faults Faults

	weights string      // the file of those that an imported network has
	takes   graph.Shape // what its file takes; without channels: not known
}

// at says where a node stands.
func (r *reader) at(n *yaml.Node) string {
	if where, ok := r.origin[n]; ok {
		return where
	}
	return fmt.Sprintf("%s:%d", r.file, n.Line)
}

func (r *reader) fault(n *yaml.Node, key, format string, args ...any) {
	r.faults = append(r.faults, Fault{r.at(n), key, fmt.Sprintf(format, args...)})
}
