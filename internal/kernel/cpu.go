package kernel

import (
	"fmt"
	"os"
	"slices"
	"strings"
)

//go:generate go -C _asm/arm64 run .

// Variable is the environment variable that forces the kernels' path: generic,
// avx2, avxvnni or avx512, on ARM generic, neon, dot or i8mm. [Check] refuses other names
// and paths that this processor or build lacks; [Path] says which path runs.
const Variable = "PETRIFY_KERNEL"

// An instructionSet is a family of kernels, in the order of preference.
type instructionSet int

const (
	generic instructionSet = iota // Go alone
	avx2                          // amd64: AVX2 and FMA
	avx512                        // AVX-512 F, BW, DQ and VL
	neon                          // arm64: what every processor has
	dot                           // and SDOT
	i8mm                          // and SUDOT
)

var setNames = [...]string{"generic", "avx2", "avx512", "neon", "dot", "i8mm"}

func (s instructionSet) String() string { return setNames[s] }

// paths are those of a processor whose best one is s.
func (s instructionSet) paths() []instructionSet {
	all := []instructionSet{generic}
	first := avx2
	if s >= neon {
		first = neon
	}
	for ; first <= s; first++ {
		all = append(all, first)
	}
	return all
}

// path is the instruction set every kernel of this process uses, vnni tells
// whether the path has VPDPBUSD, and wrong is the error in the variable. They
// are set once, before main.
var path, vnni, wrong = choose(os.Getenv(Variable), detected())

// avxVNNI is the name of the path avx2 with VPDPBUSD: that of laptops without AVX-512.
const avxVNNI = "avxvnni"

// evex makes the path avxvnni run on processors that have its instruction only
// in the encoding of AVX-512: for tests.
var evex bool

// Path names the kernels in use, such as "generic", "avx512" or "dot".
func Path() string {
	if path == avx2 && vnni {
		return avxVNNI
	}
	return path.String()
}

// Paths are the names of the paths that this processor and this build have.
func Paths() []string { return detected().names() }

// features is what a processor offers to this build.
type features struct {
	set     instructionSet // the best path
	vnni    bool           // AVX-512 VNNI: int8 dot products, on the avx512 path
	avxVNNI bool           // the same in the encoding of AVX2: a path of its own
}

// names are those of the paths.
func (has features) names() (names []string) {
	for _, s := range has.set.paths() {
		names = append(names, s.String())
		if s == avx2 && has.avxVNNI {
			names = append(names, avxVNNI)
		}
	}
	return names
}

// Check returns an error if the environment variable names a path that is not
// available here. A program calls it before it begins to work.
func Check() error { return wrong }

// choose obeys a forced path if the processor has it.
func choose(forced string, has features) (set instructionSet, vnni bool, err error) {
	names := has.names()
	chosen := names[len(names)-1]
	if slices.Contains(names, forced) {
		chosen = forced
	} else if forced != "" {
		err = fmt.Errorf("kernel: %s=%s: want one of %s on this processor", Variable, forced, strings.Join(names, ", "))
	}
	if chosen == avxVNNI {
		return avx2, true, err
	}
	set = instructionSet(slices.Index(setNames[:], chosen))
	return set, has.vnni && set == avx512, err
}
