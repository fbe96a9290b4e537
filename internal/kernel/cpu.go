package kernel

import "os"

// Variable is the environment variable that forces the kernels' path:
// generic, avx2 or avx512. An unknown name, or one that this processor or
// this build lacks, is ignored; [Path] tells which path runs.
const Variable = "PETRIFY_KERNEL"

// An instructionSet is a family of kernels, in the order of preference.
type instructionSet int

const (
	generic instructionSet = iota // Go alone
	avx2                          // AVX2 and FMA
	avx512                        // AVX-512 F, BW, DQ and VL
)

func (s instructionSet) String() string {
	return [...]string{"generic", "avx2", "avx512"}[s]
}

// path is the instruction set every kernel of this process uses, vnni tells
// whether the path has VPDPBUSD. Both are set once, before main.
var path, vnni = choose(os.Getenv(Variable), detected())

// Path names the kernels in use: "generic", "avx2" or "avx512".
func Path() string { return path.String() }

// features is what a processor offers to this build.
type features struct {
	set  instructionSet // the best path
	vnni bool           // AVX-512 VNNI: int8 dot products, on the avx512 path
}

// choose obeys a forced path if the processor has it.
func choose(forced string, has features) (instructionSet, bool) {
	set := has.set
	for s := generic; s <= has.set; s++ {
		if s.String() == forced {
			set = s
		}
	}
	return set, has.vnni && set == avx512
}
