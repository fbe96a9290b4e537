//go:build arm64 && !noasm

package kernel

import "golang.org/x/sys/cpu"

// detected asks the operating system, which knows the processor: Linux has its
// features in the auxiliary vector, macOS in sysctl.
func detected() features {
	switch x := cpu.ARM64; {
	case x.HasASIMDDP && x.HasI8MM:
		return features{set: i8mm}
	case x.HasASIMDDP:
		return features{set: dot}
	}
	return features{set: neon}
}
