package sweep

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"petrify/internal/atomicfile"
	"petrify/internal/sums"
	"petrify/train"
)

// State is how far a trial has come.
type State uint8

// The states of a trial.
const (
	Planned     State = iota // nobody has begun it
	Running                  // a process owns its folder
	Interrupted              // it has begun, and can be continued
	Waiting                  // at a rung of halving, for other trials
	Failed                   // it ended with an error
	Halved                   // halving stopped it
	Finished                 // its files are complete and proven
)

var states = [...]string{"planned", "running", "interrupted", "waiting", "failed", "stopped by halving", "finished"}

// States are all states.
func States() []State {
	return []State{Finished, Running, Interrupted, Waiting, Halved, Failed, Planned}
}

// String is such as "planned", "running" or "finished".
func (s State) String() string { return states[s] }

// MarshalText writes [State.String].
func (s State) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// Attempt is a line of attempts.jsonl: the end of a process that worked on a trial. A
// process that was killed leaves none.
type Attempt struct {
	Ended   time.Time `json:"ended"`
	Seconds float64   `json:"seconds"`
	// user and system time of the process; 0 where the system does not say
	Processor float64 `json:"processor_seconds,omitzero"`
	Host      string  `json:"host"`
	Outcome   Outcome `json:"outcome"`
	Error     string  `json:"error,omitempty"`
}

// Outcome is how an attempt ended.
type Outcome string

// The outcomes.
const (
	Done    Outcome = "finished"
	Stopped Outcome = "interrupted" // it can go on
	AtRung  Outcome = "at a rung"   // it waits for others
	Broke   Outcome = "failed"      // with an error that may pass, such as a full disk
	Refused Outcome = "refused"     // with an error that a further attempt meets again
)

// Progress is what is known of a trial.
type Progress struct {
	State   State
	Owner   string  // of a running one
	Passed  int     // the rungs of halving that it may pass
	Rung    int     // of a waiting or halved one: where
	Last    Attempt // its error, if the trial failed
	Seconds float64 // that its attempts took
	// processor seconds of them
	Processor float64
}

// Progress looks at a trial's folder, and at all others if it has come to a rung of halving.
func (s *Sweep) Progress(index int) (Progress, error) {
	p, err := s.look(index)
	if err != nil || s.Halving == nil {
		return p, err
	}
	if values, err := s.Halving.reached(s.TrialFolder(index)); err == nil && len(values) == 0 {
		return p, nil
	}
	all, err := s.Survey()
	if err != nil {
		return Progress{}, err
	}
	return all[index], nil
}

// Survey looks at the folders of all trials.
func (s *Sweep) Survey() (all []Progress, err error) {
	for index := range s.Len() {
		p, err := s.look(index)
		if err != nil {
			return nil, err
		}
		all = append(all, p)
	}
	if s.Halving == nil {
		return all, nil
	}
	c, err := s.contest(all)
	if err != nil {
		return nil, fmt.Errorf("sweep: %w", err)
	}
	for index := range all {
		c.judge(index, &all[index])
	}
	return all, nil
}

// look looks at a trial's folder.
func (s *Sweep) look(index int) (p Progress, err error) {
	folder := s.TrialFolder(index)
	attempts, err := readAttempts(folder)
	if err != nil {
		return p, fmt.Errorf("sweep: %w", err)
	}
	for _, a := range attempts {
		p.Last, p.Seconds, p.Processor = a, p.Seconds+a.Seconds, p.Processor+a.Processor
	}
	broken := p.Last.Outcome == Broke || p.Last.Outcome == Refused
	var owned bool
	switch p.Owner, owned = atomicfile.Claimed(folder); {
	case owned:
		p.State = Running
	case broken: // perhaps with complete files, but without a proof
		p.State = Failed
	case isFinished(folder) || s.isKnown(index):
		p.State = Finished
	case p.Last.Outcome == Stopped || p.Last.Outcome == AtRung || train.HasCheckpoint(folder):
		p.State = Interrupted
	}
	return p, nil
}

// StageProgress looks at the folder of a float stage that trials share: it is planned,
// running, interrupted, or finished.
func (s *Sweep) StageProgress(stage int) State {
	folder := s.StageFolder(stage)
	_, running := atomicfile.Claimed(folder)
	_, err := os.Stat(filepath.Join(folder, "float.safetensors"))
	switch {
	case running:
		return Running
	case err == nil: // it is written when the stage ends
		return Finished
	case train.HasCheckpoint(folder):
		return Interrupted
	}
	return Planned
}

// isFinished reports whether a folder holds a finished run: the list of its files is
// written last.
func isFinished(folder string) bool {
	_, err := os.Stat(filepath.Join(folder, sums.File))
	return err == nil
}

// Record appends the end of an attempt to a trial's list.
func (s *Sweep) Record(index int, a Attempt) error {
	line, err := json.Marshal(a)
	if err != nil {
		return fmt.Errorf("sweep: %w", err)
	}
	path := filepath.Join(s.TrialFolder(index), attemptsFile)
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o666)
	if err != nil {
		return fmt.Errorf("sweep: %w", err)
	}
	_, err = f.Write(append(line, '\n'))
	if err = errors.Join(err, f.Close()); err != nil {
		return fmt.Errorf("sweep: %w", err)
	}
	return nil
}

// readAttempts reads a trial's list. A line that a crash cut off is left out.
func readAttempts(folder string) (attempts []Attempt, err error) {
	f, err := os.Open(filepath.Join(folder, attemptsFile))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	defer f.Close()
	lines := bufio.NewScanner(f)
	for lines.Scan() {
		var a Attempt
		if json.Unmarshal(lines.Bytes(), &a) == nil {
			attempts = append(attempts, a)
		}
	}
	return attempts, lines.Err()
}
