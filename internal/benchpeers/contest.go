package main

import (
	"errors"
	"fmt"
	"os"
	"regexp"
	"strings"

	"petrify/internal/benchpeers/turns"
)

// contest is sides that take turns, and the rows of the table that come of it.
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
	of           func(turns.Slice) float64
}

// rate is units a second, of which so many make one of the given unit.
func rate(unit string, size float64) quantity {
	return quantity{unit, false, func(s turns.Slice) float64 { return s.Units / s.Seconds / size }}
}

// alone is the rate of a side with one thread, by the processor's time of its
// process: what a clock shows where nobody else wants the processor.
func alone(unit string, size float64) quantity {
	return quantity{unit, false, func(s turns.Slice) float64 { return s.Units / s.CPU / size }}
}

// milliseconds is the time of so many units.
func milliseconds(unit string, size float64) quantity {
	return quantity{unit, true, func(s turns.Slice) float64 { return 1e3 * s.Seconds / s.Units * size }}
}

var peak = quantity{"MiB", true, func(s turns.Slice) float64 { return s.PeakKiB / 1024 }}

// measured is what a contest gave.
type measured struct {
	Contest string          `json:"contest"`
	Sides   []string        `json:"sides"`  // what they call themselves
	Turns   [][]turns.Slice `json:"turns"`  // round, side
	Others  float64         `json:"others"` // share of the processors that other processes had meanwhile
}

// run lets the sides take turns.
func (c contest) run(rounds int, seconds float64) (m measured, err error) {
	if c.rounds > 0 {
		rounds = c.rounds
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
	for range rounds {
		if running == nil {
			if running, err = c.start(); err != nil {
				return m, err
			}
		}
		m.Sides = nil
		round := make([]turns.Slice, len(running))
		for i, s := range running {
			if round[i], err = load.watch(func() (turns.Slice, error) { return s.Turn(seconds) }); err != nil {
				return m, err
			}
			m.Sides = append(m.Sides, s.Name)
		}
		m.Turns = append(m.Turns, round)
		if c.fresh {
			stop()
		}
	}
	m.Others = load.others()
	return m, err
}

// start starts the processes one after the other, so that none is warmed up
// while another one is.
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

// environment is ours with the number of threads, and without what others may
// have set to make libraries choose another path than they would.
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
	return env
}

var tuning = regexp.MustCompile(`^(` + strings.Join([]string{
	"GOMAXPROCS", "GOGC", "GOMEMLIMIT", "GODEBUG", "PETRIFY_KERNEL",
	"OPENBLAS_.*", "OMP_.*", "GOMP_.*", "KMP_.*", "MKL_.*", "DNNL_.*", "ONEDNN_.*", "ATEN_.*",
}, "|") + `)=`)
