// Mutation checks the checks: it breaks one place of the program at a time, as
// a slip would, and runs the tests that should notice.
//
//	go run ./internal/mutation             # every mutant
//	go run ./internal/mutation -match onnx # those of some files
//	go run ./internal/mutation -some 3     # a few, different ones each day
//
// A mutant that no test notices means that a test is missing: write it. No file
// is touched, since the go command reads the broken one from an overlay.
package main
