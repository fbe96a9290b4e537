package config

import (
	"cmp"
	"slices"

	"go.yaml.in/yaml/v4"

	"petrify/fakequant"
	"petrify/graph"
	"petrify/train"
)

// recipe is what measurements recommend for keys that a document leaves out. The zero
// recipe is none. docs/accuracy.md has the figures.
type recipe struct {
	name   string
	module func(*Module)       // for a block of quantization, before its keys are read
	config func(*Config)       // for the rest, before any key is read
	run    func(*train.Config) // for what is left to a run, whose data and network are known
}

var recipes = []recipe{{
	name:   "few_bits",
	module: func(m *Module) { m.Algorithm = "learnable" },
	config: func(c *Config) { c.Quantization.EdgeBits = 8 },
	run:    ofFewBits,
}}

// ofFewBits lets networks with batch norm, which recover from much, learn as fast as
// in float where weights have 2 or 3 bits, round these in full only after half of
// the stage, and keep batch norm moving for three quarters.
func ofFewBits(t *train.Config) {
	few := slices.DeleteFunc(schemes(t.Quantization), func(s *fakequant.Scheme) bool {
		return s.Weights.Format.IsFloat() || s.Weights.Format.Bits > 3
	})
	norm := func(l graph.Layer) bool { return l.Kind == graph.KindBatchNorm }
	if len(few) == 0 || !slices.ContainsFunc(t.Network.Layers, norm) {
		return
	}
	if t.QAT.LearningRate == 0 && t.QAT.Optimizer.Method == t.Float.Optimizer.Method {
		t.QAT.LearningRate = cmp.Or(t.Float.LearningRate, t.Float.Optimizer.Method.LearningRate())
	}
	if t.Milestones == (train.Milestones{}) {
		t.Milestones.FreezeBatchNorm = train.Epochs(0.75 * float64(t.QAT.Epochs))
	}
	for _, s := range few {
		if s.Weights.Ramp == (fakequant.Ramp{}) {
			s.Weights.Ramp.Finish = t.QATSteps() / 2
		}
	}
}

// schemes are those of all rules.
func schemes(q graph.Quantization) (all []*fakequant.Scheme) {
	add := func(s *fakequant.Scheme) {
		if s != nil {
			all = append(all, s)
		}
	}
	add(q.Default)
	for _, s := range q.Kinds {
		add(s)
	}
	for _, n := range q.Names {
		add(n.Scheme)
	}
	return all
}

func recipeNames() (names []string) {
	for _, p := range recipes {
		names = append(names, p.name)
	}
	return names
}

// recipeOf is the one of a name, if there is one.
func recipeOf(name string) recipe {
	if i := slices.IndexFunc(recipes, func(p recipe) bool { return p.name == name }); i >= 0 {
		return recipes[i]
	}
	return recipe{module: func(*Module) {}, config: func(*Config) {}, run: func(*train.Config) {}}
}

// named is the recipe that a document names. Reading reports an unknown one.
func named(root *yaml.Node) recipe {
	if n := lookup(root, "recipe"); n != nil {
		return recipeOf(resolve(n).Value)
	}
	return recipeOf("")
}
