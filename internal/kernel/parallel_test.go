package kernel

import (
	"runtime"
	"sync/atomic"
	"testing"
)

func TestParallelCallsEachIndexOnce(t *testing.T) {
	for _, procs := range []int{1, 2, 7} {
		for _, n := range []int{0, 1, 2, 3, 100} {
			old := runtime.GOMAXPROCS(procs)
			calls := make([]atomic.Int32, n)
			Parallel(n, func(i int) { calls[i].Add(1) })
			runtime.GOMAXPROCS(old)
			for i := range calls {
				if got := calls[i].Load(); got != 1 {
					t.Errorf("GOMAXPROCS %d, n %d: f(%d) called %d times, want once", procs, n, i, got)
				}
			}
		}
	}
}

func TestParallelNests(t *testing.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(4))
	var calls atomic.Int32
	Parallel(8, func(int) { Parallel(8, func(int) { calls.Add(1) }) })
	if got := calls.Load(); got != 64 {
		t.Errorf("8 calls of 8 calls made %d, want 64", got)
	}
}

func TestShareCoversWithoutOverlap(t *testing.T) {
	for n := range 20 {
		for parts := 1; parts < 9; parts++ {
			at := 0
			for i := range parts {
				from, to := share(n, parts, i)
				if from != at || to-from < n/parts || to-from > n/parts+1 {
					t.Fatalf("share(%d, %d, %d) = %d..%d after %d", n, parts, i, from, to, at)
				}
				at = to
			}
			if at != n {
				t.Fatalf("share(%d, %d, …) ends at %d", n, parts, at)
			}
		}
	}
}

func BenchmarkParallel(b *testing.B) {
	for b.Loop() {
		Parallel(16, func(int) {})
	}
}
