package carray

import (
	"math"
	"slices"
	"strings"

	"petrify/quantized"
)

// block is how many inputs of an output lie side by side.
const block = 4

// most is how many products of two bytes certainly fit int32, in whole blocks.
const most = 32768

// small reports whether everything that fixed-point numbers multiply is certainly below 2³⁰.
func (l *lowering) small() bool { return !l.left && !l.great && !l.needs["attend"] }

// whole reports whether every byte is on the grid of every layer.
func (l *lowering) whole() bool {
	return !slices.ContainsFunc(l.model.Nodes, func(n quantized.Node) bool {
		v := l.values[n.Name]
		return !v.real && (v.grid.min > 0 || v.grid.max < math.MaxUint8)
	})
}

// widest is how many bytes a convolution may take of scratch to compute four places at once.
const widest = 5000

// deepest is how many inputs of an output vectors of hosts take, at most: 57 KB of stack, for them and their weights.
const deepest = 1152

// mostOrdered is how many weights of a depthwise layer they take, at most: 32 KB of stack.
const mostOrdered = 16384

// widened is how many bytes four places take of that, with these inputs each, and this number of
// channels: as halves of words, at a multiple of 4, after a copy unless channels come in fours.
func widened(inputs, channels int) int {
	size := 16*(inputs/block*2+inputs%block) + 3
	if channels%block != 0 {
		size = 9*inputs + 24 + 3
	}
	if size > widest {
		return 0
	}
	return size
}

// channelCopy is how many bytes a copy of a channel takes that a depthwise convolution of 3 x 3
// windows reads, with the padding around it and a byte after it; 0 if that is another or too large.
func channelCopy(n *quantized.Node, x, y *value) int {
	w := n.Window
	size := ((y.shape[1]-1)*w.Stride[0]+3)*((y.shape[2]-1)*w.Stride[1]+3) + 1
	if w.Kernel != [2]int{3, 3} || max(w.Dilation[0], w.Dilation[1]) > 1 || y.channels() != x.channels() ||
		size > widest {
		return 0
	}
	return size
}

// paired are weights as the loop over two outputs reads them: unsigned, of four
// inputs those of one output, then those of the other; inputs that are left over
// alternate. A load needs one address, and one word of inputs meets one word of
// each output. An output that is alone in its group is paired with weights of 0.
//
// Weights of 4 bits lie so that a word, masked, holds inputs 0 and 2 of an output
// as two halves, and shifted by 4, 8 and 12 bits the others: 0 with 1, of both
// outputs, then 2 with 3. Those of 2 bits lie likewise in two bytes. Inputs that
// are left over take a byte for both outputs.
func (p *product) paired(w []int32) []uint8 {
	inputs, group := p.inputs(), p.outputs/p.groups
	all := make([]uint8, 0, len(w))
	for first := 0; first < p.outputs; first += group {
		for o := first; o < first+group; o += 2 {
			a := p.unsigned(w[o*inputs:][:inputs])
			b := p.unsigned(make([]int32, inputs))
			if o+1 < first+group {
				b = p.unsigned(w[(o+1)*inputs:][:inputs])
			}
			for ; len(a) >= block; a, b = a[block:], b[block:] {
				all = p.pack(all, a, b)
			}
			for i := range a {
				if p.bits == 8 {
					all = append(all, a[i], b[i])
				} else {
					all = append(all, a[i]|b[i]<<4)
				}
			}
		}
	}
	return all
}

func (p *product) unsigned(w []int32) []uint8 {
	all := make([]uint8, len(w))
	for i, q := range w {
		all[i] = uint8(q + p.offset())
	}
	return all
}

// pack appends a block of two outputs.
func (p *product) pack(all, a, b []uint8) []uint8 {
	switch p.bits {
	case 4:
		return append(all, a[0]|a[1]<<4, b[0]|b[1]<<4, a[2]|a[3]<<4, b[2]|b[3]<<4)
	case 2:
		return append(all, a[0]|a[1]<<2|b[0]<<4|b[1]<<6, a[2]|a[3]<<2|b[2]<<4|b[3]<<6)
	}
	return append(append(all, a[:block]...), b[:block]...)
}

// byTaps are the weights of a depthwise convolution, KH KW O: int8, or fewer bits
// side by side, unsigned.
func (p *product) byTaps(w []int32) []uint8 {
	all := make([]uint8, (len(w)*p.bits+7)/8)
	for i := range len(w) {
		q := w[i%p.outputs*p.inputs()+i/p.outputs]
		if p.bits < 8 {
			q += p.offset()
		}
		all[i*p.bits/8] |= uint8(q) << (i * p.bits % 8)
	}
	return all
}

