package main

import (
	"errors"
	"fmt"
	"os"
	"regexp"
	"slices"
	"strings"
	"time"

	"petrify/internal/benchpeers/turns"
)

// contest is a set of sides that take turns, and the resulting rows of the
// table.
type contest struct {
	name   string
	sides  []side
	rows   []row
	growth *growth
	rounds int  // 0: as the command line says
	fresh  bool // each round has new processes
}

// side is a process.
type side struct {
	title   string
	command []string
	threads int
	path    []string // variables that make it take another path than it would
}

// row compares two sides of a contest. The ratio is ours/peer, round by round.
type row struct {
	measure      string
	ours, peer   int // indices of sides
	quantity     quantity
	reach, dream float64 // what the ratio is to reach, and better still; 0: nothing
}

// quantity is a number of a turn, and its name in the table.
type quantity struct {
	unit         string
	lessIsBetter bool
	clock        bool // other processes change it
	of           func(turns.Slice) float64
}

// rate is units per second, where size units make one of the given unit.
//
// With one thread it is measured in processor time, which is what a clock shows
// if no other process needs the processor. With more threads it is measured by
// the clock, because threads that wait for each other use processors, too.
func rate(unit string, size float64, threads int) quantity {
	if threads == 1 {
		return quantity{unit, false, false, func(s turns.Slice) float64 { return s.Units / s.CPU / size }}
	}
	return quantity{unit, false, true, func(s turns.Slice) float64 { return s.Units / s.Seconds / size }}
}

// milliseconds is the time of size units, by the clock of rate.
func milliseconds(unit string, size float64, threads int) quantity {
	perSecond := rate(unit, size, threads)
	return quantity{unit, true, perSecond.clock, func(s turns.Slice) float64 { return 1e3 / perSecond.of(s) }}
}

var peak = quantity{unit: "MiB", lessIsBetter: true, of: func(s turns.Slice) float64 { return s.PeakKiB / 1024 }}

// measured is the result of a contest.
type measured struct {
	Contest  string          `json:"contest"`
	Sides    []string        `json:"sides"`           // what they call themselves
	Turns    [][]turns.Slice `json:"turns"`           // round, side
	Repeated int             `json:"repeated_rounds"` // because other processes were busy
	Others   float64         `json:"others"`          // share of the processors that other processes had meanwhile
}

// quiet is the share of the processors that other processes may have during a
// round.
const quiet = 0.1

// busy reports whether other processes spoiled the clock's measurements.
func (m measured) busy() bool { return m.Others > quiet }

// pace is how long a contest takes.
type pace struct {
	rounds   int
	seconds  float64       // of a turn, at least
	patience time.Duration // for rounds that are repeated because other processes were busy
}

// run lets the sides take turns.
func (c contest) run(p pace) (m measured, err error) {
	if c.rounds > 0 {
		p.rounds = c.rounds
	}
	m.Contest = c.name
	var load meter
	var running []*turns.Side
	stop := func() {
		for _, s := range running {
			err = errors.Join(err, s.Close())
		}
		running = nil
	}
	defer stop()
	for deadline := time.Now().Add(p.patience); len(m.Turns) < p.rounds; {
		if running == nil {
			if running, err = c.start(); err != nil {
				return m, err
			}
		}
		round, during, err := m.round(running, p.seconds)
		if err != nil {
			return m, err
		}
		if c.clocked() && during.others() > quiet && time.Now().Before(deadline) {
			m.Repeated++
			continue
		}
		load.add(during)
		m.Turns = append(m.Turns, round)
		if c.fresh {
			stop()
		}
	}
	m.Others = load.others()
	return m, err
}

// clocked reports whether a row is measured by the clock.
func (c contest) clocked() bool {
	return slices.ContainsFunc(c.rows, func(r row) bool { return r.quantity.clock })
}

// round gives each side its turn.
func (m *measured) round(running []*turns.Side, seconds float64) (round []turns.Slice, during meter, err error) {
	m.Sides = nil
	for _, s := range running {
		t, err := during.watch(func() (turns.Slice, error) { return s.Turn(seconds) })
		if err != nil {
			return nil, during, err
		}
		round = append(round, t)
		m.Sides = append(m.Sides, s.Name)
	}
	return round, during, nil
}

// start starts the processes one after the other, so that no two warm up at the
// same time.
func (c contest) start() (running []*turns.Side, err error) {
	for _, s := range c.sides {
		started, err := turns.Start(s.command, s.environment())
		if err != nil {
			for _, r := range running {
				err = errors.Join(err, r.Close())
			}
			return nil, fmt.Errorf("%s: %s: %w", c.name, s.title, err)
		}
		running = append(running, started)
	}
	return running, nil
}

// environment is this process's with the number of threads, and without
// variables that make libraries choose another path than they would.
func (s side) environment() []string {
	var env []string
	for _, v := range os.Environ() {
		if !tuning.MatchString(v) {
			env = append(env, v)
		}
	}
	for _, name := range []string{"GOMAXPROCS", "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"} {
		env = append(env, fmt.Sprintf("%s=%d", name, s.threads))
	}
	return append(env, s.path...)
}

var tuning = regexp.MustCompile(`^(` + strings.Join([]string{
	"GOMAXPROCS", "GOGC", "GOMEMLIMIT", "GODEBUG", "PETRIFY_KERNEL",
	"OPENBLAS_.*", "OMP_.*", "GOMP_.*", "KMP_.*", "MKL_.*", "DNNL_.*", "ONEDNN_.*", "ATEN_.*",
}, "|") + `)=`)
