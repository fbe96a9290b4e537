// Command peertrain compares the training of whole random networks with
// PyTorch. It trains each with petrify for some steps, and a peer in Python,
// which knows only what the documents say about petrify, trains it again in
// float64 with torch.autograd and compares step by step: the loss, the change
// of every parameter, learned scales and batch norm's running statistics, and
// the scale and zero point of every quantizer.
//
//	go run ./internal/peertrain                      # 200 networks, of today's seed: .ci/run does
//	go run ./internal/peertrain -seed 20260131 -networks 5000
//	go run ./internal/peertrain -seed 20260131 -only 17 -shrink
//
// It needs Debian's python3-torch 1.13 and python3-numpy.
//
// # Actors
//
// A [plan] is everything drawn at random for a case, by [randnet] and by
// draw.go: network, quantization, optimizer, and the switches of each layer in
// each step. record.go trains it and records what the peer needs to do the same
// (the initial state, the batches, dropout's masks) and the result that it must
// reach, a [record]. The peer reads records and writes verdicts, one per line.
// shrink.go makes a plan that differs smaller, as long as it differs.
//
//	seed ─▶ plan ─ petrify ─▶ record ─ JSON ─▶ peer ─▶ verdict ─▶ summary
//	          ▲                                          │
//	          └──────────────────── shrink ◀─────────────┘
//
// # Ties
//
// Rounding, clipping masks, ReLUs and maxima have points at which the least
// change moves a result by a whole step, and float32 may see a number on the
// other side of such a point than float64: both are right. Still nothing is
// left out of the comparison, and the peer is not told petrify's decisions. The
// peer knows which of its numbers are so close to such a point that float32
// cannot tell; if a step differs, it takes these decisions the other way, one
// by one, as long as that reduces the difference. What remains is a difference.
// The numbers of near decisions and of turned ones are counted, and bounded.
package main
