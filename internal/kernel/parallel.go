package kernel

import (
	"runtime"
	"sync"
	"sync/atomic"
)

// Parallel calls f(0), …, f(n−1), each once, in any order, and returns when
// all calls have. At most GOMAXPROCS goroutines run them, the caller's among
// them; with one processor or one call no goroutine starts. Calls may nest.
//
// A caller whose result depends on the order of f's calls, or on how many run
// at once, is wrong: kernels split their work by shape alone and reduce in a
// fixed order, so that a result never depends on the machine's cores.
func Parallel(n int, f func(i int)) {
	workers := min(n, runtime.GOMAXPROCS(0))
	if workers <= 1 {
		for i := range n {
			f(i)
		}
		return
	}
	var next atomic.Int64
	drain := func() {
		for i := next.Add(1) - 1; i < int64(n); i = next.Add(1) - 1 {
			f(int(i))
		}
	}
	var done sync.WaitGroup
	for range workers - 1 {
		done.Go(drain)
	}
	drain()
	done.Wait()
}

// worthwhile is how many multiply-adds, some microseconds of them, are worth
// starting a goroutine for.
const worthwhile = 1 << 18

// parallelWork is Parallel where the calls' multiply-adds together are worth
// it, else a loop.
func parallelWork(products, n int, f func(i int)) {
	if products >= worthwhile {
		Parallel(n, f)
		return
	}
	for i := range n {
		f(i)
	}
}

// share returns the half-open range of part i when n things are split into
// parts consecutive runs whose lengths differ by at most one.
func share(n, parts, i int) (from, to int) {
	return n * i / parts, n * (i + 1) / parts
}
