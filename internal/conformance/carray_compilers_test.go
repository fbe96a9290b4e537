package conformance_test

import (
	"flag"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"golang.org/x/sys/cpu"

	"petrify/fakequant/affine"
	"petrify/internal/conformance"
	"petrify/quantized"
	"petrify/quantized/quantizedtest"
)

var allLayers = flag.Bool("all-layers", false, "TestCCompilers: all layers with each compiler, not a sample of them")

// TestCCompilers: what optimizers make of one layer whose geometry, zero points
// and scales are constants that they see, with every C compiler of this machine:
// all layers with cc for this processor, one third or another with each of the others.
// gcc 12 turns Σ (x − 128)·w into an instruction that computes something else.
//
// All of them, with all that Debian has:
//
//	apt-get install gcc-11 clang-13 clang-14 clang-15 clang-16 clang-19 \
//		gcc-aarch64-linux-gnu gcc-11-aarch64-linux-gnu libc6-dev-arm64-cross \
//		gcc-arm-linux-gnueabihf libc6-dev-armhf-cross qemu-user
//	go test -run CCompilers -all-layers -timeout 0 .
func TestCCompilers(t *testing.T) {
	p := singleLayers(*allLayers)
	r, inputs := realNetworks()
	compilers := toolchains()
	if len(compilers) == 0 {
		t.Fatal("no C compiler: install gcc")
	}
	for i, name := range slices.Sorted(maps.Keys(compilers)) {
		t.Run(name, func(t *testing.T) {
			compiler, some := compilers[name], p
			if !*allLayers && (compiler.Compiler != "cc" || !slices.Contains(compiler.Flags, "-march=native")) {
				some = p.third(i)
			}
			some.checkWith(t, compiler)
			r.checkReals(t, compiler, inputs)
			t.Logf("%d layers", len(some.exports))
		})
	}
}

// third is every third export, from the one numbered first modulo 3.
func (p program) third(first int) (some program) {
	for i := first % 3; i < len(p.exports); i += 3 {
		some.names = append(some.names, p.names[i])
		some.exports = append(some.exports, p.exports[i])
		some.inputs = append(some.inputs, p.inputs[i])
	}
	return some
}

// realNetworks are random ones that compute with real numbers.
func realNetworks() (p program, inputs [][]float32) {
	all := maps.Clone(blocked)
	maps.Copy(all, floating)
	for i, name := range slices.Sorted(maps.Keys(all)) {
		b, m := quantizedtest.Random(rand.New(rand.NewPCG(uint64(i), 6)), all[name], 9)
		p.add(name, m, nil, requantizations[i%3])
		inputs = append(inputs, b.Inputs(m, 6))
	}
	return p, inputs
}

// toolchains are the compilers that are installed, each with the instructions
// of this processor, and those for an emulated one.
func toolchains() map[string]conformance.Toolchain {
	all := map[string]conformance.Toolchain{}
	have := map[string]bool{} // the files that names link to, with their flags
	add := func(compiler string, runner []string, flags ...string) {
		path, err := exec.LookPath(compiler)
		if err != nil {
			return
		}
		real, err := filepath.EvalSymlinks(path)
		if id := fmt.Sprint(real, flags); err == nil && !have[id] {
			have[id] = true
			flags := slices.Clone(flags)
			if warns(path, flags) {
				flags = append(flags, "-Wno-invalid-feature-combination")
			}
			for _, level := range []string{"-O2", "-O3"} {
				f := append([]string{"-std=gnu11", level}, flags...)
				all[compiler+" "+strings.Join(f, " ")] = conformance.Toolchain{Compiler: compiler, Flags: f,
					Runner: runner}
			}
		}
	}
	add("cc", nil, "-march=native", "-ffp-contract=fast")
	add("cc", nil, "-U__SSE2__") // as if there were no vectors
	if cpu.X86.HasAVX2 {
		add("cc", nil, "-mavx2")
	}
	if cpu.X86.HasAVXVNNI {
		add("cc", nil, "-mavx2", "-mavxvnni")
	}
	emulator := []string{"qemu-aarch64", "-cpu", "max"}
	_, err := exec.LookPath(emulator[0])
	if _, err := exec.LookPath(cortexA7[0]); err == nil { // has the SIMD instructions of Cortex-M4
		add("arm-linux-gnueabihf-gcc", cortexA7, "-static", "-mcpu=cortex-a7", "-mfpu=neon-vfpv4")
	}
	for version := 9; version < 30; version++ {
		add(fmt.Sprintf("gcc-%d", version), nil, "-march=native", "-ffp-contract=fast")
		add(fmt.Sprintf("clang-%d", version), nil, "-march=native", "-ffp-contract=fast")
		if err == nil {
			add(fmt.Sprintf("aarch64-linux-gnu-gcc-%d", version), emulator, "-static", "-march=armv8.6-a+i8mm")
			add(fmt.Sprintf("aarch64-linux-gnu-gcc-%d", version), emulator, "-static")
		}
	}
	return all
}

