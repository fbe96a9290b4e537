package coreml

import (
	"fmt"
	"strconv"
	"strings"

	"petrify/quantized/coreml/mil"
)

// EncodeName maps a name to one of the form [A-Za-z_][A-Za-z0-9_]* so that
// [DecodeName] maps it back. Names of that form stay as they are, except for
// words of the program text's grammar and names that contain "_x". Each byte
// that must change becomes _xHH_, where HH is its hexadecimal value:
//
//	conv1       conv1
//	block.1/add block_x2E_1_x2F_add
//	1st         _x31_st
//	int8        _x69_nt8
//	_x          _x5F_x
func EncodeName(name string) string {
	var b strings.Builder
	for i := range len(name) {
		c := name[i]
		digit := '0' <= c && c <= '9'
		letter := 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z'
		plain := letter && !(i == 0 && reserved(name)) ||
			digit && i > 0 ||
			c == '_' && !strings.HasPrefix(name[i:], "_x")
		if plain {
			b.WriteByte(c)
		} else {
			fmt.Fprintf(&b, "_x%02X_", c)
		}
	}
	return b.String()
}

// DecodeName is the inverse of [EncodeName]. It returns an error for a text
// that EncodeName cannot have returned.
func DecodeName(text string) (string, error) {
	var b strings.Builder
	for i := 0; i < len(text); i++ {
		if !strings.HasPrefix(text[i:], "_x") {
			b.WriteByte(text[i])
			continue
		}
		if len(text) < i+5 || text[i+4] != '_' {
			return "", fmt.Errorf("coreml: name %q: want _xHH_ at byte %d", text, i)
		}
		c, err := strconv.ParseUint(text[i+2:i+4], 16, 8)
		if err != nil {
			return "", fmt.Errorf("coreml: name %q: want _xHH_ at byte %d", text, i)
		}
		b.WriteByte(byte(c))
		i += 4
	}
	name := b.String()
	if EncodeName(name) != text || !mil.ValidName(text) {
		return "", fmt.Errorf("coreml: name %q is not an encoded name", text)
	}
	return name, nil
}

// reserved reports whether the name is a word of the program text's grammar.
func reserved(name string) bool {
	switch name {
	case "any", "bool", "program", "func", "tensor", "list", "dict", "tuple", "true", "false", "string",
		"bf16", "fp16", "fp32", "fp64", "int4", "int8", "int16", "int32", "int64",
		"uint1", "uint2", "uint3", "uint4", "uint6", "uint8", "uint16", "uint32", "uint64",
		"xor", "state", "main":
		return true
	}
	return false
}
