package carray

import (
	"slices"
	"strings"

	"petrify/quantized"
)

// CodeSize is how many bytes a part of an export adds to its code on each of [Cores], compiled with gcc -O2.
type CodeSize struct {
	Part  string
	Bytes []float64
}

// once marks a part that one call alone reaches.
const once = ", once"

// helpers are functions that several kernels call, and that are large.
var helpers = []string{"weigh", "weigh_to_reals", "weigh_four", "patch", "sum_at", "reals", "dot"}

// CodeParts counts what the size of an export's code grows with: itself (""), calls in NAME_run, kernels and their
// helpers, and forms that these have. What only one call reaches is another part than what several do: compilers
// put it into NAME_run, and know its constants.
func CodeParts(m *quantized.Model, o Options) (map[string]float64, error) {
	l, err := lower(m, o)
	if err != nil {
		return nil, err
	}
	return l.codeParts(), nil
}

func (l *lowering) codeParts() map[string]float64 {
	l.require()
	parts := map[string]float64{"": 1}
	reached := map[string]int{} // by how many calls
	for _, s := range l.steps {
		if s.kernel == "linear" {
			parts["calls of linear"]++
		} else {
			parts["calls"]++
		}
		from := map[string]bool{s.kernel: true}
		for _, c := range callees {
			from[c.needs] = from[c.needs] || from[c.by] && l.needs[c.needs]
		}
		reached[plain(s.kernel)]++
		for _, h := range helpers {
			if from[h] {
				reached[h]++
			}
		}
	}
	for name, calls := range reached {
		if calls == 1 {
			name += once
		}
		parts[name] = 1
	}
	l.forms(parts, reached)
	return parts
}

// plain is a kernel's name on microcontrollers, which have no blocks of hosts.
func plain(kernel string) string {
	return strings.Replace(strings.Replace(kernel, "convolve_blocks", "convolve", 1), "depthwise_3x3", "depthwise", 1)
}

// forms adds parts for what only some exports' kernels do.
func (l *lowering) forms(parts map[string]float64, reached map[string]int) {
	add := func(part string, has bool) {
		if has {
			parts[part] = 1
		}
	}
	for _, kernel := range []string{"weigh", "depthwise", "convolve"} {
		add(kernel+", packed", l.packed && reached[kernel] > 0)
	}
	for _, kernel := range []string{"weigh", "depthwise", "add", "global_average"} {
		add(kernel+", fixed", !l.float32() && reached[kernel] > 0)
	}
	for _, name := range []string{"depthwise_any", "depthwise_3x3"} {
		add(name, l.needs[name])
	}
	add("left shifts", l.left)
	add("ties", l.ties)
	add("exceptions", l.exceptions)
	add("zero points of weights", l.weightZeros)
	add("padding that counts", l.countsPadding)
	add("sums in parts", l.long)
	add("weights of 8 bits", l.bits[8] && reached["dot"] > 0)
	add("weights of several bits", len(l.bits) > 1)
	add("grids of fewer values", !l.whole())
}

// code estimates the bytes of an export's code on a core; 0: a part is not known. Of a kernel, one
// call's part stands in for that of several, and the other way round.
func code(core string, parts map[string]float64) (bytes int) {
	at := slices.Index(Cores(), core)
	sum := 0.0
	index := func(part string) int {
		return slices.IndexFunc(codeSizes, func(s CodeSize) bool { return s.Part == part })
	}
	for part, n := range parts {
		i := index(part)
		if i < 0 {
			kernel, single := strings.CutSuffix(part, once)
			if !single {
				kernel += once
			}
			if i = index(kernel); i < 0 {
				return 0
			}
		}
		sum += n * codeSizes[i].Bytes[at]
	}
	return int(sum)
}
