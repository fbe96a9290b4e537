// Command peertrain holds whole random networks to PyTorch: it trains each with
// petrify for some steps, and a peer in Python, which knows of petrify only what
// the documents say, trains it again in float64 with torch.autograd and compares
// step by step: the loss, the change of every parameter, learned scales and batch
// norm's running statistics, and the scale and zero point of every quantizer.
//
//	go run ./internal/peertrain                      # 200 networks, of today's seed: .ci/run does
//	go run ./internal/peertrain -seed 20260131 -networks 5000
//	go run ./internal/peertrain -seed 20260131 -only 17 -shrink
//
// It needs Debian's python3-torch 1.13 and python3-numpy.
//
// # Actors
//
// A [plan] is all that is drawn of a case, by [randnet] and by draw.go: network,
// quantization, optimizer, and which switches each layer has in which step.
// record.go trains it and notes what the peer needs to do so too (the initial
// state, the batches, dropout's masks) and what it must arrive at, a [record].
// The peer reads records and writes verdicts, a line each. shrink.go makes a plan
// that differs smaller, as long as it differs.
//
//	seed ─▶ plan ─ petrify ─▶ record ─ JSON ─▶ peer ─▶ verdict ─▶ summary
//	          ▲                                          │
//	          └──────────────────── shrink ◀─────────────┘
//
// # Ties
//
// Rounding, clipping masks, ReLUs and maxima have points at which the least
// change turns a result by a whole step, and float32 may see a number on the
// other side of one than float64: both are right. Nothing is left out for that
// and nothing handed over. The peer knows which of its numbers are so near to
// such a point that float32 cannot tell; where a step differs, it takes these
// decisions the other way, one by one, while that brings it nearer. What then
// still differs, differs. How many decisions were near and how many were turned
// is counted, and bounded.
package main
