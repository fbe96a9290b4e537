package config

import (
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v4"

	"petrify/graph"
)

// quantizationValue is the block, or the name of a file that holds it.
type quantizationValue struct{ to *Quantization }

func (v quantizationValue) read(r *reader, n *yaml.Node, key string) {
	n = resolve(n)
	if n.Kind == yaml.ScalarNode && n.ShortTag() == "!!str" {
		if n = r.include(n, key); n == nil {
			return
		}
	}
	if n.Kind == yaml.MappingNode && lookup(n, "global_config") == nil && hasRules(n) {
		v.to.Global = nil // as Core ML Tools: rules alone leave the rest float
	}
	v.to.section().read(r, n, key)
}

func hasRules(n *yaml.Node) bool {
	return lookup(n, "module_type_configs") != nil || lookup(n, "module_name_configs") != nil
}

func (v quantizationValue) write() *yaml.Node { return v.to.section().write() }

func (v quantizationValue) schema() map[string]any {
	return map[string]any{"anyOf": []any{v.to.section().schema(), map[string]any{"type": "string"}}}
}

// include reads the file that n names, relative to the document's folder.
func (r *reader) include(n *yaml.Node, key string) *yaml.Node {
	name := n.Value
	if !filepath.IsAbs(name) {
		name = filepath.Join(filepath.Dir(r.file), name)
	}
	data, err := os.ReadFile(name)
	if err != nil {
		r.fault(n, key, "want a block of keys or a file: %v", err)
		return nil
	}
	root, err := parse(data)
	if err != nil {
		r.fault(n, key, "%s: %v", name, err)
		return nil
	}
	walk(root, func(inner *yaml.Node) { r.origin[inner] = name + ":" + strconv.Itoa(inner.Line) })
	return root
}

// moduleValue is a module's block or null.
type moduleValue struct{ to **Module }

func (v moduleValue) read(r *reader, n *yaml.Node, key string) {
	if resolve(n).ShortTag() == "!!null" {
		*v.to = nil
		return
	}
	*v.to = defaultModule()
	(*v.to).section().read(r, n, key)
}

func (v moduleValue) write() *yaml.Node {
	if *v.to == nil {
		return plain("!!null", "null")
	}
	return (*v.to).section().write()
}

func (v moduleValue) schema() map[string]any {
	return map[string]any{"anyOf": []any{map[string]any{"type": "null"}, reference("module")}}
}

// rules is a block from patterns to modules, in the document's order.
type rules struct {
	to    *[]Rule
	check func(pattern string) (string, error) // the pattern in petrify's words
}

func (v rules) read(r *reader, n *yaml.Node, key string) {
	n = resolve(n)
	if n.ShortTag() == "!!null" {
		return
	}
	if n.Kind != yaml.MappingNode {
		r.fault(n, key, "want a block from names to configurations, got %s", describe(n))
		return
	}
	*v.to = nil
	for name, content := range pairs(r, n, key) {
		word, err := v.check(name.Value)
		if err != nil {
			r.fault(name, key, "%v", err)
			continue
		}
		rule := Rule{Pattern: word}
		path := join(key, word)
		r.where[path] = r.at(name)
		moduleValue{&rule.Module}.read(r, content, path)
		first := slices.IndexFunc(*v.to, func(r Rule) bool { return r.Pattern == word })
		if first < 0 {
			*v.to = append(*v.to, rule)
		} else if !reflect.DeepEqual((*v.to)[first].Module, rule.Module) {
			r.fault(name, key, "%s is %s, which has another configuration above: want the same", name.Value, word)
		}
	}
}

func (v rules) write() *yaml.Node {
	n := &yaml.Node{Kind: yaml.MappingNode, Tag: "!!map"}
	for _, rule := range *v.to {
		module := moduleValue{&rule.Module}.write()
		walk(module, func(inner *yaml.Node) { inner.HeadComment = "" }) // global_config has the sentences
		n.Content = append(n.Content, plain("!!str", rule.Pattern), module)
	}
	if len(n.Content) == 0 {
		n.Style = yaml.FlowStyle
	}
	return n
}

func (v rules) schema() map[string]any {
	var m *Module
	return map[string]any{"type": []string{"object", "null"}, "additionalProperties": moduleValue{&m}.schema()}
}

// kindOf is the kind that a layer type of petrify or PyTorch names, such as
// conv2d, Conv2d or torch.nn.Conv2d. One and two dimensions are one kind.
func kindOf(name string) (string, error) {
	plain := func(s string) string {
		s = strings.ReplaceAll(strings.ToLower(s), "_", "")
		return strings.TrimSuffix(strings.TrimSuffix(s, "1d"), "2d")
	}
	word := plain(name[strings.LastIndex(name, ".")+1:])
	for _, k := range graph.Kinds() {
		if word == plain(k.String()) {
			return k.String(), nil
		}
	}
	return "", fmt.Errorf("unknown layer type %q: %s", name, suggest(name, kinds()))
}
