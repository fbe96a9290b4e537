//go:build amd64 && !noasm

package kernel

import "golang.org/x/sys/cpu"

// detected asks the processor; the operating system's saving of the wide
// registers is part of the answer.
func detected() features {
	x := cpu.X86
	switch {
	case x.HasAVX512F && x.HasAVX512BW && x.HasAVX512DQ && x.HasAVX512VL && x.HasFMA:
		return features{set: avx512, vnni: x.HasAVX512VNNI, avxVNNI: x.HasAVXVNNI}
	case x.HasAVX2 && x.HasFMA:
		return features{set: avx2, avxVNNI: x.HasAVXVNNI}
	}
	return features{}
}
