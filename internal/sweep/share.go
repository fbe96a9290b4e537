package sweep

import (
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"slices"
	"strings"

	"go.yaml.in/yaml/v4"

	"petrify/train"
)

// afterFloat are the keys of a configuration that do not affect the float stage.
var afterFloat = []string{"qat", "quantization", "distillation", "oscillation", "reestimate", "calibration", "ptq"}

// idle are the keys that affect no number of a run.
var idle = []string{"checkpoint", "out", "tensorboard"}

// sharing says which trials have a float stage in common.
type sharing struct {
	stages []*yaml.Node // the configurations of the stages that two trials or more share
	of     []int        // the stage of each trial; −1: its own
}

// share finds the trials that differ only in what comes after the float stage.
func (p *Plan) share() *sharing {
	s := &sharing{of: make([]int, len(p.kept))}
	type group struct {
		document *yaml.Node
		trials   []int
	}
	var groups []*group
	byKey, byChoice := map[[sha256.Size]byte]*group{}, map[string]*group{}
	for index, n := range p.kept {
		s.of[index] = -1
		choice := p.floatChoice(n)
		g := byChoice[choice]
		if g == nil {
			document := without(p.document(index), append(afterFloat, idle...)...)
			key := digest(document)
			if g = byKey[key]; g == nil {
				g = &group{document: document}
				byKey[key], groups = g, append(groups, g)
			}
			byChoice[choice] = g
		}
		g.trials = append(g.trials, index)
	}
	for _, g := range groups {
		// a stage with rungs is each trial's own
		if len(g.trials) < 2 || noFloat(g.document) || p.Halving != nil && p.Halving.Stage == train.Float {
			continue
		}
		for _, index := range g.trials {
			s.of[index] = len(s.stages)
		}
		s.stages = append(s.stages, g.document)
	}
	return s
}

// floatChoice tells apart the trials of the product whose points change something before
// the float stage ends.
func (p *Plan) floatChoice(n int) string {
	var choice []byte
	for _, d := range slices.Backward(p.spec.dims) {
		at := n % len(d.points)
		n /= len(d.points)
		if len(without(d.points[at].changes, append(afterFloat, idle...)...).Content) == 0 {
			at = -1
		}
		choice = binary.AppendVarint(choice, int64(at))
	}
	return string(choice)
}

// digest is the SHA-256 of a document's contents, however it is written. The order of keys
// counts only among patterns of layers' names.
func digest(n *yaml.Node) (sum [sha256.Size]byte) {
	h := sha256.New()
	var add func(n *yaml.Node, ordered bool)
	add = func(n *yaml.Node, ordered bool) {
		fmt.Fprintf(h, "%d %s %d %s %d\n", n.Kind, n.ShortTag(), len(n.Value), n.Value, len(n.Content))
		if n.Kind != yaml.MappingNode {
			for _, inner := range n.Content {
				add(inner, false)
			}
			return
		}
		pairs := slices.Collect(slices.Chunk(n.Content, 2))
		if !ordered {
			slices.SortStableFunc(pairs, func(a, b []*yaml.Node) int { return strings.Compare(a[0].Value, b[0].Value) })
		}
		for _, p := range pairs {
			add(p[0], false)
			add(p[1], p[0].Value == "module_name_configs")
		}
	}
	add(n, false)
	return [sha256.Size]byte(h.Sum(nil))
}

// noFloat reports whether a configuration has no float stage.
func noFloat(n *yaml.Node) bool {
	stage := find(n, "float")
	if stage < 0 {
		return false
	}
	block := resolve(n.Content[stage+1])
	epochs := find(block, "epochs")
	return epochs >= 0 && resolve(block.Content[epochs+1]).Value == "0"
}

// Stages is the number of float stages that trials share.
func (p *Plan) Stages() int { return len(p.shared.stages) }

// Stage is the float stage that a trial shares, or −1.
func (p *Plan) Stage(index int) int { return p.shared.of[index] }
