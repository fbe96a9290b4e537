package integer

import (
	"fmt"
	"runtime"
	"slices"
	"sync/atomic"

	"petrify/internal/kernel"
	"petrify/quantized"
)

// Engine runs one frozen model. It serves one call at a time.
type Engine struct {
	model         *quantized.Model
	input, output *value
	steps         []step
	chunk         int // images that one goroutine computes together
	arena         int // bytes of activations for so many
	weights       int // bytes of weights, biases and tables
	workers       []*memory
}

// New compiles the model, which must not change afterwards.
func New(m *quantized.Model, o Options) (*Engine, error) {
	if err := o.validate(); err != nil {
		return nil, err
	}
	if err := m.Validate(); err != nil {
		return nil, fmt.Errorf("integer: %w", err)
	}
	c := &compiler{model: m, options: o, values: map[string]*value{}, readers: map[string][]*quantized.Node{}}
	if err := c.compile(); err != nil {
		return nil, err
	}
	e := &Engine{model: m, input: c.values[m.Input.Name], output: c.values[m.Output], steps: c.steps, weights: c.weights}
	e.output.tensor().last = len(c.steps) // Run reads it
	one := place(c.tensors, 1)
	if one > limit {
		return nil, fmt.Errorf("integer: activations of %d bytes for one input: want at most %d", one, limit)
	}
	most := mostImages
	if o.Weights == JustInTime {
		most = mostJustInTime
	}
	own := slices.DeleteFunc(slices.Clone(c.tensors), func(t *tensor) bool { return t.shared })
	e.chunk = max(1, min(most, cache/place(own, 1)))
	e.arena = place(c.tensors, e.chunk)
	return e, nil
}

// A goroutine computes several images at once, so that a layer reads, or makes,
// its weights once for all of them; but no more than fit a processor's cache.
const (
	mostImages     = 8
	mostJustInTime = 64
	cache          = 1 << 19
)

// Model is the model that the engine runs.
func (e *Engine) Model() *quantized.Model { return e.model }

// InputSize is the number of elements of one input.
func (e *Engine) InputSize() int { return e.input.elements() }

// OutputSize is the number of elements of one output.
func (e *Engine) OutputSize() int { return e.output.elements() }

// Memory is the bytes of an engine.
type Memory struct {
	Weights     int `json:"weights"`     // packed weights, biases, tables
	Activations int `json:"activations"` // of one goroutine's images; every goroutine has as many
	Images      int `json:"images"`      // that a goroutine computes together
}

// Memory counts the engine's bytes.
func (e *Engine) Memory() Memory { return Memory{e.weights, e.arena, e.chunk} }

// Run computes the outputs y, each C H W or F, of n inputs x, each H W C, as
// real numbers: normalised, as the model was trained on them.
func (e *Engine) Run(y, x []float32, n int) error {
	if err := e.check(len(y), len(x), n); err != nil {
		return err
	}
	in, out := e.InputSize(), e.OutputSize()
	e.each(n, func(m *memory, from, to int) {
		e.input.load(m, x[from*in:to*in], to-from)
		e.compute(m, to-from)
		e.output.store(m, y[from*out:to*out], to-from)
	})
	return nil
}

// RunBytes is [Engine.Run] from integers to integers: the q of the input's and
// the output's quantizers, one a byte, as int8 where the format is signed. It
// fails where the model's input or output is not quantized.
func (e *Engine) RunBytes(y, x []uint8, n int) error {
	if err := e.check(len(y), len(x), n); err != nil {
		return err
	}
	if e.input.bytes == nil || e.output.bytes == nil {
		return fmt.Errorf("integer: bytes of a model whose input is %v and output %v: want both quantized", e.model.Input.Quant, e.outputQuant())
	}
	in, out := e.InputSize(), e.OutputSize()
	e.each(n, func(m *memory, from, to int) {
		e.input.loadBytes(m, x[from*in:to*in], to-from)
		e.compute(m, to-from)
		e.output.storeBytes(m, y[from*out:to*out], to-from)
	})
	return nil
}

func (e *Engine) outputQuant() quantized.Quant {
	a, _ := e.model.Activation(e.model.Output)
	return a.Quant
}

func (e *Engine) check(y, x, n int) error {
	if n < 0 || x != n*e.InputSize() || y != n*e.OutputSize() {
		return fmt.Errorf("integer: %d numbers in and %d out for a batch of %d: want %d and %d each", x, y, n, e.InputSize(), e.OutputSize())
	}
	return nil
}

// each calls f for runs of at most chunk images, on as many goroutines as
// there are processors. Which images share a run has no influence on them.
func (e *Engine) each(n int, f func(m *memory, from, to int)) {
	procs := runtime.GOMAXPROCS(0)
	size := max(1, min(e.chunk, (n+procs-1)/procs))
	chunks := (n + size - 1) / size
	workers := min(procs, chunks)
	for len(e.workers) < workers {
		e.workers = append(e.workers, newMemory(e.arena, len(e.steps)))
	}
	var next atomic.Int64
	kernel.Parallel(workers, func(w int) {
		for i := int(next.Add(1)) - 1; i < chunks; i = int(next.Add(1)) - 1 {
			f(e.workers[w], i*size, min((i+1)*size, n))
		}
	})
}

// compute runs all steps for n images.
func (e *Engine) compute(m *memory, n int) {
	for i := range e.steps {
		s := &e.steps[i]
		s.run(m, n, &m.scratch[s.scratch])
	}
}
