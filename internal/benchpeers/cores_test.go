package main

import (
	"testing"
	"time"

	"petrify/internal/kernel"
)

func TestStepOnMoreProcessors(t *testing.T) {
	const ms = time.Millisecond
	m := measuredStep{[]kernel.Region{
		{Before: 5 * ms, Tasks: []time.Duration{4 * ms, 1 * ms, 1 * ms, 3 * ms}},
		{Before: 1 * ms, Tasks: []time.Duration{2 * ms}},
	}, 3 * ms}
	for processors, want := range map[int]time.Duration{1: 20 * ms, 2: 16*ms + handing, 3: 15*ms + handing, 9: 15*ms + handing} {
		if got := m.on(processors); got != want {
			t.Errorf("%d processors: %v, want %v", processors, got, want)
		}
	}
}
