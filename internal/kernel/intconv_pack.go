package kernel

import (
	"encoding/binary"
	"fmt"
	"math"
	"slices"
)

// PackedConv is a convolution's int8 weights in the order in which this
// process's kernels read them, made once when a model is loaded. Any number of
// goroutines may use it at once, except during [PackedConv.Repack].
type PackedConv struct {
	g    Conv    // N is 1
	sums []int32 // Σw of each output channel

	packing packing
	element int     // bytes of an image's element: 1, or 2 as a word
	off     []int   // bytes from a window's start to each run of its elements
	length  int     // elements of a run
	groups  int     // groups of four bytes in a run
	depth   int     // packedPairs: groups whose products are summed as words
	source  []int32 // where in a filter I KH KW the elements of its runs lie; −1 where groups have too much

	w []int8 // packedGo: O KH KW I
	// packedBytes, packedSigned, packedWords, packedPairs: panels of channels × runs × groups ×
	// channels × four bytes; packedQuads: quads of taps × channels × four
	panels []uint8
	taps   []int16 // packedDepth: pairs of taps × channels × two

	ones  []uint8 // a window of ones
	zeros []int32 // no bias
}

// packing says which kernel the weights are for.
type packing uint8

const (
	packedGo     packing = iota
	packedBytes          // VPDPBUSD: panels of 32 or, at the end, 16 channels; SUDOT: of 16
	packedSigned         // SDOT: the same, for images of signed bytes
	packedWords          // VPMADDWD, SMLAL: panels of 16 channels
	packedPairs          // VPMADDUBSW, for small weights: panels of 16 channels
	packedDepth          // depthwise, taps in pairs
	packedQuads          // depthwise, taps in fours, quadLanes channels or neighbours' channels at a time
)

// PackConv packs the weights w, O I KH KW, of the convolution g; g.N is
// ignored.
func PackConv(w []int8, g Conv) *PackedConv {
	g.N = 1
	if err := g.Validate(); err != nil {
		panic(err)
	}
	p := &PackedConv{g: g, sums: make([]int32, g.O)}
	p.plan(packingFor(g), 1)
	p.Repack(w)
	return p
}

// plan chooses the packing and makes room for it.
func (p *PackedConv) plan(chosen packing, depth int) {
	g := p.g
	p.packing, p.depth, p.element = chosen, depth, 1
	p.off, p.source, p.panels = nil, nil, nil
	if p.packing == packedWords {
		p.element = 2
	}
	p.findRuns()
	p.findOnes()
	switch p.packing {
	case packedGo:
		p.w = make([]int8, g.O*len(p.source))
	case packedDepth:
		p.fillTaps(2)
		p.taps = make([]int16, len(p.off)*depthLanes(g.C))
	case packedQuads:
		p.fillTaps(4)
		p.panels = make([]uint8, len(p.off)*max(quadLanes(), g.C))
	case packedBytes, packedSigned, packedWords, packedPairs:
		room := 0
		for o := 0; o < g.O; o += p.panelWidth(o) {
			room += p.panelBytes(o)
		}
		p.panels = make([]uint8, room)
	default:
		panic(fmt.Sprintf("kernel: no room for packing %d", p.packing))
	}
}

// Repack replaces the weights with w, O I KH KW: for training steps, whose
// weights differ each time. It allocates only where their size asks for another
// kernel.
func (p *PackedConv) Repack(w []int8) {
	checkLen("Repack", "w", len(w), p.g.O*p.g.C/p.g.Groups*p.g.KH*p.g.KW)
	p.adapt(w)
	switch p.packing {
	case packedBytes, packedSigned, packedPairs:
		p.packBytes(w)
	case packedWords:
		p.packWords(w)
	case packedDepth:
		p.packTaps(w)
	case packedQuads:
		p.packQuads(w)
	case packedGo:
		k := len(p.source)
		for o := range p.g.O {
			for i, from := range p.source {
				p.w[o*k+i] = w[o*k+int(from)]
			}
		}
	default:
		panic(fmt.Sprintf("kernel: no way to packing %d", p.packing))
	}
	p.row(p.sums, p.ones, 0, p.zeros) // Σw is what the kernel answers to ones
}

