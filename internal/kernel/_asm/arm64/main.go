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
	return map[string][]*function{
		"gemm": {floatTile(), transpose()},
	}
}
