package onnx

import (
	"fmt"
	"slices"
	"strings"
)

var (
	resultNames = []string{Logits: "logits", Probabilities: "probabilities", Class: "class"}
	targetNames = []string{AnyTarget: "any", X64AVX2: "x64-avx2"}
)

// String is "logits", "probabilities" or "class".
func (r Result) String() string { return nameOf("Result", resultNames, uint8(r)) }

// MarshalText writes [Result.String].
func (r Result) MarshalText() ([]byte, error) { return []byte(r.String()), nil }

// UnmarshalText reads [Result.String].
func (r *Result) UnmarshalText(text []byte) error {
	i, err := indexOf("result", resultNames, string(text))
	*r = Result(i)
	return err
}

// String is "any" or "x64-avx2".
func (t Target) String() string { return nameOf("Target", targetNames, uint8(t)) }

// MarshalText writes [Target.String].
func (t Target) MarshalText() ([]byte, error) { return []byte(t.String()), nil }

// UnmarshalText reads [Target.String].
func (t *Target) UnmarshalText(text []byte) error {
	i, err := indexOf("target", targetNames, string(text))
	*t = Target(i)
	return err
}

func nameOf(kind string, names []string, i uint8) string {
	if int(i) >= len(names) {
		return fmt.Sprintf("%s(%d)", kind, i)
	}
	return names[i]
}

func indexOf(kind string, names []string, name string) (int, error) {
	i := slices.Index(names, name)
	if i < 0 {
		return 0, fmt.Errorf("onnx: %s %q: want one of %s", kind, name, strings.Join(names, ", "))
	}
	return i, nil
}
