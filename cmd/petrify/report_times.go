package main

import (
	"context"
	"encoding/json"
	"fmt"
	"path/filepath"
	"slices"
	"time"

	"petrify/internal/atomicfile"
	"petrify/internal/kernel"
	"petrify/internal/report"
	"petrify/quantized/integer"
)

// The inputs for which layers are timed: that many, or as many as fit into the time.
const (
	timedInputs = 200
	timingLasts = 200 * time.Millisecond
	timedLeast  = 5
)

// timeLayers reads how long the layers of a run take, or measures it the first time that a
// page is made, and writes it into the run's folder. A folder that cannot be written to has
// a page all the same.
func (c *command) timeLayers(ctx context.Context, folder string, r *report.Run) error {
	digests, err := r.Model.Digests()
	if err != nil {
		return err
	}
	if r.Times != nil && r.Times.Model == digests[0].SHA256 {
		return nil
	}
	if r.Times, err = measureLayers(r); err != nil {
		return err
	}
	r.Times.Model = digests[0].SHA256
	text, err := json.MarshalIndent(r.Times, "", "  ")
	if err != nil {
		return err
	}
	path := filepath.Join(folder, report.TimesFile)
	err = writeListed(ctx, folder, export{path: path}, func() error {
		return atomicfile.WriteFile(path, append(text, '\n'))
	})
	if err != nil && ctx.Err() == nil {
		fmt.Fprintf(c.stderr, "warning: the next page will measure the times of the layers again: %v\n", err)
		return nil
	}
	return err
}

// measureLayers takes the median over inputs of zeros, whose time is that of any others:
// no kernel branches on the numbers.
func measureLayers(r *report.Run) (*report.Times, error) {
	e, err := integer.New(r.Model, integer.Options{})
	if err != nil {
		return nil, err
	}
	nodes := r.Model.Nodes
	x, all := make([]float32, e.InputSize()), make([][]float64, len(nodes))
	begun, inputs := time.Now(), 0
	for inputs < timedInputs && (inputs < timedLeast || time.Since(begun) < timingLasts) {
		times := make([]time.Duration, len(nodes))
		if err := e.Times(times, x); err != nil {
			return nil, err
		}
		for i, t := range times {
			all[i] = append(all[i], float64(t.Nanoseconds())/1e3)
		}
		inputs++
	}
	t := &report.Times{Version: 1, Platform: platform(), Kernels: kernel.Path(), Inputs: inputs}
	for i, n := range nodes {
		slices.Sort(all[i])
		t.Layers = append(t.Layers, report.LayerTime{Layer: n.Name, Microseconds: all[i][inputs/2]})
	}
	return t, nil
}
