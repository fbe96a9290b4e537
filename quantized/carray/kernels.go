package carray

import (
	"embed"
	"fmt"
	"maps"
	"slices"
	"strings"
	"text/template"

	"petrify/quantized/integer"
)

// kernels holds the C functions that files are made from.
//
//go:embed kernels/*.c
var kernels embed.FS

// order is the order of the kernels in a file, with one line for each kind of
// layer.
var order = []string{
	"helium", "processor", "nearest", "grid", "quantize", "clip", "put_four",
	"requantize_float32", "multiplier", "multiply_gemmlowp", "multiply_single", "requantize_fixed",
	"multiply_four", "requantize_four",
	"reals", "fused", "copy", "copy_reals",
	"wrapped", "products", "finish", "finish_to_reals", "weight_zero", "word", "halves", "wide", "total", "dot8", "dot4",
	"dot2", "dots_wide8", "dots_wide4", "dots_wide2", "dot",
	"dot_four", "weigh_four", "weigh", "weigh_four_to_reals", "weigh_to_reals",
	"requantize_sixteen", "finish_sixteen", "finish_sixteen_to_reals",
	"linear", "linear_to_reals",
	"window", "area", "convolution", "fill", "patch", "widen", "convolve", "convolve_to_reals", "blocks", "gather", "convolve_blocks",
	"convolve_blocks_to_reals", "unpack",
	"depthwise_at",
	"spread", "taps_in_order", "signed_halves", "depthwise_four", "depthwise_four_to_reals",
	"depthwise_sixteen", "depthwise_sixteen_to_reals",
	"slide", "depthwise_eight", "depthwise", "depthwise_eight_to_reals", "depthwise_to_reals",
	"depthwise_3x3", "depthwise_3x3_to_reals", "real_convolve",
	"seen", "counted", "first_tap", "sum_at", "max_pool", "average_pool", "integer_mean", "factor", "global_average", "real_pool",
	"add", "real_add", "real_subtract",
	"product_float32", "product_fixed", "real_product", "choose", "real_choose_greater", "real_choose_less",
	"look_up", "look_up_channels", "join", "real_join", "reorder", "reorder_reals", "repeat", "repeat_reals", "stretch", "stretch_reals", "part", "part_reals",
	"frame", "frame_reals", "shuffle", "shuffle_reals",
	"softmax",
	"real_relu", "real_relu6", "real_leaky_relu", "real_hard_sigmoid", "real_hard_swish", "real_sigmoid", "real_tanh",
	"real_silu", "real_gelu", "real_elu", "real_softplus", "real_apply", "real_clip", "real_prelu", "real_softmax", "layer_norm",
	"attention", "attend", "real_attend",
}

// variants are the kernels that a file gives with other values than the bytes of
// its own name.
var variants = map[string]variant{
	"finish_to_reals":            {"finish", reals("_to_reals")},
	"weigh_to_reals":             {"weigh", reals("_to_reals")},
	"weigh_four_to_reals":        {"weigh_four", reals("_to_reals")},
	"dot":                        {"dot_any", nil},
	"dot8":                       {"dot", loop(8)},
	"dot4":                       {"dot", loop(4)},
	"dot2":                       {"dot", loop(2)},
	"dots_wide8":                 {"dots_wide", loop(8)},
	"dots_wide4":                 {"dots_wide", loop(4)},
	"dots_wide2":                 {"dots_wide", loop(2)},
	"depthwise_3x3_to_reals":     {"depthwise_3x3", reals("_to_reals")},
	"finish_sixteen_to_reals":    {"finish_sixteen", reals("_to_reals")},
	"convolve_blocks_to_reals":   {"convolve_blocks", reals("_to_reals")},
	"depthwise_four_to_reals":    {"depthwise_four", reals("_to_reals")},
	"depthwise_sixteen_to_reals": {"depthwise_sixteen", reals("_to_reals")},
	"depthwise_eight_to_reals":   {"depthwise_eight", reals("_to_reals")},
	"convolve_to_reals":          {"convolve", reals("_to_reals")},
	"depthwise_to_reals":         {"depthwise", reals("_to_reals")},
	"linear_to_reals":            {"linear", reals("_to_reals")},
	"reorder_reals":              {"reorder", reals("_reals")},
	"repeat_reals":               {"repeat", reals("_reals")},
	"stretch_reals":              {"stretch", reals("_reals")},
	"copy_reals":                 {"copy", reals("_reals")},
	"part_reals":                 {"part", reals("_reals")},
	"frame_reals":                {"frame", reals("_reals")},
	"shuffle_reals":              {"shuffle", reals("_reals")},

	"real_add":            pair("add", "The sum", "added", "first + second"),
	"real_subtract":       pair("subtract", "The difference", "subtracted", "first - second"),
	"real_product":        pair("product", "The product", "multiplied", "first * second"),
	"real_choose_greater": pair("choose_greater", "The greater", "compared", "first > second ? first : second"),
	"real_choose_less":    pair("choose_less", "The less", "compared", "first < second ? first : second"),
}

