package integer

import (
	"fmt"
	"time"
)

// Times adds to the time of each node of the model what it takes for one input x, H W C,
// on one processor. Nodes without work of their own, such as a reshape, take none.
func (e *Engine) Times(times []time.Duration, x []float32) error {
	if len(x) != e.InputSize() || len(times) != len(e.model.Nodes) {
		return fmt.Errorf("integer: %d numbers and %d times: want %d and %d", len(x), len(times), e.InputSize(),
			len(e.model.Nodes))
	}
	if len(e.workers) == 0 {
		e.workers = append(e.workers, newMemory(e.arena, len(e.steps)))
	}
	m := e.workers[0]
	e.input.load(m, x, 1)
	last := time.Now()
	for i := range e.steps {
		s := &e.steps[i]
		s.run(m, 1, &m.scratch[s.scratch])
		now := time.Now()
		times[s.node] += now.Sub(last)
		last = now
	}
	return nil
}
