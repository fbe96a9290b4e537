// Command arm64 generates kernel's assembly for arm64, and its stubs. Vector
// instructions are written here in ARM's spelling; those that Go's assembler
// lacks become their encodings.
package main

import (
	"log"
	"os"
	"path/filepath"
)

func main() {
	for name, functions := range files() {
		assembly, stubs := file(functions)
		for suffix, text := range map[string]string{"_arm64.s": assembly, "_stubs_arm64.go": stubs} {
			if err := os.WriteFile(filepath.Join("../..", name+suffix), []byte(text), 0o666); err != nil {
				log.Fatal(err)
			}
		}
	}
}

func files() map[string][]*function {
	integers := []*function{
		intTile("intTileNEON", "a tile of up to 6 pixels and 16 channels of words, with SMLAL", words),
		intTile("intTileDot", "a tile of up to 6 pixels and 16 channels of signed bytes, with SDOT",
			byElement("sdot v%d.4s, v%d.16b, v%d.4b[%d]")),
		intTile("intTileI8MM", "a tile of up to 6 pixels and 16 channels of bytes, with SUDOT",
			byElement("sudot v%d.4s, v%d.16b, v%d.4b[%d]")),
		intDepth(),
	}
	for _, k := range rowKernels {
		integers = append(integers, k.generate())
	}
	all := map[string][]*function{
		"gemm":      {floatTile(), transpose()},
		"intconv":   integers,
		"depthwise": {depthwise(), depthwiseGradient()},
	}
	for _, k := range elementwiseKernels {
		all["elementwise"] = append(all["elementwise"], k.generate())
	}
	for _, k := range doubleKernels {
		all["doubles"] = append(all["doubles"], k.generate())
	}
	for _, k := range columnKernels {
		all["columns"] = append(all["columns"], k.generate())
	}
	for _, k := range poolKernels {
		all["pool"] = append(all["pool"], k.generate())
	}
	all["pool"] = append(all["pool"], maxBytes())
	return all
}
