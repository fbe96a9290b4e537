package main

import (
	"errors"
	"fmt"
	"sync"
	"time"
)

// campaign is a number of networks drawn from one seed.
type campaign struct {
	seed           uint64
	from, networks int
	peers          int    // processes
	folder         string // the peer's
	shrink         bool
}

// outcome is what became of a network.
type outcome struct {
	n       int
	plan    plan
	verdict verdict
	err     error // it could not be trained, or judged
}

// run trains and judges all of them, and prints a line for each that differs
// and a summary. A difference is an error, and so are too many near decisions.
func (c campaign) run() error {
	begin := time.Now()
	fmt.Printf("seed %d, networks %d to %d\n", c.seed, c.from, c.from+c.networks-1)
	numbers, outcomes := make(chan int), make(chan outcome)
	var workers sync.WaitGroup
	for range c.peers {
		workers.Go(func() { c.work(numbers, outcomes) })
	}
	go func() {
		for n := c.from; n < c.from+c.networks; n++ {
			numbers <- n
		}
		close(numbers)
		workers.Wait()
		close(outcomes)
	}()
	var s summary
	for o := range outcomes {
		s.add(o)
		if text := c.story(o); text != "" {
			fmt.Println(text)
		}
	}
	fmt.Printf("%v in %v\n", s, time.Since(begin).Round(time.Second))
	return s.err()
}

// work processes networks until there are none left, with a peer of its own.
func (c campaign) work(numbers <-chan int, outcomes chan<- outcome) {
	p, err := start(c.folder)
	for n := range numbers {
		o := outcome{n: n, plan: draw(c.seed, n), err: err}
		if err == nil {
			o.verdict, o.err = p.try(o.plan)
		}
		if c.shrink && o.err == nil && o.verdict.Difference != "" {
			o.plan = shrink(o.plan, func(q plan) bool {
				v, err := p.try(q)
				return err == nil && v.Difference != ""
			})
			o.verdict, o.err = p.try(o.plan)
		}
		outcomes <- o
	}
	if err == nil {
		p.stop()
	}
}

// story reports on a network that differs or is undecided; "" for others.
func (c campaign) story(o outcome) string {
	switch {
	case o.err != nil:
		return fmt.Sprintf("network %d: %v", o.n, o.err)
	case o.verdict.Undecided:
		return fmt.Sprintf("network %d is undecided", o.n)
	case o.verdict.Difference == "":
		return ""
	case c.shrink:
		return fmt.Sprintf("network %d differs, %s\n%v", o.n, o.verdict.Difference, o.plan)
	}
	return fmt.Sprintf("network %d differs, %s\n\tgo run ./internal/peertrain -seed %d -only %d -shrink", o.n,
		o.verdict.Difference, c.seed, o.n)
}

// summary counts.
type summary struct {
	networks, failed, differ, undecided int
	steps, tensors                      int
	decided, near, turned               int
	turnedIn, rebasedIn, shakenIn       int     // networks
	worst                               float64 // relative difference
	at                                  string
}

func (s *summary) add(o outcome) {
	v := o.verdict
	s.networks++
	switch {
	case o.err != nil:
		s.failed++
		return
	case v.Difference != "":
		s.differ++
		return
	case v.Undecided:
		s.undecided++
		return
	}
	s.steps, s.tensors = s.steps+v.Steps, s.tensors+v.Tensors
	s.decided, s.near, s.turned = s.decided+v.Decided, s.near+v.Near, s.turned+v.Turned
	for _, c := range []struct{ n, in *int }{{&v.Turned, &s.turnedIn}, {&v.Rebased, &s.rebasedIn},
		{&v.Shaken, &s.shakenIn}} {
		*c.in += min(*c.n, 1)
	}
	if v.Worst > s.worst {
		s.worst, s.at = v.Worst, fmt.Sprintf("%s of network %d", v.At, o.n)
	}
}

// String is a report of a few lines.
func (s summary) String() string {
	return fmt.Sprintf(`%d networks, %d steps, %d tensors: %d networks differ, %d failed
greatest difference %.2g of a tensor's change (%s)
%d numbers rounded, clipped or compared, %d of them too near a tie for float32, %d turned
networks that agree with turned decisions: %d, with a step on its own: %d, apart from noise: %d; undecided: %d`,
		s.networks, s.steps, s.tensors, s.differ, s.failed, s.worst, s.at,
		s.decided, s.near, s.turned, s.turnedIn, s.rebasedIn, s.shakenIn, s.undecided)
}

// err reports networks that differ, and more excused differences than there
// were in 5,000 networks.
func (s summary) err() error {
	var faults []error
	if s.differ+s.failed > 0 {
		faults = append(faults, fmt.Errorf("peertrain: %d of %d networks differ from PyTorch's, %d failed",
			s.differ, s.networks, s.failed))
	}
	limit := func(n int, share float64, what string) {
		if most := 3 + share*float64(s.networks); float64(n) > most {
			faults = append(faults, fmt.Errorf("peertrain: %d networks %s: want at most %.0f", n, what, most))
		}
	}
	limit(s.turnedIn, 0.1, "agree with turned decisions")
	limit(s.rebasedIn, 0.03, "agree step by step alone")
	limit(s.shakenIn, 0.03, "agree apart from noise")
	limit(s.undecided, 0.02, "are undecided")
	return errors.Join(faults...)
}
