package main

import (
	"context"
	"os"
	"runtime"
	"runtime/debug"

	"petrify/datasets"
)

// open opens a data set, and shows on a terminal how that goes on.
func (c *command) open(ctx context.Context, name string, options datasets.Options) (*datasets.Set, error) {
	p := newProgress(c.stderr)
	defer p.clear()
	options.Progress, options.Reading = p.download, p.reading
	r, _ := narrowest(rooms())
	options.Memory = r.free
	data, err := datasets.OpenContext(ctx, name, options)
	spareMemory()
	return data, dataWithin(r, err)
}

// spareMemory lets garbage take a sixteenth of what is in use and a little more,
// where Go would let it take as much again: beside large data that is a lot, and
// they hold no pointers, so that to collect it costs little. GOGC goes before.
func spareMemory() {
	if os.Getenv("GOGC") != "" {
		return
	}
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	garbage := m.HeapAlloc/16 + 16<<20
	debug.SetGCPercent(int(min(100, 100*garbage/m.HeapAlloc)))
}