// warns reports whether a compiler warns of its flags in an empty file, as clang 19 does of
// what -march=native means on processors with AVX10.
func warns(compiler string, flags []string) bool {
	return exec.Command(compiler, append(flags, "-Werror", "-fsyntax-only", "-x", "c", os.DevNull)...).Run() != nil
}

// singleLayers are models of one layer: geometries × formats of weights × zero
// points of the input. In a sample, every geometry has the zero point of 128
// and one other.
func singleLayers(all bool) program {
	var p program
	for i, g := range geometries {
		for j, w := range weightFormats {
			for k, x := range inputGrids {
				if !all && (j != (i+k)%len(weightFormats) || k != 0 && k != 1+i%(len(inputGrids)-1)) {
					continue
				}
				w.Positive, w.Signed = affine.Uint8, affine.Int8
				b := quantizedtest.New(rand.New(rand.NewPCG(1, 2)), w, g.input[0], g.input[1], g.input[2])
				m := b.Model(g.layer(b))
				x.Scale, x.Origin = m.Input.Quant.Scale, m.Input.Quant.Origin
				m.Input.Quant = x
				for i := range m.Nodes {
					if n := &m.Nodes[i]; n.Op.PassesThrough() {
						n.Output.Quant = x
					}
				}
				name := fmt.Sprintf("%s/%v, zero points %v/%v, zero %d", g.name, w.Weights, w.ZeroPoints, x.Format,
					x.Zero)
				p.add(name, m, byteInputs(rand.New(rand.NewPCG(5, 6)), m, 8), requantizations[(i+j+k)%3])
			}
		}
	}
	return p
}

// cortexA7 runs programs for 32-bit Arm.
var cortexA7 = []string{"qemu-arm", "-cpu", "cortex-a7"}

var inputGrids = []quantized.Quant{{Format: affine.Int8}, {Format: affine.Uint8}, {Format: affine.Uint8, Zero: 1},
	{Format: affine.Uint8, Zero: 127}, {Format: affine.Uint8, Zero: 129}, {Format: affine.Int8, Zero: 127},
	{Format: affine.Format{Bits: 4}}}

var weightFormats = []quantizedtest.Scheme{
	{Weights: affine.Int8Narrow}, {Weights: affine.Int8}, {Weights: affine.Format{Bits: 4}},
	{Weights: affine.Binary}, {Weights: affine.Int8, ZeroPoints: true},
	{Weights: affine.Uint8, ZeroPoints: true},
}