// adapt chooses between words, and bytes whose products are summed as words as
// far as these weights allow.
func (p *PackedConv) adapt(w []int8) {
	if p.packing != packedWords && p.packing != packedPairs || !hasPairs {
		return
	}
	depth := 4
	for depth > 0 && !p.pairsFit(w, depth) {
		depth /= 2
	}
	switch {
	case depth == 0 && p.packing == packedPairs:
		p.plan(packedWords, 1)
	case depth > 0 && (p.packing == packedWords || p.depth != depth):
		p.plan(packedPairs, depth)
	}
}

// pairsFit reports whether, of any bytes, a word can hold the products with the
// weights of depth groups, the first two of each or the last two.
func (p *PackedConv) pairsFit(w []int8, depth int) bool {
	const most = math.MaxInt16 / math.MaxUint8
	k, whole := len(w)/p.g.O, len(p.source)/len(p.off)
	for filter := range slices.Chunk(w, k) {
		for run := 0; run < len(p.source); run += whole {
			for group := range slices.Chunk(p.source[run:run+p.length], 4*depth) {
				var above, below [2]int // the sums of positive and of negative weights
				for i, from := range group {
					v := int(filter[from])
					above[i/2%2] += max(v, 0)
					below[i/2%2] -= min(v, 0)
				}
				if max(above[0], above[1], below[0], below[1]) > most {
					return false
				}
			}
		}
	}
	return true
}

// findOnes makes the window and the bias with which Repack computes the sums of
// the weights.
func (p *PackedConv) findOnes() {
	p.zeros = make([]int32, p.biasLen())
	p.ones = make([]uint8, p.off[len(p.off)-1]+p.length*p.element*p.g.Groups+64)
	for i := 0; i < len(p.ones); i += p.element {
		p.ones[i] = 1
	}
}

// biasLen is the length that the kernels require of a bias; [intCall.begin]
// repeats the bias to fill it.
func (p *PackedConv) biasLen() int {
	if p.packing == packedQuads {
		return max(quadLanes(), p.g.O)
	}
	return (p.g.O + 15) &^ 15
}

// flat reports whether a window is one pixel, and each pixel a window: the
// images of a batch are then one long row.
func (p *PackedConv) flat() bool {
	g := p.g
	return g.KH == 1 && g.KW == 1 && g.StrideH == 1 && g.StrideW == 1 && !g.depthwise() &&
		g.PadTop+g.PadLeft+g.PadBottom+g.PadRight == 0
}

// imageBytes is the size of a padded image, including what a kernel reads past
// its end: the rest of groups.
func (p *PackedConv) imageBytes() int {
	const group = 64
	g := p.g
	size := (g.H + g.PadTop + g.PadBottom) * (g.W + g.PadLeft + g.PadRight) * g.C
	if p.flat() {
		size = flatWidth * g.C
	}
	return (size*p.element+group-1)/group*group + group
}

// wide is the elements of a row of a padded image.
func (p *PackedConv) wide() int { return (p.g.W + p.g.PadLeft + p.g.PadRight) * p.g.C }

// findRuns sets off to the starts of runs of length elements in a window: the
// rows of the window or, if it is dilated or has groups, its pixels. source
// follows the runs, each padded to whole groups of four bytes, and whole depths
// of them, if the packing has panels.
func (p *PackedConv) findRuns() {
	g, ci := p.g, p.g.C/p.g.Groups
	columns, pixels := 1, g.KW
	if g.DilationW > 1 || g.Groups > 1 {
		columns, pixels = g.KW, 1
	}
	p.length = pixels * ci
	whole := p.length
	if p.panelled() {
		each := 4 / p.element
		whole = (p.length + each*p.depth - 1) / (each * p.depth) * each * p.depth
		p.groups = whole / each
	}
	for kh := range g.KH {
		for column := range columns {
			p.off = append(p.off, (kh*g.DilationH*p.wide()+column*g.DilationW*g.C)*p.element)
			for i := range whole {
				from := int32(-1)
				if i < p.length {
					from = int32((i%ci*g.KH+kh)*g.KW + column + i/ci)
				}
				p.source = append(p.source, from)
			}
		}
	}
}

// panelWidth is the channels of the panel that starts at channel o.
func (p *PackedConv) panelWidth(o int) int {
	if p.packing == packedBytes && p.g.O-o > 16 {
		return layouts[path].columns
	}
	return 16
}

// panelled reports whether the weights are in panels of channels.
func (p *PackedConv) panelled() bool {
	switch p.packing {
	case packedBytes, packedSigned, packedWords, packedPairs:
		return true
	}
	return false
}

