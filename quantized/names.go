package quantized

import (
	"fmt"
	"slices"
	"strings"
)

var opNames = []string{
	Conv2D: "conv2d", Linear: "linear", MaxPool: "max_pool", AvgPool: "avg_pool",
	GlobalAvgPool: "global_avg_pool", Flatten: "flatten", Reshape: "reshape", ResizeNearest: "resize",
	Stretch: "stretch", Slice: "slice", Pad: "pad", Shuffle: "shuffle",
	Add: "add", Sub: "sub", Mul: "mul", Concat: "concat", Max: "max", Min: "min", Activate: "activate",
	PReLU: "prelu", LayerNorm: "layer_norm",
	AttentionScores: "attention_scores", AttentionValues: "attention_values",
}

// String is the operation's name in model.json, such as "max_pool".
func (o Op) String() string {
	if o == 0 || int(o) >= len(opNames) {
		return fmt.Sprintf("Op(%d)", uint8(o))
	}
	return opNames[o]
}

// MarshalText writes [Op.String].
func (o Op) MarshalText() ([]byte, error) { return []byte(o.String()), nil }

// UnmarshalText reads [Op.String].
func (o *Op) UnmarshalText(text []byte) error {
	i := slices.Index(opNames, string(text))
	if i < 1 {
		return fmt.Errorf("operation %q: want one of %s", text, strings.Join(opNames[1:], ", "))
	}
	*o = Op(i)
	return nil
}
