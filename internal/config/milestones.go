package config

import (
	"strconv"

	"go.yaml.in/yaml/v4"

	"petrify/graph"
	"petrify/train"
)

// milestones is null or a list of four spans.
type milestones struct{ to *[]train.Span }

func (v milestones) read(r *reader, n *yaml.Node, key string) {
	n = resolve(n)
	*v.to = nil
	if n.ShortTag() == "!!null" {
		return
	}
	if n.Kind != yaml.SequenceNode || len(n.Content) != 4 {
		r.fault(n, key, "want a list of four, such as [0, 100, 400, 200], got %s", describe(n))
		return
	}
	*v.to = make([]train.Span, 4)
	for i, item := range n.Content {
		span(&(*v.to)[i]).read(r, item, join(key, strconv.Itoa(i)))
	}
}

func (v milestones) write() *yaml.Node {
	if *v.to == nil {
		return plain("!!null", "null")
	}
	var items []*yaml.Node
	for _, s := range *v.to {
		items = append(items, plain("!!str", s.String()))
	}
	return flow(items...)
}

func (v milestones) schema() map[string]any {
	var s train.Span
	list := map[string]any{"type": "array", "items": span(&s).schema(), "minItems": 4, "maxItems": 4}
	return map[string]any{"anyOf": []any{map[string]any{"type": "null"}, list}}
}

// entry is a module, its key, and the rule that it becomes.
type entry struct {
	key    string
	rule   graph.Rule
	module *Module
}

// modules lists all of the block, global_config first.
func (q *Quantization) modules() []entry {
	all := []entry{{"quantization.global_config", graph.Rule{}, q.Global}}
	for _, r := range q.Types {
		k, _ := graph.ParseKind(r.Pattern) // reading let no other through
		all = append(all, entry{"quantization.module_type_configs." + r.Pattern, graph.Rule{Kind: k}, r.Module})
	}
	for _, r := range q.Names {
		all = append(all, entry{"quantization.module_name_configs." + r.Pattern, graph.Rule{Pattern: r.Pattern},
			r.Module})
	}
	return all
}

// milestones returns global_config's and, by rule, those of the modules that
// have their own. The other modules follow global_config's, whatever else they
// set: in Core ML Tools those are the milestones of the whole network.
func (q *Quantization) milestones() (every train.Milestones, own map[graph.Rule]train.Milestones) {
	own = map[graph.Rule]train.Milestones{}
	for _, e := range q.modules() {
		delete(own, e.rule) // of an earlier key for the same type
		if e.module == nil || e.module.Milestones == nil {
			continue
		}
		s := e.module.Milestones
		own[e.rule] = train.Milestones{Observe: s[0], Quantize: s[1], Settle: s[2], FreezeBatchNorm: s[3]}
	}
	every = own[graph.Rule{}]
	delete(own, graph.Rule{})
	return every, own
}

// milestonesKey is the key of the milestones to which training refers by path.
func (q *Quantization) milestonesKey(path string) string {
	const all = "qat.milestones"
	for _, e := range q.modules()[1:] {
		if within(path, join(all, e.rule.String())) {
			return join(e.key, "milestones")
		}
	}
	return "quantization.global_config.milestones"
}
