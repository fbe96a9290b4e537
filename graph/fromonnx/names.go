package fromonnx

import (
	"fmt"
	"path"
	"slices"
	"strings"

	"petrify/graph"
)

// title is the name that the file suggests for a layer: that of its weights, as
// PyTorch gives it, or the place of the node among the exporter's modules.
func title(weight, node string) string {
	for _, end := range []string{".weight", "/kernel", "/kernel:0", "/depthwise_kernel", "/depthwise_kernel:0"} {
		if name, ok := strings.CutSuffix(weight, end); ok && usable(path.Base(name)) {
			return path.Base(name)
		}
	}
	if strings.HasPrefix(node, "/") {
		return modules(strings.Split(node[1:], "/"))
	}
	parts := strings.FieldsFunc(node, func(r rune) bool { return r == '/' || r == ':' })
	parts = slices.DeleteFunc(parts, func(part string) bool {
		return slices.Contains(generic, strings.TrimRight(part, "0123456789_"))
	})
	if len(parts) > 0 && usable(parts[len(parts)-1]) {
		return parts[len(parts)-1]
	}
	return ""
}

// modules is the name of a module of PyTorch, whose exporter names a node after
// the modules that it is in: /3/layers/layers.0/Conv is in 3.layers.0.
func modules(scopes []string) string {
	var path []string
	for _, scope := range scopes[:len(scopes)-1] {
		if last := len(path) - 1; last >= 0 && strings.HasPrefix(scope, path[last]+".") {
			path = path[:last]
		}
		path = append(path, scope)
	}
	if name := strings.Join(path, "."); usable(name) {
		return name
	}
	return ""
}

// usable reports whether a layer may have the name: it has no characters that a
// configuration would have to quote in rules and paths.
func usable(name string) bool {
	return name != "" && name != graph.InputName && len(name) <= 60 && strings.Trim(name, letters) == ""
}

const letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.-"

// generic are parts of names that say what an operator is, or nothing.
var generic = []string{"Conv", "Conv2D", "Conv1D", "Gemm", "MatMul", "BiasAdd", "Add", "Relu", "BatchNormalization",
	"convolution", "depthwise", "FusedBatchNormV", "ExpandDims", "Squeeze", "model", "sequential", "functional",
	"StatefulPartitionedCall", "node", "n"}

// name gives the layers names: the file's to those with parameters, and numbers
// to others that are read from afar. Layers without a name are called by their
// kind and number.
func (m *mapping) name(named func(i int) bool) {
	taken, count := map[string]int{}, map[graph.Kind]int{}
	for _, l := range m.layers {
		count[l.Kind]++
		l.called = fmt.Sprintf("%v_%d", l.Kind, count[l.Kind])
		taken[l.called]++
		taken[l.title]++
	}
	for i, l := range m.layers {
		if !named(i) {
			continue
		}
		if (l.weighted() || l.gamma != nil || l.slopes != nil) && l.title != "" && taken[l.title] == 1 {
			l.called = l.title
		}
		l.Name = l.called
	}
}