// loop is the loop over weights of some bits, as the templates of dot and dots_wide have it.
func loop(bits int) map[string]any {
	v := map[string]any{"Bits": bits, "Rest": 1, "Format": "w + 8, of 4 bits",
		"Last":   []string{"(w[0] & 15)", "(w[0] >> 4)"},
		"Words":  []string{"v = word(w)"},
		"Single": []string{"ldrb r0, [r2], #1", "lsr r12, r0, #4", "and r0, r0, #15"}}
	switch bits {
	case 8:
		v["Rest"], v["Format"] = 2, "bytes, w + 128"
		v["Last"] = []string{"w[0]", "w[1]"}
		v["Words"] = []string{"u = word(w)", "v = word(w + 4)"}
		v["Halves"] = [][]string{{"even(u)", "odd(u)"}, {"even(v)", "odd(v)"}}
		v["Inputs"] = [][]string{{"w[0]", "w[4]"}, {"w[1]", "w[5]"}, {"w[2]", "w[6]"}, {"w[3]", "w[7]"}}
		v["First"] = []string{"ldr r0, [r2]", "ldr r12, [r2, #4]", "uxtb16 r0, r0", "uxtb16 r12, r12"}
		v["Second"] = []string{"ldr r0, [r2], #4", "ldr r12, [r2], #4", "uxtb16 r0, r0, ror #8",
			"uxtb16 r12, r12, ror #8"}
		v["Single"] = []string{"ldrb r0, [r2], #1", "ldrb r12, [r2], #1"}
	case 4:
		v["Mask"], v["Shifts"] = "15", []int{4, 8, 12}
		v["Vector"], v["Load"] = 16, []string{"vreinterpretq_u16_u8(vldrbq_u8(w))",
			"vreinterpretq_u16_u8(vldrbq_z_u8(w, vctp8q(some)))"}
		v["Halves"] = [][]string{{"(int32_t)(v & 0xf000fu)", "(int32_t)(v >> 4 & 0xf000fu)"},
			{"(int32_t)(v >> 8 & 0xf000fu)", "(int32_t)(v >> 12 & 0xf000fu)"}}
		v["Inputs"] = [][]string{{"(w[0] & 15)", "(w[1] & 15)"}, {"(w[0] >> 4)", "(w[1] >> 4)"},
			{"(w[2] & 15)", "(w[3] & 15)"}, {"(w[2] >> 4)", "(w[3] >> 4)"}}
		mask := []string{"and r0, r0, #0xf000f", "and r12, r12, #0xf000f"}
		v["First"] = append([]string{"ldr r0, [r2]", "lsr r12, r0, #8"}, mask...)
		v["Second"] = append([]string{"ldr r0, [r2], #4", "lsr r12, r0, #12", "lsr r0, r0, #4"}, mask...)
	case 2:
		v["Format"], v["Mask"], v["Shifts"] = "w + 2, of 2 bits", "3", []int{2, 4, 6}
		v["Vector"], v["Load"] = 8, []string{"vldrbq_u16(w)", "vldrbq_z_u16(w, vctp16q(some / 2))"}
		v["Words"] = []string{"v = (uint32_t)w[0] | (uint32_t)w[1] << 16"}
		v["Halves"] = [][]string{{"(int32_t)(v & 0x30003u)", "(int32_t)(v >> 2 & 0x30003u)"},
			{"(int32_t)(v >> 4 & 0x30003u)", "(int32_t)(v >> 6 & 0x30003u)"}}
		v["Inputs"] = [][]string{{"(w[0] & 3)", "(w[0] >> 4 & 3)"}, {"(w[0] >> 2 & 3)", "(w[0] >> 6)"},
			{"(w[1] & 3)", "(w[1] >> 4 & 3)"}, {"(w[1] >> 2 & 3)", "(w[1] >> 6)"}}
		mask := []string{"and r0, r0, #0x30003", "and r12, r12, #0x30003"}
		v["First"] = append([]string{"ldrb r0, [r2]", "ldrb r12, [r2, #1]", "orr r0, r0, r12, lsl #16",
			"lsr r12, r0, #4"}, mask...)
		v["Second"] = append([]string{"ldrb r0, [r2], #1", "ldrb r12, [r2], #1", "orr r0, r0, r12, lsl #16",
			"lsr r12, r0, #6", "lsr r0, r0, #2"}, mask...)
	}
	last := v["Last"].([]string)
	v["Others"] = []string{strings.ReplaceAll(last[0], "w", "v"), strings.ReplaceAll(last[1], "w", "v")}
	return v
}
