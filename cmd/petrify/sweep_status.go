package main

import (
	"fmt"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"petrify/internal/sweep"
)

// sweepState is what `sweep status` says.
type sweepState struct {
	Trials  int            `json:"trials"`
	Counts  map[string]int `json:"counts"`                 // by state
	Stages  map[string]int `json:"float_stages,omitempty"` // that trials share, by state
	Running []trialState   `json:"running,omitempty"`
	Failed  []trialState   `json:"failed,omitempty"`
	Waiting []trialState   `json:"waiting,omitempty"`     // at a rung of halving
	Halved  []trialState   `json:"halved,omitempty"`      // stopped by it
	Seconds float64        `json:"seconds_each,omitzero"` // mean of the finished
	Left    float64        `json:"seconds_left,omitzero"` // with as many at a time as are running now, or one
}

type trialState struct {
	Index int    `json:"index"`
	Name  string `json:"name"`
	Says  string `json:"says"` // its owner, its error or its rung
}

func (c *command) sweepStatus() *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "status DIR",
		Short: "Say how far a sweep has come: what is done, what failed and why, the time left",
		Args:  oneArgument,
		RunE: func(_ *cobra.Command, args []string) error {
			s, err := sweep.Open(args[0])
			if err != nil {
				return err
			}
			now, err := stateOf(s)
			if err != nil {
				return err
			}
			if asJSON {
				return c.printJSON(now)
			}
			return c.printState(now)
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	return cmd
}

// stateOf looks at all trials of a sweep.
func stateOf(s *sweep.Sweep) (*sweepState, error) {
	now := &sweepState{Trials: s.Len(), Counts: map[string]int{}}
	spent := 0.0
	all, err := s.Survey()
	if err != nil {
		return nil, err
	}
	for index, p := range all {
		now.Counts[p.State.String()]++
		is := trialState{Index: index, Name: s.Name(s.Trial(index))}
		switch p.State {
		case sweep.Running:
			is.Says = p.Owner
			now.Running = append(now.Running, is)
		case sweep.Failed:
			is.Says = p.Last.Error
			now.Failed = append(now.Failed, is)
		case sweep.Finished:
			spent += p.Seconds
		case sweep.Halved:
			is.Says = "after " + s.Halving.Rung(p.Rung)
			now.Halved = append(now.Halved, is)
		case sweep.Waiting:
			is.Says = "after " + s.Halving.Rung(p.Rung)
			now.Waiting = append(now.Waiting, is)
		case sweep.Planned, sweep.Interrupted:
		}
	}
	if s.Stages() > 0 {
		now.Stages = map[string]int{}
	}
	for stage := range s.Stages() {
		now.Stages[s.StageProgress(stage).String()]++
	}
	if done := now.Counts[sweep.Finished.String()]; done > 0 {
		now.Seconds = spent / float64(done)
		left := s.Len() - done - len(now.Failed) - len(now.Halved)
		now.Left = now.Seconds * float64(left) / float64(max(1, len(now.Running)))
	}
	return now, nil
}

// shown is how many trials of a list are printed.
const shown = 20

func (c *command) printState(now *sweepState) error {
	fmt.Fprintf(c.stdout, "%s: %s\n", several(now.Trials, "trial"), listed(now.Counts))
	if n := now.Stages[sweep.Finished.String()]; now.Stages != nil && n < total(now.Stages) {
		fmt.Fprintf(c.stdout, "%s that trials share: %s\n", several(total(now.Stages), "float stage"),
			listed(now.Stages))
	}
	if now.Left > 0 {
		left := time.Duration(now.Left * float64(time.Second)).Round(time.Second)
		fmt.Fprintf(c.stdout, "about %v left, %.1f s a trial, %d at a time\n", left, now.Seconds,
			max(1, len(now.Running)))
	}
	t := tabwriter.NewWriter(c.stdout, 0, 0, 2, ' ', 0)
	for _, list := range []struct {
		word   string
		trials []trialState
	}{{"running", now.Running}, {"failed", now.Failed}, {"waiting", now.Waiting}, {"stopped", now.Halved}} {
		for i, is := range list.trials {
			if i == shown {
				fmt.Fprintf(t, "%s\t…\tand %d more\t\n", list.word, len(list.trials)-shown)
				break
			}
			fmt.Fprintf(t, "%s\t%d\t%s\t%s\n", list.word, is.Index, is.Name, inOneLine(is.Says))
		}
	}
	return t.Flush()
}

// listed is such as "3 finished, 1 running".
func listed(counts map[string]int) string {
	var parts []string
	for _, state := range sweep.States() {
		if n := counts[state.String()]; n > 0 {
			parts = append(parts, fmt.Sprintf("%s %s", thousands(int64(n)), state))
		}
	}
	return strings.Join(parts, ", ")
}

func total(counts map[string]int) (sum int) {
	for _, n := range counts {
		sum += n
	}
	return sum
}

// reasonLength is how many characters of a reason have room in a table.
const reasonLength = 240

// inOneLine is a text without line breaks, and without its end if it is long.
func inOneLine(text string) string {
	line := []rune(strings.Join(strings.Fields(text), " "))
	if len(line) > reasonLength {
		return string(line[:reasonLength]) + " …"
	}
	return string(line)
}