// variant is a kernel that a file gives with values.
type variant struct {
	file   string
	values map[string]any
}

// pair is an operation on two tensors of real numbers.
func pair(name, says, joined, result string) variant {
	return variant{"real_pair", map[string]any{"Name": name, "Says": says, "Joined": joined, "Result": result}}
}

// reals are the values of a kernel that writes floats.
func reals(suffix string) map[string]any {
	return map[string]any{"Reals": true, "Type": kind(true), "Suffix": suffix}
}

// callees are the kernels that others call, callers first.
var callees = []struct{ by, needs string }{
	{"convolve", "widen"}, {"convolve_to_reals", "widen"}, {"widen", "halves"},
	{"convolve_blocks", "gather"}, {"convolve_blocks_to_reals", "gather"}, {"gather", "blocks"}, {"convolve_blocks", "finish_sixteen"},
	{"convolve_blocks_to_reals", "finish_sixteen_to_reals"},
	{"convolve", "patch"}, {"convolve", "weigh"}, {"convolve_to_reals", "patch"},
	{"convolve_to_reals", "weigh_to_reals"}, {"linear", "weigh"}, {"linear_to_reals", "weigh_to_reals"},
	{"weigh", "finish"}, {"weigh", "dot"}, {"weigh_to_reals", "finish_to_reals"}, {"weigh_to_reals", "dot"},
	{"depthwise", "depthwise_at"}, {"depthwise", "finish"},
	{"depthwise_to_reals", "depthwise_at"}, {"depthwise_to_reals", "finish_to_reals"},
	{"depthwise_at", "spread"}, {"spread", "patch"}, {"patch", "convolution"}, {"patch", "copy"}, {"patch", "fill"},
	{"convolution", "window"}, {"convolution", "products"}, {"finish", "products"}, {"finish", "requantize"},
	{"finish_to_reals", "products"}, {"finish_to_reals", "fused"}, {"products", "wrapped"},
	{"dot", "total"}, {"dot", "halves"}, {"total", "word"}, {"halves", "word"}, {"spread", "processor"}, {"word", "processor"},
	{"weigh", "weigh_four"}, {"weigh_to_reals", "weigh_four_to_reals"}, {"depthwise", "depthwise_eight"},
	{"depthwise_to_reals", "depthwise_eight_to_reals"}, {"weigh_four", "requantize_four"},
	{"depthwise_eight", "requantize_four"}, {"requantize_four", "put_four"}, {"requantize_four", "multiply_four"},
	{"add", "put_four"}, {"add", "clip"},
	{"weigh_four", "dot_four"}, {"weigh_four_to_reals", "dot_four"},
	{"put_four", "helium"}, {"copy", "processor"}, {"dot", "helium"}, {"total", "helium"},
	{"max_pool", "first_tap"}, {"max_pool", "copy"}, {"integer_mean", "first_tap"}, {"integer_mean", "sum_at"}, {"global_average", "sum_at"},
	{"first_tap", "area"},
	{"average_pool", "seen"}, {"average_pool", "quantize"},
	{"integer_mean", "seen"}, {"integer_mean", "clip"}, {"factor", "clip"},
	{"softmax", "quantize"},
	{"real_hard_swish", "real_hard_sigmoid"}, {"real_relu", "fused"}, {"real_relu6", "fused"},
	{"real_convolve", "area"}, {"real_convolve", "fused"}, {"real_add", "fused"}, {"real_pool", "seen"},
	{"seen", "area"}, {"area", "window"},
	{"real_convolve", "reals"}, {"real_add", "reals"}, {"real_product", "reals"}, {"real_product", "fused"},
	{"real_subtract", "reals"}, {"real_subtract", "fused"}, {"real_choose_greater", "reals"},
	{"real_choose_greater", "fused"}, {"real_choose_less", "reals"}, {"real_choose_less", "fused"},
	{"product_fixed", "requantize"}, {"product_float32", "quantize"}, {"real_pool", "reals"}, {"real_join", "reals"},
	{"real_apply", "reals"}, {"real_clip", "reals"}, {"real_prelu", "reals"}, {"real_softmax", "reals"},
	{"layer_norm", "reals"}, {"attend", "attention"}, {"attend", "requantize"}, {"real_attend", "attention"},
	{"real_attend", "reals"}, {"real_attend", "fused"}, {"reals", "quantize"},
	{"clip", "processor"}, {"processor", "helium"},
}

