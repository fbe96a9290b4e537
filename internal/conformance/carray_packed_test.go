package conformance_test

import (
	"cmp"
	"fmt"
	"maps"
	"math/rand/v2"
	"os/exec"
	"slices"
	"testing"

	"petrify/fakequant/affine"
	"petrify/internal/conformance"
	"petrify/quantized"
	"petrify/quantized/quantizedtest"
)

// TestCPacked: weights of 1 to 8 bits, packed or not, in every kind of layer and of many
// sizes, alone and next to layers of other bits, give the engine's bytes: in portable C
// and with the SIMD instructions of Cortex-M4, which a Cortex-A7 has.
func TestCPacked(t *testing.T) {
	t.Parallel()
	p := packedLayers()
	for name, compiler := range map[string]conformance.Toolchain{
		"sanitized": {Flags: sanitized},
		"arm": {Compiler: "arm-linux-gnueabihf-gcc", Runner: cortexA7,
			Flags: []string{"-std=c99", "-O2", "-static", "-mcpu=cortex-a7", "-mfpu=neon-vfpv4"}},
	} {
		t.Run(name, func(t *testing.T) {
			if _, err := exec.LookPath(cmp.Or(compiler.Compiler, "cc")); err != nil {
				t.Skipf("%v: install gcc-arm-linux-gnueabihf, libc6-dev-armhf-cross and qemu-user", err)
			}
			p.checkWith(t, compiler)
			t.Logf("%d layers", len(p.exports))
		})
	}
}

// packedLayers are bits × zero points of weights × shapes × packed or not; one in eleven of
// them without -all-layers.
func packedLayers() (p program) {
	i := 0
	for _, f := range packedFormats() {
		for _, name := range slices.Sorted(maps.Keys(packedShapes)) {
			for _, unpacked := range []bool{false, true} {
				if i++; !*allLayers && i%11 != 0 {
					continue
				}
				b := quantizedtest.New(rand.New(rand.NewPCG(uint64(i), 2)), f, 6, 5, 4)
				m := b.Model(packedShapes[name](b))
				r := requantizations[i/11%3]
				p.names = append(p.names, fmt.Sprintf("%s, %v, %v, unpacked %v", name, f.Weights, r, unpacked))
				p.exports = append(p.exports, conformance.Export{Model: m, Requantization: r, Unpacked: unpacked})
				p.inputs = append(p.inputs, byteInputs(rand.New(rand.NewPCG(5, 6)), m, 6))
			}
		}
	}
	return p
}

// packedFormats are weights of 1 to 8 bits, each with and without zero points.
func packedFormats() (all []quantizedtest.Scheme) {
	for bits := 1; bits <= 8; bits++ {
		signed := quantizedtest.Scheme{Weights: affine.Format{Bits: bits}, Positive: affine.Uint8, Signed: affine.Uint8,
			Affine: true}
		if bits == 1 {
			signed.Weights = affine.Binary
		}
		all = append(all, signed)
		if bits > 1 {
			signed.Weights, signed.ZeroPoints = affine.Format{Bits: bits, Unsigned: true}, true
			all = append(all, signed)
		}
	}
	return all
}

// packedShapes have odd and even outputs, and inputs of every remainder of 4.
var packedShapes = map[string]func(b *quantizedtest.Builder) string{
	"3x3":          conv(3, quantizedtest.Same(3), 1),
	"1x1":          conv(4, quantizedtest.Valid(1, 1), 1),
	"35 outputs":   conv(35, quantizedtest.Same(3), 1),
	"groups":       conv(6, quantizedtest.Same(3), 2),
	"odd groups":   conv(9, padded(quantizedtest.Valid(1, 1), 0, 1, 1, 0), 3),
	"depthwise":    conv(6, quantizedtest.Same(3), 6),
	"depthwise x2": conv(12, padded(quantizedtest.Valid(3, 1), 2, 1, 0, 1), 6),
	"valid":        conv(6, quantizedtest.Valid(2, 1), 6),
	"fours": func(b *quantizedtest.Builder) string {
		x := b.Conv(b.Input(), 8, quantizedtest.Valid(1, 1), 1, quantized.ReLU)
		x = b.Conv(x, 8, dilated(padded(quantizedtest.Same(3), 2, 1, 1, 2), 2, 1), 2, quantized.ReLU)
		return b.Conv(x, 3, quantizedtest.Same(3), 1, quantized.Identity)
	},
	"linear": func(b *quantizedtest.Builder) string {
		return b.Linear(b.Flatten(b.Input()), 5, quantized.Identity)
	},
	"several": func(b *quantizedtest.Builder) string {
		x := b.Conv(b.Input(), 5, quantizedtest.Valid(1, 1), 1, quantized.ReLU)
		x = b.Conv(x, 5, quantizedtest.Same(3), 5, quantized.ReLU)
		return b.Linear(b.Flatten(x), 2, quantized.Identity)
	},
}
