package train

import (
	"runtime/debug"
	"runtime/metrics"
	"time"
)

// garbage runs Go's collector where it would wait too long: it lets the heap double, and
// most of a run's heap is data and buffers that stay. These hold no pointers, so that a
// collection takes less than a millisecond, whatever their size. What is free goes back to
// the system: the graphs of the stage before, and garbage. Networks of whose steps a
// collection would take a part are small; theirs are left to Go.
type garbage struct {
	batches uint
	done    uint64    // bytes that were allocated before the last collection
	last    time.Time // when that ended
	now     [1]metrics.Sample
}

const (
	mostGarbage = 2 << 20 // bytes
	lookEvery   = 32      // batches
	atLeast     = 100 * time.Millisecond
)

// batch counts a batch of training or evaluation.
func (g *garbage) batch() {
	if g.batches++; g.batches%lookEvery != 0 {
		return
	}
	g.now[0].Name = "/gc/heap/allocs:bytes"
	metrics.Read(g.now[:])
	if all := g.now[0].Value.Uint64(); all-g.done > mostGarbage && time.Since(g.last) > atLeast {
		debug.FreeOSMemory()
		g.done, g.last = all, time.Now()
	}
}
