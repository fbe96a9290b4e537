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
	j := newJob(f, n, helpers+1)
	if offer.CompareAndSwap(nil, j) {
		defer offer.Store(nil)
		recruit(helpers)
	}
	j.work(0)
	j.wait()
}

// apart keeps what processors write from what others read: a line of memory.
const apart = 64

// job is one call of [Parallel]. Each worker begins with a run of its own and then helps
// with others': so the same images are the same processor's in one layer after another,
// and are still in its cache.
type job struct {
	f      func(i int)
	n      int64
	runs   []run
	asleep atomic.Bool   // the caller, until it is
	woken  chan struct{} // by who ends the last call
	_      [apart]byte
	done   atomic.Int64 // calls that have returned
	_      [apart - 8]byte
}

// run is some consecutive indices of a job.
type run struct {
	next atomic.Int64 // the first index that nobody has taken
	end  int64
	_    [apart - 16]byte
}

func newJob(f func(i int), n, workers int) *job {
	j := &job{f: f, n: int64(n), runs: make([]run, workers)}
	for w := range j.runs {
		from, to := share(n, workers, w)
		j.runs[w].next.Store(int64(from))
		j.runs[w].end = int64(to)
	}
	return j
}

// work takes indices while there are any, first those of the worker's own run.
func (j *job) work(worker int) {
	calls := int64(0)
	for k := range j.runs {
		r := &j.runs[(worker+k)%len(j.runs)]
		for r.next.Load() < r.end {
			i := r.next.Add(1) - 1
			if i >= r.end {
				break
			}
			j.f(int(i))
			calls++
		}
	}
	if calls > 0 && j.done.Add(calls) == j.n && j.asleep.Load() {
		j.woken <- struct{}{}
	}
}

// wait returns when all calls have. It looks for a while, as helpers do, and then sleeps:
// other programs may have taken the processor from a helper for some milliseconds.
func (j *job) wait() {
	for looks := 1; looks < patience; looks++ {
		if j.done.Load() == j.n {
			return
		}
		yield(looks)
	}
	j.woken = make(chan struct{}, 1)
	j.asleep.Store(true)
	if j.done.Load() < j.n {
		<-j.woken
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
		go help(int(present.Add(1)))
	}
}

// help joins the jobs that are offered, as one of their workers.
func help(worker int) {
	defer present.Add(-1)
	var last *job // all of its indices are taken; to look again would disturb who takes time over them
	for looks := 1; looks < patience; looks++ {
		if j := offer.Load(); j != nil && j != last {
			j.work(worker)
			last, looks = j, 0
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
