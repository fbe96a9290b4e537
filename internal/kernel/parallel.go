package kernel

import (
	"runtime"
	"sync/atomic"
)

// Parallel calls f(0), …, f(n−1), each once, in any order, and returns when all
// calls have. At most GOMAXPROCS goroutines run them, the caller's among them;
// with one processor or one call, only the caller's does. Calls may nest, and
// come from several goroutines: a caller that finds the helpers busy works
// alone.
//
// A caller whose result depends on the order of f's calls, or on how many run
// at once, is wrong: kernels split their work only by shape and reduce in a
// fixed order, so that a result never depends on the machine's cores.
func Parallel(n int, f func(i int)) {
	if trace != nil {
		trace.run(n, f)
		return
	}
	helpers := min(n, runtime.GOMAXPROCS(0)) - 1
	if helpers < 1 {
		for i := range n {
			f(i)
		}
		return
	}
	j := &job{f: f, n: int64(n)}
	if offer.CompareAndSwap(nil, j) {
		defer offer.Store(nil)
		recruit(helpers)
	}
	j.work()
	for looks := 1; j.done.Load() < j.n; looks++ {
		yield(looks)
	}
}

// job is one call of [Parallel].
type job struct {
	f    func(i int)
	n    int64
	next atomic.Int64 // the first index that nobody has taken
	done atomic.Int64 // calls that have returned
}

// work takes indices while there are any.
func (j *job) work() {
	for i := j.next.Add(1) - 1; i < j.n; i = j.next.Add(1) - 1 {
		j.f(int(i))
		j.done.Add(1)
	}
}

// The job that helpers are asked to join, and how many helpers there are.
//
// A training step is a hundred consecutive jobs of some ten microseconds, and
// waking a thread takes about as long as one of them. So a helper stays awake
// for a while and looks for the next job, with which a step of ds-cnn on two
// cores takes three quarters of the time. It ends if none comes.
var (
	offer   atomic.Pointer[job]
	present atomic.Int64
)

// recruit starts helpers until there are enough.
func recruit(helpers int) {
	for present.Load() < int64(helpers) {
		present.Add(1)
		go help()
	}
}

// help joins the jobs that are offered.
func help() {
	defer present.Add(-1)
	for looks := 1; looks < patience; looks++ {
		if j := offer.Load(); j != nil && j.next.Load() < j.n {
			j.work()
			looks = 0
		}
		yield(looks)
	}
}

// yield lets other goroutines run, but not at every look: it takes the lock of
// Go's scheduler, where waiting helpers would get in each other's way.
func yield(looks int) {
	if looks%breath == 0 {
		runtime.Gosched()
	}
}

// worthwhile is how many multiply-adds are worth starting a goroutine for: a
// few microseconds' worth.
const worthwhile = 1 << 18

// parallelWork is Parallel if all calls' multiply-adds together are worth it,
// otherwise a loop.
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
