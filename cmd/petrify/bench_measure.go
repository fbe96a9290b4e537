package main

import (
	"context"
	"math/rand/v2"
	"runtime"
	"slices"
	"time"

	"petrify/quantized"
	"petrify/quantized/integer"
)

// benchBatch is the batch whose throughput is measured.
const benchBatch = 64

// least is the shortest time that a measurement takes: many times the clock's
// resolution.
const least = 4 * time.Millisecond

// measure runs all variants of the model in turns.
func measure(ctx context.Context, m *quantized.Model, repeats int) (*benchReport, error) {
	r := &benchReport{Network: m.Name, Input: m.Input.Shape, Processors: runtime.GOMAXPROCS(0), Repeats: repeats,
		Platform: platform()}
	var benches []*bench
	for _, v := range variants(m) {
		b, err := newBench(v)
		if err != nil {
			return nil, err
		}
		benches = append(benches, b)
		r.Variants = append(r.Variants, benchRow{Name: v.name, Memory: b.memory, File: b.parameters})
	}
	for range repeats {
		for _, b := range benches {
			if ctx.Err() != nil {
				return nil, context.Cause(ctx)
			}
			if err := b.repeat(); err != nil {
				return nil, err
			}
		}
	}
	for i, b := range benches {
		r.Variants[i].Single, r.Variants[i].Batch = summary(b.single), summary(b.batch)
	}
	return r, nil
}

// bench is a variant under measurement.
type bench struct {
	engine        *integer.Engine
	x, y          []float32
	runs          [2]int // that one measurement takes, of batch 1 and 64
	memory        int64
	parameters    int64     // bytes of the model
	single, batch []float64 // ms; images/s
}

// newBench builds the engine, runs it once with each batch, and finds out how
// much memory model and engine take and how many runs make a measurement.
func newBench(v variant) (*bench, error) {
	before := heap()
	model := v.model()
	e, err := integer.New(model, v.options)
	if err != nil {
		return nil, err
	}
	b := &bench{engine: e, parameters: model.Size().Total(), x: make([]float32, benchBatch*e.InputSize()),
		y: make([]float32, benchBatch*e.OutputSize())}
	rng := rand.New(rand.NewPCG(1, 2))
	for i := range b.x {
		b.x[i] = float32(rng.NormFloat64())
	}
	for i, n := range []int{1, benchBatch} {
		b.runs[i] = 1
		if _, err := b.time(n, 1); err != nil { // allocates
			return nil, err
		}
		took, err := b.time(n, 1)
		if err != nil {
			return nil, err
		}
		b.runs[i] = 1 + int(least/max(took, 1))
	}
	b.memory = heap() - before - int64(4*(len(b.x)+len(b.y)))
	for _, n := range model.Nodes {
		if n.Weights != nil && n.Weights.Q != nil { // they were there before
			b.memory += int64(len(n.Weights.Q))
		}
	}
	return b, nil
}

// heap is the bytes of live objects.
func heap() int64 {
	runtime.GC()
	var s runtime.MemStats
	runtime.ReadMemStats(&s)
	return int64(s.HeapAlloc)
}

// time measures the given number of runs of a batch.
func (b *bench) time(batch, runs int) (time.Duration, error) {
	x, y := b.x[:batch*b.engine.InputSize()], b.y[:batch*b.engine.OutputSize()]
	begin := time.Now()
	for range runs {
		if err := b.engine.Run(y, x, batch); err != nil {
			return 0, err
		}
	}
	return time.Since(begin), nil
}

// repeat adds a measurement.
func (b *bench) repeat() error {
	took, err := b.time(1, b.runs[0])
	if err != nil {
		return err
	}
	b.single = append(b.single, 1e3*took.Seconds()/float64(b.runs[0]))
	if took, err = b.time(benchBatch, b.runs[1]); err != nil {
		return err
	}
	b.batch = append(b.batch, float64(benchBatch*b.runs[1])/took.Seconds())
	return nil
}

// summary is the median of the repeats with their spread.
func summary(values []float64) timing {
	slices.Sort(values)
	at := func(part float64) float64 { return values[int(part*float64(len(values)-1)+0.5)] }
	return timing{Median: at(0.5), Low: at(0.1), High: at(0.9)}
}
