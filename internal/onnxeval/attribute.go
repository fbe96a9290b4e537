package onnxeval

import (
	"fmt"
	"strings"

	"petrify/internal/onnxpb"
)

// typed lists attributes that have one type in all operators.
var typed = map[onnxpb.AttributeType]struct{ is, names string }{
	onnxpb.FloatAttribute: {"a number", "alpha beta epsilon ratio"},
	onnxpb.IntAttribute: {"an integer", "allowzero axis ceil_mode count_include_pad group keepdims to training_mode " +
		"transA transB"},
	onnxpb.IntsAttribute: {"a list of integers",
		"axes dilations ends kernel_shape output_padding output_shape pads perm " +
			"starts strides"},
	onnxpb.StringAttribute: {"a text", "approximate auto_pad mode"},
}

// attributeTypes are the types by name.
var attributeTypes = map[string]onnxpb.AttributeType{}

func init() {
	for t, list := range typed {
		for name := range strings.FieldsSeq(list.names) {
			attributeTypes[name] = t
		}
	}
}

// wellTyped refuses attributes of another type than they have in the standard,
// and numbers that are not finite. Files of the first versions do not say types.
func (n *Node) wellTyped() error {
	for _, a := range n.Attributes {
		if want := attributeTypes[a.Name]; want != 0 && a.Type != 0 && a.Type != want && n.Domain == "" {
			return fmt.Errorf("attribute %s is not %s", a.Name, typed[want].is)
		}
		if a.Type == onnxpb.FloatAttribute && a.Float-a.Float != 0 {
			return fmt.Errorf("attribute %q is %v", Printable(a.Name), a.Float)
		}
	}
	return nil
}
