//go:build !amd64 || noasm

package kernel

// detected reports the paths of this build: Go alone.
func detected() features { return features{} }