// geometries are layers, of odd and even sizes, with padding on any side.
var geometries = []struct {
	name  string
	input [3]int
	layer func(b *quantizedtest.Builder) string
}{
	{"3x3", [3]int{5, 7, 6}, conv(3, quantizedtest.Same(3), 1)},
	{"3x3 of 1 channel", [3]int{1, 9, 9}, conv(4, quantizedtest.Same(3), 1)},
	{"32 wide", [3]int{16, 6, 70}, conv(2, quantizedtest.Same(5), 1)},
	{"1x1", [3]int{33, 3, 3}, conv(7, quantizedtest.Valid(1, 1), 1)},
	{"1x1, padded", [3]int{64, 3, 3}, conv(3, padded(quantizedtest.Valid(1, 1), 1, 0, 0, 1), 1)},
	{"valid 3x3", [3]int{8, 6, 6}, conv(3, quantizedtest.Valid(3, 2), 1)},
	{"dilated", [3]int{6, 9, 8}, conv(4, padded(dilated(quantizedtest.Valid(3, 1), 2, 1), 2, 1, 0, 3), 1)},
	{"groups", [3]int{8, 7, 7}, conv(6, quantizedtest.Same(3), 2)},
	{"depthwise", [3]int{6, 8, 8}, conv(6, quantizedtest.Same(3), 6)},
	{"depthwise of 2", [3]int{2, 5, 40}, conv(4, padded(quantizedtest.Valid(17, 1), 8, 8, 8, 8), 2)},
	{"padding alone", [3]int{4, 2, 2}, conv(4, padded(quantizedtest.Valid(3, 3), 6, 6, 6, 6), 1)},
	{"21 outputs", [3]int{5, 7, 6}, conv(21, quantizedtest.Same(3), 1)},
	{"1x1, 48 outputs", [3]int{12, 4, 3}, conv(48, quantizedtest.Valid(1, 1), 1)},
	{"groups of 18 outputs", [3]int{6, 5, 7}, conv(36, quantizedtest.Same(3), 2)},
	{"1170 inputs", [3]int{130, 3, 3}, conv(17, quantizedtest.Same(3), 1)},
	{"few places", [3]int{8, 1, 3}, conv(18, quantizedtest.Same(3), 1)},
	{"depthwise of 29", [3]int{29, 5, 6}, conv(29, padded(quantizedtest.Valid(3, 2), 1, 0, 1, 1), 29)},
	{"130 places", [3]int{8, 10, 13}, conv(20, quantizedtest.Same(3), 1)},
	{"130 places, 1x1, groups of 20 outputs", [3]int{8, 10, 13}, conv(40, quantizedtest.Valid(1, 1), 2)},
	{"depthwise, 144 taps", [3]int{17, 4, 3}, conv(17, padded(quantizedtest.Valid(12, 1), 6, 6, 5, 5), 17)},
	{"depthwise, 121 taps of 144", [3]int{144, 2, 3}, conv(144, quantizedtest.Same(11), 144)},
	{"linear", [3]int{3, 5, 9}, func(b *quantizedtest.Builder) string {
		return b.Linear(b.Flatten(b.Input()), 6, quantized.Identity)
	}},
	{"global average", [3]int{1, 11, 13}, func(b *quantizedtest.Builder) string {
		return b.GlobalAvgPool(b.Input())
	}},
	{"average", [3]int{1, 11, 40}, func(b *quantizedtest.Builder) string {
		return b.Pool(quantized.AvgPool, b.Input(), padded(quantizedtest.Valid(9, 2), 3, 2, 1, 4))
	}},
}

func conv(channels int, w quantized.Window, groups int) func(b *quantizedtest.Builder) string {
	return func(b *quantizedtest.Builder) string {
		return b.Conv(b.Input(), channels, w, groups, quantized.Identity)
	}
}

// padded is the window with padding.
func padded(w quantized.Window, top, left, bottom, right int) quantized.Window {
	w.PadBegin, w.PadEnd = [2]int{top, left}, [2]int{bottom, right}
	return w
}

// dilated is the window with its taps apart.
func dilated(w quantized.Window, down, across int) quantized.Window {
	w.Dilation = [2]int{down, across}
	return w
}
