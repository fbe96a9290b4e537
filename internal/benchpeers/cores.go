package main

import (
	"cmp"
	"fmt"
	"io"
	"maps"
	"runtime"
	"slices"
	"time"

	"petrify/internal/benchpeers/work"
	"petrify/internal/kernel"
)

// handing is what a region costs on several processors besides its tasks: helpers
// that wait see it, and the caller sees that they are done.
const handing = time.Microsecond

// cores prints what a model says of training steps on more processors than there
// are: it measures the regions of a step that processors share, one task after the
// other, and hands them out as kernel.Parallel does. Then it prints where the time
// goes on the most processors.
func cores(out io.Writer, steps int) error {
	fmt.Fprint(out, "| QAT step | ms | regions | alone, ms | 2 | 4 | 8 | 16 |\n"+
		"| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: |\n")
	var details []string
	for _, n := range []struct {
		name  string
		batch int
	}{{"cnn", 128}, {"resnet8", 64}, {"ds-cnn", 64}, {"mobilenet-v1-0.25", 32}} {
		m, err := leastTimes(n.name, n.batch, steps, 1)
		if err != nil {
			return err
		}
		one, alone := m.on(1), m.after
		for _, r := range m.regions {
			alone += r.Before
		}
		fmt.Fprintf(out, "| `%s`, batch %d | %.2f | %d | %.3f |", n.name, n.batch, 1e3*one.Seconds(), len(m.regions),
			1e3*alone.Seconds())
		for _, processors := range []int{2, 4, 8, 16} {
			if m, err = leastTimes(n.name, n.batch, steps, processors); err != nil {
				return err
			}
			fmt.Fprintf(out, " %.1f |", float64(one)/float64(m.on(processors)))
		}
		fmt.Fprintln(out)
		details = append(details, m.shares(n.name, 16)...)
	}
	for _, line := range details {
		fmt.Fprintln(out, line)
	}
	return nil
}

// measuredStep is the regions of a training step, and how long it took after the last.
type measuredStep struct {
	regions []kernel.Region
	after   time.Duration
}

// shares are lines with the greatest shares of a step's time.
func (m measuredStep) shares(network string, processors int) []string {
	const most = 8
	shares := map[string]time.Duration{"after the last region": m.after}
	for _, r := range m.regions {
		shares["before "+r.Caller] += r.Before
		shares["in "+r.Caller] += makespan(r.Tasks, processors) + handing
	}
	names := slices.SortedFunc(maps.Keys(shares), func(a, b string) int { return cmp.Compare(shares[b], shares[a]) })
	lines := []string{fmt.Sprintf("\n%s on %d processors, µs:", network, processors)}
	for _, name := range names[:min(most, len(names))] {
		lines = append(lines, fmt.Sprintf("%8.0f %s", 1e6*shares[name].Seconds(), name))
	}
	return lines
}

// leastTimes measures a step as it is cut for a number of processors; each time is the
// least of some steps, so that other work on the machine does not count.
func leastTimes(network string, batch, steps, processors int) (least measuredStep, err error) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(processors))
	step, err := work.Train(network, batch, true)
	if err != nil {
		return least, err
	}
	if _, err := step(); err != nil { // allocates
		return least, err
	}
	for i := range steps {
		regions, after := kernel.Trace(func() { _, err = step() })
		if err != nil {
			return least, err
		}
		if i == 0 {
			least = measuredStep{regions, after}
		}
		if len(regions) != len(least.regions) {
			return least, fmt.Errorf("%s: a step of %d regions after one of %d", network, len(regions), len(least.regions))
		}
		least.after = min(least.after, after)
		for j, r := range regions {
			l := &least.regions[j]
			l.Before = min(l.Before, r.Before)
			for k, t := range r.Tasks {
				l.Tasks[k] = min(l.Tasks[k], t)
			}
		}
	}
	return least, nil
}

// on is what the model says of a number of processors.
func (m measuredStep) on(processors int) time.Duration {
	total := m.after
	for _, r := range m.regions {
		total += r.Before + makespan(r.Tasks, processors)
		if processors > 1 && len(r.Tasks) > 1 {
			total += handing
		}
	}
	return total
}

// makespan is how long processors take that each fetch the next task when they have
// done one.
func makespan(tasks []time.Duration, processors int) time.Duration {
	busy := make([]time.Duration, processors)
	for _, t := range tasks {
		busy[slices.Index(busy, slices.Min(busy))] += t
	}
	return slices.Max(busy)
}