// sign is the bit to flip between unsigned bytes and those that the kernel reads.
func (p *PackedConv) sign() uint8 {
	if p.packing == packedSigned {
		return 128
	}
	return 0
}

// panelBytes is the size of the panel that starts at channel o.
func (p *PackedConv) panelBytes(o int) int { return len(p.off) * p.groups * 4 * p.panelWidth(o) }

// packBytes fills panels with groups of four bytes. A task has a panel's channels and a
// turn of their elements, so that source and destination stay in the cache.
func (p *PackedConv) packBytes(w []int8) {
	const turn = 128
	width, turns := p.panelWidth(0), (len(p.source)+turn-1)/turn
	pack := func(i int) {
		first, at := i/turns*width, i%turns*turn
		p.packTurn(w, first, at, p.source[at:min(at+turn, len(p.source))])
	}
	if tasks := (p.g.O + width - 1) / width * turns; len(w) > block {
		Parallel(tasks, pack)
	} else {
		for i := range tasks {
			pack(i)
		}
	}
}

// packTurn writes the elements that source names, the first of which is at, of the panel
// that starts at channel first.
func (p *PackedConv) packTurn(w []int8, first, at int, source []int32) {
	k, width := len(w)/p.g.O, p.panelWidth(first)
	out := p.panels[first*len(p.source)+at*width:]
	for lane := range min(width, p.g.O-first) {
		p.packLane(out[4*lane:], 4*width, w[(first+lane)*k:][:k], source)
	}
}

// packLane writes the groups of one filter, step bytes apart.
func (p *PackedConv) packLane(out []uint8, step int, filter []int8, source []int32) {
	bytes, at := bytesOf(filter), 0
	if p.g.KH*p.g.KW == 1 { // elements follow each other in the filter, too
		for from := int(source[0]); len(source) >= 4 && source[3] >= 0; from += 4 {
			binary.LittleEndian.PutUint32(out[at:], binary.LittleEndian.Uint32(bytes[from:]))
			source = source[4:]
			at += step
		}
	}
	for ; len(source) >= 4; at += step {
		from := source[:4]
		source = source[4:]
		if from[3] >= 0 {
			binary.LittleEndian.PutUint32(out[at:], uint32(bytes[from[0]])|uint32(bytes[from[1]])<<8|
				uint32(bytes[from[2]])<<16|uint32(bytes[from[3]])<<24)
			continue
		}
		clear(out[at : at+4]) // the last group of a run has too much
		for b, i := range from {
			if i >= 0 {
				out[at+b] = bytes[i]
			}
		}
	}
}

// packWords fills panels with groups of two words.
func (p *PackedConv) packWords(w []int8) {
	k := len(w) / p.g.O
	out := p.panels
	for first := 0; first < p.g.O; first += 16 {
		for i := 0; i < len(p.source); i += 2 {
			for lane := range min(16, p.g.O-first) {
				for b, at := range p.source[i : i+2] {
					if at >= 0 {
						binary.LittleEndian.PutUint16(out[4*lane+2*b:], uint16(w[(first+lane)*k+int(at)]))
					}
				}
			}
			out = out[64:]
		}
	}
}

// fillTaps repeats the last tap up to a multiple of count; its weights are 0.
func (p *PackedConv) fillTaps(count int) {
	for len(p.off)%count != 0 {
		p.off = append(p.off, p.off[len(p.off)-1])
	}
}

// quadLanes is the channels of the kernel of [packedQuads]: those of four vectors.
func quadLanes() int { return 2 * layouts[path].columns }

// packQuads fills panels for the kernel of [quadLanes] channels; fewer channels are
// repeated, for the next pixels. They are in the order in which the kernel
// interleaves them: word d of vector k is channel 16·(d/4) + 4k + d%4.
func (p *PackedConv) packQuads(w []int8) {
	lanes := quadLanes()
	count, c, words := len(p.source), max(lanes, p.g.C), lanes/4
	for i := range c {
		lane := i % lanes
		channel := i - lane + lane%words/4*16 + lane/words*4 + lane%4
		filter := w[channel%p.g.C*count:][:count]
		for t, v := range filter {
			p.panels[(t/4*c+i)*4+t%4] = uint8(v)
		}
	}
}

// packTaps fills taps.
func (p *PackedConv) packTaps(w []int8) {
	count, c := len(p.source), depthLanes(p.g.C)
	for o := range p.g.C {
		for k := range count {
			p.taps[(k/2*c+o)*2+k%2] = int16(w[o*count+k])
		}
	}
}
