package main

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
)

// forms is the vector instructions that Go's assembler lacks, by their text
// without numbers, and their encodings with all numbers 0. TestEncodings
// compares what is made of them with an assembler's answer.
var forms = map[string]uint32{
	"fadd v.4s, v.4s, v.4s":     0x4e20d400,
	"fsub v.4s, v.4s, v.4s":     0x4ea0d400,
	"fmul v.4s, v.4s, v.4s":     0x6e20dc00,
	"fdiv v.4s, v.4s, v.4s":     0x6e20fc00,
	"fmax v.4s, v.4s, v.4s":     0x4e20f400,
	"fmin v.4s, v.4s, v.4s":     0x4ea0f400,
	"fmaxnm v.4s, v.4s, v.4s":   0x4e20c400,
	"fminnm v.4s, v.4s, v.4s":   0x4ea0c400,
	"fcmgt v.4s, v.4s, v.4s":    0x6ea0e400,
	"fcmge v.4s, v.4s, v.4s":    0x6e20e400,
	"fcmeq v.4s, v.4s, v.4s":    0x4e20e400,
	"fsqrt v.4s, v.4s":          0x6ea1f800,
	"frintn v.4s, v.4s":         0x4e218800,
	"fcvtns v.4s, v.4s":         0x4e21a800,
	"scvtf v.4s, v.4s":          0x4e21d800,
	"ucvtf v.4s, v.4s":          0x6e21d800,
	"sxtl v.8h, v.8b":           0x0f08a400,
	"sxtl2 v.8h, v.16b":         0x4f08a400,
	"sxtl v.4s, v.4h":           0x0f10a400,
	"sxtl2 v.4s, v.8h":          0x4f10a400,
	"smlal v.4s, v.4h, v.4h":    0x0e608000,
	"smlal2 v.4s, v.8h, v.8h":   0x4e608000,
	"smlal v.4s, v.4h, v.h[]":   0x0f402000,
	"smlal2 v.4s, v.8h, v.h[]":  0x4f402000,
	"fmla v.4s, v.4s, v.s[]":    0x4f801000,
	"fadd v.2d, v.2d, v.2d":     0x4e60d400,
	"fsub v.2d, v.2d, v.2d":     0x4ee0d400,
	"fmul v.2d, v.2d, v.2d":     0x6e60dc00,
	"frintn v.2d, v.2d":         0x4e618800,
	"fcvtns v.2d, v.2d":         0x4e61a800,
	"fcvtl v.2d, v.2s":          0x0e617800,
	"fcvtl2 v.2d, v.4s":         0x4e617800,
	"fcvtn v.2s, v.2d":          0x0e616800,
	"fcvtn2 v.4s, v.2d":         0x4e616800,
	"shl v.2d, v.2d, #52":       0x4f745400,
	"sdot v.4s, v.16b, v.4b[]":  0x4f80e000,
	"sudot v.4s, v.16b, v.4b[]": 0x4f00f000,
}

// mnemonics is what Go's assembler calls the vector instructions that it has.
var mnemonics = map[string]string{
	"add": "VADD", "and": "VAND", "bit": "VBIT", "bif": "VBIF", "bsl": "VBSL", "cmeq": "VCMEQ", "eor": "VEOR",
	"mov": "VMOV", "sub": "VSUB", "umax": "VUMAX", "uxtl": "VUXTL", "uxtl2": "VUXTL2", "uaddw": "VUADDW",
	"uaddw2": "VUADDW2", "uzp1": "VUZP1", "zip1": "VZIP1", "zip2": "VZIP2", "fmla": "VFMLA",
}

var (
	numbers  = regexp.MustCompile(`(v|\[)\d+`)
	register = regexp.MustCompile(`v(\d+)\.(\d*)([a-z])`)
	element  = regexp.MustCompile(`\.4?([a-z])\[(\d+)\]`)
)

// assemble returns a vector instruction, given in ARM's spelling, as Go's
// assembler wants it: by Go's name or, if it has none, as its encoding.
func assemble(text string) string {
	if code, ok := encode(text); ok {
		return fmt.Sprintf("WORD $%#08x // %s", code, text)
	}
	name, _, _ := strings.Cut(text, " ")
	registers := register.FindAllStringSubmatch(text, -1)
	if mnemonics[name] == "" || len(registers) == 0 {
		panic("no such instruction: " + text)
	}
	var operands []string
	for i := range registers { // Go has the destination last
		m := registers[len(registers)-1-i]
		operands = append(operands, fmt.Sprintf("V%s.%s%s", m[1], strings.ToUpper(m[3]), m[2]))
	}
	return mnemonics[name] + " " + strings.Join(operands, ", ")
}

// encode returns the encoding of an instruction, and whether it has a form.
func encode(text string) (code uint32, ok bool) {
	code, ok = forms[numbers.ReplaceAllString(text, "$1")]
	if !ok {
		return 0, false
	}
	for i, m := range register.FindAllStringSubmatch(text, -1) {
		n, err := strconv.Atoi(m[1])
		if err != nil || n > 31 || n > 15 && strings.Contains(text, "h[") && i == 2 {
			panic("no such register: " + text)
		}
		code |= uint32(n) << []int{0, 5, 16}[i]
	}
	return code | elementBits(text), true
}

// elementBits encodes the number of an element: in the bits H and L, and M too if it
// is a halfword.
func elementBits(text string) uint32 {
	m := element.FindStringSubmatch(text)
	if m == nil {
		return 0
	}
	i, err := strconv.Atoi(m[2])
	if err != nil || i > 7 || i > 3 && m[1] != "h" {
		panic("no such element: " + text)
	}
	const h, l, m20 = 11, 21, 20
	n := uint32(i)
	if m[1] == "h" {
		return n>>2<<h | n>>1&1<<l | n&1<<m20
	}
	return n>>1<<h | n&1<<l
}
