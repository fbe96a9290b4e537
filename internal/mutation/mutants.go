package main

import "slices"

// mutants are slips that a reader may overlook, some in each part of the
// program. Their texts are short, so that they survive changes around them.
var mutants = slices.Concat(computing, files, runs, exported())