// functions is the text of the kernels that the model needs.
func (l *lowering) functions() (string, error) {
	l.require()
	var loops []map[string]any
	for _, bits := range l.kinds() {
		loops = append(loops, loop(bits))
	}
	model := map[string]any{"Loops": loops, "Deepest": l.deepest, "Ordered": l.ordered, "CountIncludePad": l.countsPadding, "Count": "seen(a)", "WeightZeros": l.weightZeros,
		"ToReals": l.toReals, "Left": l.left, "Long": l.long, "Most": most, "Widest": widest,
		"Small": l.small(), "Whole": l.whole(),
		"Ties": l.ties, "Exceptions": l.exceptions, "Wide": l.wide,
		"Single": l.options.Requantization == integer.Single,
		"Kinds":  l.kinds(), "Choose": l.byBits, "Eight": l.bits[8], "Packed": l.packed, "Convolves": l.needs["convolve"] || l.needs["convolve_to_reals"],
		"Offset": "128u", "Pair": "2 * l->inputs",
		"Totals": l.needs["total"], "AnyDepthwise": l.needs["depthwise_any"] || l.needs["depthwise_any_to_reals"],
		"Requantized": l.needs["requantize"], "Fixed": !l.float32(), "Type": kind(false), "Suffix": ""}
	if l.countsPadding {
		model["Count"] = "counted(&l->at, a)"
	}
	model["Lower"] = "(128u - FLIP)"
	if l.packed {
		model["Lower"] = "((1u << (l->bits - 1)) - (l->bits == 8 ? FLIP : 0))"
		model["Offset"] = "(1u << (l->bits - 1))"
		model["Pair"] = "l->inputs / 4 * l->bits + l->inputs % 4 * (l->bits == 8 ? 2 : 1)"
	}
	var b strings.Builder
	for _, name := range order {
		if !l.needs[name] {
			continue
		}
		values := maps.Clone(model)
		if suffix, ok := strings.CutPrefix(name, "weigh"); ok { // at two places, too?
			values["Convolves"] = l.needs["convolve"+suffix]
		}
		if suffix, ok := strings.CutPrefix(name, "depthwise"); ok {
			values["Any"] = l.needs["depthwise_any"+suffix]
		}
		if v, ok := variants[name]; ok {
			name = v.file
			maps.Copy(values, v.values)
		}
		text, err := expand(name, values)
		if err != nil {
			return "", err
		}
		b.WriteString("\n" + text)
	}
	return b.String(), nil
}

