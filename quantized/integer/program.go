package integer

import (
	"fmt"
	"runtime"
	"slices"
	"sync/atomic"

	"petrify/internal/kernel"
)

// program is compiled nodes: steps on activations whose places in memory are
// planned.
type program struct {
	inputs  []*value
	output  *value
	steps   []step
	chunk   int // images that one goroutine computes together
	arena   int // bytes of activations for that many
	workers []*memory
}

// work computes something for n images.
type work func(m *memory, n int, s *kernel.Scratch)

// step is a piece of work and the scratch memory that it uses.
type step struct {
	run     work
	scratch int // which of the memory's scratches it takes
	node    int // of the model
}

// A goroutine computes several images at once, so that a layer reads, or makes,
// its weights once for all of them, but no more than fit in a processor's
// cache.
const (
	mostImages     = 8
	mostJustInTime = 64
	cache          = 1 << 19
)

// OutputSize is the number of elements of one output.
func (p *program) OutputSize() int { return p.output.elements() }

// place plans where the tensors are in memory.
func (p *program) place(tensors []*tensor, o Options) error {
	one := place(tensors, 1)
	if one > limit {
		return fmt.Errorf("integer: activations of %d bytes for one input: want at most %d", one, limit)
	}
	most := mostImages
	if o.Weights == JustInTime {
		most = mostJustInTime
	}
	own := slices.DeleteFunc(slices.Clone(tensors), func(t *tensor) bool { return t.shared })
	p.chunk = max(1, min(most, cache/place(own, 1)))
	p.arena = place(tensors, p.chunk)
	return nil
}

// each calls f for runs of at most chunk images, on as many goroutines as there
// are processors. Results do not depend on which images share a run.
func (p *program) each(n int, f func(m *memory, from, to int)) {
	procs := runtime.GOMAXPROCS(0)
	size := max(1, min(p.chunk, (n+procs-1)/procs))
	chunks := (n + size - 1) / size
	workers := min(procs, chunks)
	for len(p.workers) < workers {
		p.workers = append(p.workers, newMemory(p.arena, len(p.steps)))
	}
	var next atomic.Int64
	kernel.Parallel(workers, func(w int) {
		for i := int(next.Add(1)) - 1; i < chunks; i = int(next.Add(1)) - 1 {
			f(p.workers[w], i*size, min((i+1)*size, n))
		}
	})
}

// compute runs all steps for n images.
func (p *program) compute(m *memory, n int) {
	for i := range p.steps {
		s := &p.steps[i]
		s.run(m, n, &m.scratch[s.scratch])
	}
}
