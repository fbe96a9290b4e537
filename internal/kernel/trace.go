package kernel

import (
	"runtime"
	"strings"
	"time"
)

// Region is a call of [Parallel], as [Trace] measured it.
type Region struct {
	Caller string          // the function that made the call
	Before time.Duration   // since the last region's end: what one processor did alone
	Tasks  []time.Duration // the calls of f
}

// trace is the measurement that runs, or nil. Its regions are not parallel.
var trace *tracer

type tracer struct {
	regions []Region
	end     time.Time // of the last region
	within  bool      // a region
}

// Trace runs f on one processor and returns the regions that several would have
// shared, and how long f took after the last. No other goroutine may call kernels
// meanwhile.
func Trace(f func()) (regions []Region, after time.Duration) {
	t := &tracer{end: time.Now()}
	trace = t
	defer func() { trace = nil }()
	f()
	return t.regions, time.Since(t.end)
}

// run is the calls of a region, one after the other; those within another are
// part of its tasks.
func (t *tracer) run(n int, f func(i int)) {
	if t.within {
		for i := range n {
			f(i)
		}
		return
	}
	t.within = true
	defer func() { t.within = false }()
	at := time.Now()
	r := Region{Before: at.Sub(t.end), Tasks: make([]time.Duration, n), Caller: caller()}
	for i := range n {
		begin := time.Now()
		f(i)
		r.Tasks[i] = time.Since(begin)
	}
	t.regions = append(t.regions, r)
	t.end = time.Now()
}

// caller is the function that called [Parallel], whose own helpers do not count.
func caller() string {
	var at [12]uintptr
	frames := runtime.CallersFrames(at[:runtime.Callers(4, at[:])])
	for {
		f, more := frames.Next()
		name := f.Function[strings.LastIndex(f.Function, "/")+1:]
		switch name {
		case "kernel.blocks", "kernel.rowBlocks", "kernel.parallelWork", "kernel.Each":
			if more {
				continue
			}
		}
		return name
	}
}
