// Command vet is go vet for other platforms than this one: the same checks,
// with types from sources. To check a package, go vet compiles everything that
// it imports, for each platform and to the last instruction, which is fifteen
// times the work.
package main

import (
	"golang.org/x/tools/go/analysis/multichecker"
	"golang.org/x/tools/go/analysis/suite/vet"
)

func main() { multichecker.Main(vet.Suite...) }
