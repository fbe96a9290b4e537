package train

import (
	"runtime"
	"testing"
	"testing/synctest"
	"time"
)

// Collections follow what is allocated, not how many batches there are, and leave time for others.
func TestGarbageIsCollectedWhereThereIsSome(t *testing.T) {
	collections := func(bytes int, batch time.Duration) (n int) {
		synctest.Test(t, func(*testing.T) {
			var g garbage
			var before, after runtime.MemStats
			for range lookEvery {
				g.batch() // what was allocated before
			}
			runtime.ReadMemStats(&before)
			for range 3 * lookEvery {
				keep = make([]byte, bytes)
				time.Sleep(batch)
				g.batch()
			}
			runtime.ReadMemStats(&after)
			n = int(after.NumForcedGC - before.NumForcedGC)
		})
		return n
	}
	const much, slow = 2 * mostGarbage / lookEvery, 2 * atLeast / lookEvery
	if n := collections(much, slow); n != 3 {
		t.Errorf("%d collections of three times as much garbage as may be, want 3", n)
	}
	if n := collections(much, slow/4); n != 1 {
		t.Errorf("%d collections within one and a half times the least time between them, want 1", n)
	}
	if n := collections(0, slow); n != 0 {
		t.Errorf("%d collections of no garbage, want 0", n)
	}
}

var keep []byte
