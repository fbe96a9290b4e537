package main

import (
	"context"
	"os"
	"runtime"
	"runtime/debug"

	"petrify/datasets"
)

// open opens a data set and shows progress on a terminal.
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

// spareMemory limits garbage to a sixteenth of the memory in use and a little
// more, where Go would allow as much again. With large data that would be a
// lot, and since they hold no pointers, collecting it costs little. GOGC takes
// precedence.
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
