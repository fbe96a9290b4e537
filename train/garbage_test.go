package train

import (
	"runtime"
	"testing"
)

// Collections follow what is allocated, not how many batches there are.
func TestGarbageIsCollectedWhereThereIsSome(t *testing.T) {
	collections := func(bytes int) (n int) {
		var g garbage
		var before, after runtime.MemStats
		for range lookEvery {
			g.batch() // what was allocated before
		}
		runtime.ReadMemStats(&before)
		for range 3 * lookEvery {
			keep = make([]byte, bytes)
			g.batch()
		}
		runtime.ReadMemStats(&after)
		return int(after.NumForcedGC - before.NumForcedGC)
	}
	if n := collections(2 * mostGarbage / lookEvery); n != 3 {
		t.Errorf("%d collections of three times as much garbage as may be, want 3", n)
	}
	if n := collections(0); n != 0 {
		t.Errorf("%d collections of no garbage, want 0", n)
	}
}

var keep []byte
