package coreml

import (
	"fmt"
	"strings"
	"unicode/utf8"

	"petrify/quantized/coreml/mil"
)

// Target is the oldest system that must run a package. The zero value is the
// oldest that has what the model needs.
type Target uint8

// The targets.
const (
	Lowest Target = iota // the lowest of the following that fits the model
	IOS16                // iOS 16, macOS 13: 8-bit weights
	IOS17                // iOS 17, macOS 14: and 8-bit activations
	IOS18                // iOS 18, macOS 15: and 4-bit weights, scales per block
)

// String is the target's name, such as "iOS17".
func (t Target) String() string {
	switch t {
	case Lowest:
		return "lowest"
	case IOS16:
		return "iOS16"
	case IOS17:
		return "iOS17"
	case IOS18:
		return "iOS18"
	}
	return fmt.Sprintf("Target(%d)", uint8(t))
}

// version is the specification version: 7 for iOS 16.
func (t Target) version() int32 { return 6 + int32(t) }

// ParseTarget reads a target by the name of either system: iOS16 or macOS13,
// iOS17 or macOS14, iOS18 or macOS15; "" and "lowest" are [Lowest]. Case does
// not matter.
func ParseTarget(text string) (Target, error) {
	switch strings.ToLower(text) {
	case "", "lowest":
		return Lowest, nil
	case "ios16", "macos13":
		return IOS16, nil
	case "ios17", "macos14":
		return IOS17, nil
	case "ios18", "macos15":
		return IOS18, nil
	}
	return 0, fmt.Errorf("coreml: target %q: want iOS16 (macOS13), iOS17 (macOS14), iOS18 (macOS15) or lowest", text)
}

// Precision is the type that the program computes in.
type Precision uint8

// The precisions. The Neural Engine runs only float16; float32 is for exact
// comparison.
const (
	Float16 Precision = iota
	Float32
)

// String is "float16" or "float32".
func (p Precision) String() string {
	switch p {
	case Float16:
		return "float16"
	case Float32:
		return "float32"
	}
	return fmt.Sprintf("Precision(%d)", uint8(p))
}

func (p Precision) dataType() mil.DataType {
	if p == Float32 {
		return mil.Float32
	}
	return mil.Float16
}

// ParsePrecision reads "float16" or "float32"; "" is float16.
func ParsePrecision(text string) (Precision, error) {
	switch text {
	case "", "float16":
		return Float16, nil
	case "float32":
		return Float32, nil
	}
	return 0, fmt.Errorf("coreml: precision %q: want float16 or float32", text)
}

// Encoding is how signed weights are stored.
type Encoding uint8

// The encodings of weights. All mean the same numbers: unsigned ones are q +
// 128 with zero point + 128, or q + 8 for 4 bits. Unsigned is for systems whose
// GPU or Neural Engine is reported to mishandle signed ones; compare the
// device's compute units to find out.
const (
	Signed   Encoding = iota // int8, as Core ML Tools writes
	Unsigned                 // uint8
	Palette                  // weights of 1 and 2 bits as indices into tables, others as Signed
)

// String is "int8", "uint8" or "palette".
func (e Encoding) String() string {
	switch e {
	case Signed:
		return "int8"
	case Unsigned:
		return "uint8"
	case Palette:
		return "palette"
	}
	return fmt.Sprintf("Encoding(%d)", uint8(e))
}

// ParseEncoding reads "int8", "uint8" or "palette"; "" is int8.
func ParseEncoding(text string) (Encoding, error) {
	switch text {
	case "", "int8":
		return Signed, nil
	case "uint8":
		return Unsigned, nil
	case "palette":
		return Palette, nil
	}
	return 0, fmt.Errorf("coreml: weights encoding %q: want int8, uint8 or palette", text)
}

// Options say what package to write. The zero value writes float16 for the
// lowest target that fits, from an array of normalised numbers to the
// network's own output.
type Options struct {
	Target          Target
	Precision       Precision
	WeightsEncoding Encoding
	Classifier      bool // outputs classLabel and classLabel_probs, by softmax if the network does not end in one
	Normalize       bool // the input takes raw values, such as bytes of pixels; the model normalises them
	Image           bool // the input is a grayscale or RGB image; the model normalises it
	Metadata        Metadata
}

// Metadata is what Xcode shows about the model.
type Metadata struct {
	Author, License, Version, Description string

	// Facts are added to petrify's own, such as those of a proof
	// (quantized.Proof.Facts).
	Facts map[string]string
}

// Validate returns an error for a value that is not one of the constants.
func (o Options) Validate() error {
	switch {
	case o.Target > IOS18:
		return fmt.Errorf("coreml: target %v: want lowest, iOS16, iOS17 or iOS18", o.Target)
	case o.Precision > Float32:
		return fmt.Errorf("coreml: precision %v: want float16 or float32", o.Precision)
	case o.WeightsEncoding > Palette:
		return fmt.Errorf("coreml: weights encoding %v: want int8, uint8 or palette", o.WeightsEncoding)
	}
	m := o.Metadata
	for _, text := range []string{m.Author, m.License, m.Version, m.Description} {
		if !utf8.ValidString(text) {
			return fmt.Errorf("coreml: metadata %q: want UTF-8", text)
		}
	}
	return nil
}
