package kernel

import "encoding/binary"

// PackedConv is a convolution's int8 weights in the order in which this
// process's kernels read them, made once when a model is loaded. It is never
// written to afterwards: any number of goroutines may use it at once.
type PackedConv struct {
	g    Conv    // N is 1
	sums []int32 // Σw of each output channel

	packing packing
	element int   // bytes of an image's element: 1, or 2 as a word
	off     []int // bytes from a window's start to each run of its elements
	length  int   // elements of a run
	groups  int   // groups of four bytes in a run

	w      []int8  // packedGo: O KH KW I
	panels []uint8 // packedBytes, packedWords: panels of channels × runs × groups × channels × four bytes
	taps   []int16 // packedDepth: pairs of taps × channels × two
}

// packing is which kernel the weights are for.
type packing uint8

const (
	packedGo    packing = iota
	packedBytes         // VPDPBUSD: panels of 32 or, at the end, 16 channels
	packedWords         // VPMADDWD: panels of 16 channels
	packedDepth         // depthwise
)

// PackConv packs the weights w, O I KH KW, of the convolution g; g.N is
// ignored.
func PackConv(w []int8, g Conv) *PackedConv {
	g.N = 1
	if err := g.Validate(); err != nil {
		panic(err)
	}
	ci, window := g.C/g.Groups, g.KH*g.KW
	checkLen("PackConv", "w", len(w), g.O*ci*window)
	p := &PackedConv{g: g, packing: packingFor(g), element: 1, sums: make([]int32, g.O), w: make([]int8, len(w))}
	for o := range g.O {
		for i := range ci {
			for k := range window {
				v := w[(o*ci+i)*window+k]
				p.w[(o*window+k)*ci+i] = v
				p.sums[o] += int32(v)
			}
		}
	}
	p.pack()
	return p
}

// pack fills what the packing reads, from w.
func (p *PackedConv) pack() {
	switch p.packing {
	case packedBytes:
		p.packPanels(32)
	case packedWords:
		p.element = 2
		p.packPanels(16)
	case packedDepth:
		p.packTaps()
	default:
		p.findRuns()
		return
	}
	p.w = nil
}

// PackLinear packs the weights w, O F, of a linear layer: a convolution of
// images of one pixel, the rows of a batch.
func PackLinear(w []int8, f, o int) *PackedConv {
	return PackConv(w, Conv{H: 1, W: 1, C: f, O: o, KH: 1, KW: 1,
		StrideH: 1, StrideW: 1, DilationH: 1, DilationW: 1, Groups: 1})
}

// Geometry is the convolution that was packed, with N = 1.
func (p *PackedConv) Geometry() Conv { return p.g }

// flat reports whether a window is one pixel, and each pixel a window: the
// images of a batch are then one long row.
func (p *PackedConv) flat() bool {
	g := p.g
	return g.KH == 1 && g.KW == 1 && g.StrideH == 1 && g.StrideW == 1 && p.packing != packedDepth &&
		g.PadTop+g.PadLeft+g.PadBottom+g.PadRight == 0
}

// imageBytes is the room for a padded image, and for what a kernel reads past
// its end: the rest of a group.
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

// findRuns sets off to where a window's elements lie in runs of length
// elements: the rows of the window or, if it is dilated or has groups, its
// pixels. The weights w of a filter follow each other in the same order.
func (p *PackedConv) findRuns() {
	g := p.g
	columns := 1
	p.length = g.KW * g.C
	if g.DilationW > 1 || g.Groups > 1 {
		columns, p.length = g.KW, g.C/g.Groups
	}
	for kh := range g.KH {
		for kw := range columns {
			p.off = append(p.off, (kh*g.DilationH*p.wide()+kw*g.DilationW*g.C)*p.element)
		}
	}
}

// panelWidth is the channels of the panel that starts at channel o.
func (p *PackedConv) panelWidth(o int) int {
	if p.packing == packedBytes && p.g.O-o > 16 {
		return 32
	}
	return 16
}

// packPanels fills panels; what a panel or a group has too much is 0.
func (p *PackedConv) packPanels(width int) {
	p.findRuns()
	each := 4 / p.element
	p.groups = (p.length + each - 1) / each
	k := len(p.off) * p.length
	for first := 0; first < p.g.O; first += width {
		width = p.panelWidth(first)
		for run := range p.off {
			for i := 0; i < p.groups*each; i += each {
				for o := first; o < first+width; o++ {
					for b := i; b < i+each; b++ {
						v := int8(0)
						if o < p.g.O && b < p.length {
							v = p.w[o*k+run*p.length+b]
						}
						p.appendWeight(v)
					}
				}
			}
		}
	}
}

func (p *PackedConv) appendWeight(v int8) {
	if p.element == 1 {
		p.panels = append(p.panels, uint8(v))
		return
	}
	p.panels = binary.LittleEndian.AppendUint16(p.panels, uint16(v))
}

// packTaps fills taps. An odd last tap is paired with itself times 0.
func (p *PackedConv) packTaps() {
	g := p.g
	p.findRuns()
	count, c := len(p.off), depthLanes(g.C)
	if count%2 != 0 {
		p.off = append(p.off, p.off[count-1])
	}
	p.taps = make([]int16, len(p.off)*c)
	for o := range g.C {
		for k := range count {
			p.taps[(k/2*c+o)*2+k%2] = int16(p.w[o*count+k])
		}
	}
}
