// Command vet is go vet for platforms other than this one: the same checks, on
// types that come from sources. To check a package, go vet compiles all it
// imports, for each platform and to the last instruction: fifteen times the work.
package main

import (
	"golang.org/x/tools/go/analysis/multichecker"
	"golang.org/x/tools/go/analysis/suite/vet"
)

func main() { multichecker.Main(vet.Suite...) }
