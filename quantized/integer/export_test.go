package integer

// Memory is what the engine plans for each goroutine.
type Memory struct {
	Activations int // bytes
	Images      int // that it computes together
}

// Memory returns the plan.
func (e *Engine) Memory() Memory { return Memory{e.arena, e.chunk} }