// kinds are the bits of weights that are multiplied in pairs, the most first.
func (l *lowering) kinds() []int {
	return slices.SortedFunc(maps.Keys(l.bits), func(a, b int) int { return b - a })
}

// byBits are lines that call the function of a layer's bits.
func (l *lowering) byBits(function, arguments string) string {
	kinds := l.kinds()
	if len(kinds) == 1 {
		return fmt.Sprintf("    %s%d(%s);", function, kinds[0], arguments)
	}
	var b strings.Builder
	b.WriteString("    switch (l->bits) {\n")
	for _, bits := range kinds {
		fmt.Fprintf(&b, "    case %d:\n        %s%d(%s);\n        break;\n", bits, function, bits, arguments)
	}
	return b.String() + "    }"
}

// expand is the text of a file in kernels, with names replaced by values.
func expand(name string, values map[string]any) (string, error) {
	t, err := template.ParseFS(kernels, "kernels/"+name+".c")
	if err != nil {
		return "", fmt.Errorf("carray: %w", err)
	}
	var b strings.Builder
	if err := t.Execute(&b, values); err != nil {
		return "", fmt.Errorf("carray: %w", err)
	}
	return b.String(), nil
}

// require adds the kernels that others call.
func (l *lowering) require() {
	l.needs["requantize"] = l.needs["global_average"] && l.float32()
	for _, c := range callees {
		if l.needs[c.by] && (l.bits[8] || !strings.HasPrefix(c.needs, "weigh_four")) {
			l.needs[c.needs] = true
		}
	}
	l.needs["multiply_four"] = l.needs["multiply_four"] && !l.float32()
	l.needs["grid"] = true
	l.needs["wide"] = l.bits[8]
	l.needs["weight_zero"] = l.weightZeros
	for _, bits := range l.kinds() {
		l.needs[fmt.Sprint("dot", bits)] = true
		l.needs[fmt.Sprint("dots_wide", bits)] = l.needs["widen"]
	}
	for _, suffix := range []string{"", "_to_reals"} {
		four := l.needs["depthwise_any"+suffix] && !l.weightZeros
		l.needs["depthwise_four"+suffix] = four
		l.needs["depthwise_sixteen"+suffix] = l.needs["depthwise"+suffix] && !l.weightZeros
		l.needs["taps_in_order"] = l.needs["taps_in_order"] || l.needs["depthwise_sixteen"+suffix]
		l.needs["finish_sixteen"+suffix] = l.needs["finish_sixteen"+suffix] || l.needs["depthwise_sixteen"+suffix]
		l.needs["slide"] = l.needs["slide"] || l.needs["depthwise_3x3"+suffix]
		if four || l.needs["slide"] {
			l.needs["halves"], l.needs["word"] = true, true
		}
		l.needs["signed_halves"] = l.needs["signed_halves"] || four
	}
	l.needs["requantize_sixteen"] = l.needs["finish_sixteen"] && l.float32()
	l.needs["quantize"] = l.needs["quantize"] || !l.values[l.model.Input.Name].real // of the function at that end
	l.needs["counted"] = l.countsPadding && (l.needs["average_pool"] || l.needs["integer_mean"] || l.needs["real_pool"])
	if l.needs["requantize"] {
		if l.float32() {
			l.needs["quantize"], l.needs["requantize_float32"] = true, true
		} else {
			l.needs["clip"], l.needs["requantize_fixed"] = true, true
			l.needs["helium"], l.needs["processor"], l.needs["multiplier"] = true, true, true
			l.needs["multiply_"+l.options.Requantization.String()] = true
		}
	}
	l.needs["nearest"] = l.needs["quantize"]
}
