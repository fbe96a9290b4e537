//go:build (!amd64 && !arm64) || noasm

package kernel

// detected reports the paths of this build: only Go.
func detected() features { return features{} }
