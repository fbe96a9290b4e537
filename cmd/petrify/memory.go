package main

import (
	"errors"
	"fmt"
	"log/slog"
	"os"
	"runtime/debug"
	"runtime/metrics"

	"petrify/datasets"
	"petrify/train"
)

// room is the memory that a limit leaves to this process.
type room struct {
	limit string // what sets it
	free  int64  // bytes
}

// narrowest is the room with least free; false if nothing limits the process.
func narrowest(rooms []room) (least room, limited bool) {
	for i, r := range rooms {
		if i == 0 || r.free < least.free {
			least = r
		}
	}
	return least, len(rooms) > 0
}

// keepWithin makes the garbage collector work harder near a limit, unless
// GOMEMLIMIT is set. If nothing is free it returns an error, because Go's
// runtime would end the process in the middle of its work.
func keepWithin(rooms []room) error {
	r, limited := narrowest(rooms)
	switch {
	case !limited:
		return nil
	case r.free <= 0:
		return fmt.Errorf("%s leaves %s bytes too few to start: raise it", r.limit, thousands(1-r.free))
	case os.Getenv("GOMEMLIMIT") == "":
		inUse := counted("/memory/classes/total:bytes") - counted("/memory/classes/heap/released:bytes")
		debug.SetMemoryLimit(inUse + r.free/10*9)
	}
	return nil
}

// counted is a number of bytes that Go's runtime counts.
func counted(name string) int64 {
	s := []metrics.Sample{{Name: name}}
	metrics.Read(s)
	return int64(s[0].Value.Uint64())
}

// dataWithin adds the limit to the error for data that are too large for it.
func dataWithin(r room, err error) error {
	if large := new(datasets.MemoryError); errors.As(err, &large) {
		return fmt.Errorf("%w: %s leaves no more", err, r.limit)
	}
	return err
}

// roomFor returns an error that states the least that a run needs if a limit
// leaves less. It logs a warning if the run may need more than there is.
func roomFor(job *train.Job, log *slog.Logger) error {
	if len(rooms()) == 0 {
		return nil
	}
	least, err := job.Memory()
	if err != nil {
		return err
	}
	debug.FreeOSMemory() // what finding that out took
	r, _ := narrowest(rooms())
	return r.holds(least, log)
}

// roomToRepeat is [roomFor] for measuring a finished run again.
func roomToRepeat(c train.Config) error {
	c.Out, c.Resume = "", false
	job, err := train.Open(c)
	if err != nil {
		return err
	}
	defer job.Close()
	return roomFor(job, slog.New(slog.DiscardHandler))
}

// holds compares the room with what a run needs at least.
func (r room) holds(least int64, log *slog.Logger) error {
	switch {
	case r.free < least:
		return fmt.Errorf("the run needs %s bytes of memory or more besides its data, and %s leaves %s: "+
			"make the batch smaller, or raise the limit", thousands(least), r.limit, thousands(max(r.free, 0)))
	case r.free < 2*least:
		log.Warn("the memory may not suffice", "needs",
			fmt.Sprintf("%s to %s bytes", thousands(least), thousands(2*least)),
			"limit", r.limit, "leaves", thousands(r.free))
	}
	return nil
}
