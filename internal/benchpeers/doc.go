// Command benchpeers measures petrify against its peers, on one machine, in one
// run, in turns. `make bench-peers` installs what is missing, builds the sides
// and runs it.
//
// # Actors
//
// A contest has sides, each a process (see package turns), and rows that
// compare two of them. table.go lists all contests: a new row is a few lines
// there. While one side works the others wait, A B C A B C …, so that other
// work on the machine affects them all alike. A row's ratio is taken round by
// round; the report has its median, least and greatest.
//
//	table.go ─▶ contest ─ run ─▶ measured ─▶ report ─▶ results.json, results.md, docs/performance.md
//	               │ ▲
//	     seconds   ▼ │  elapsed, units, processor time, peak memory
//	             processes: petrify, Gorgonia, PyTorch, OpenBLAS, memcpy, ONNX Runtime
//
// # Fairness
//
// Both sides have the same network, batch, optimizer and number of threads, and
// work on tensors that are already in memory. Environment variables that make a
// library choose another path than it would are removed. Each side uses its own
// clock; starting a process, importing and warming up are not measured.
//
// Where the time goes in one of the Go sides:
//
//	echo 10 | bin/bench-peers/benchpeers -profile qat.prof side qat cnn 128
//	go tool pprof -top bin/bench-peers/benchpeers qat.prof
//
// What more processors than there are would bring, by a model:
//
//	bin/bench-peers/benchpeers -rounds 20 cores
package main
