package kernel

import (
	"bytes"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"time"
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

// Jobs of several goroutines at once are all done, whoever gets the helpers.
func TestParallelFromSeveralGoroutines(t *testing.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(3))
	const callers, jobs, n = 5, 200, 7
	var sums [callers]atomic.Int64
	var all sync.WaitGroup
	for c := range callers {
		all.Go(func() {
			for range jobs {
				Parallel(n, func(i int) { sums[c].Add(int64(i)) })
			}
		})
	}
	all.Wait()
	for c := range sums {
		if got, want := sums[c].Load(), int64(jobs*n*(n-1)/2); got != want {
			t.Errorf("the sum of caller %d is %d, want %d", c, got, want)
		}
	}
}

// A caller whose helper takes longer than it looks for the end is woken by the helper.
func TestParallelWakesItsCaller(t *testing.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(2))
	caller := goroutine()
	for slept := 0; slept < 3; {
		var calls, helped atomic.Int32
		Parallel(2, func(int) {
			calls.Add(1)
			if goroutine() != caller {
				helped.Add(1)
				time.Sleep(20 * time.Millisecond)
			} else {
				time.Sleep(time.Millisecond) // meanwhile the helper takes the other
			}
		})
		if calls.Load() != 2 {
			t.Fatalf("returned after %d calls of 2", calls.Load())
		}
		slept += int(helped.Load())
	}
}

// There are no more helpers than processors need, and none when nothing is
// left to do.
func TestHelpersEnd(t *testing.T) {
	helpersEnd(t) // those of other tests
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(4))
	for range 100 {
		Parallel(8, func(int) {})
		if got := present.Load(); got > 3 {
			t.Fatalf("%d helpers of 4 processors", got)
		}
	}
	helpersEnd(t)
}

// helpersEnd waits until there are no helpers.
func helpersEnd(t *testing.T) {
	t.Helper()
	for deadline := time.Now().Add(time.Minute); present.Load() > 0; time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("%d helpers stay", present.Load())
		}
	}
}

// A caller that panics leaves the helpers to others.
func TestParallelAfterAPanic(t *testing.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(2))
	job := offer.Load()
	func() {
		defer func() { _ = recover() }()
		caller := goroutine()
		Parallel(64, func(int) {
			if goroutine() == caller {
				panic("programmer's error")
			}
		})
	}()
	if got := offer.Load(); got != job {
		t.Error("a job that has ended is still offered")
	}
}

// goroutine is the number of the running one, as its stack's first line has it.
func goroutine() string {
	line := make([]byte, 32)
	return string(bytes.Fields(line[:runtime.Stack(line, false)])[1])
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
