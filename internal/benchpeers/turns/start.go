package turns

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
)

// Slice is what a side did in one turn.
type Slice struct {
	Seconds float64 `json:"seconds"`
	Units   float64 `json:"units"`
	CPU     float64 `json:"cpu_seconds"`
	PeakKiB float64 `json:"peak_kib"`
}

// Side is a running side.
type Side struct {
	Name string // what it calls itself, with its version
	cmd  *exec.Cmd
	in   io.WriteCloser
	out  *bufio.Reader
}

// Start starts a side and waits until it is ready. env is its environment;
// its standard error is ours.
func Start(command, env []string) (*Side, error) {
	s := &Side{cmd: exec.Command(command[0], command[1:]...)}
	s.cmd.Env, s.cmd.Stderr = env, os.Stderr
	in, err := s.cmd.StdinPipe()
	if err != nil {
		return nil, fmt.Errorf("turns: %w", err)
	}
	out, err := s.cmd.StdoutPipe()
	if err != nil {
		return nil, fmt.Errorf("turns: %w", err)
	}
	s.in, s.out = in, bufio.NewReader(out)
	if err := s.cmd.Start(); err != nil {
		return nil, fmt.Errorf("turns: %w", err)
	}
	line, err := s.out.ReadString('\n')
	name, ok := strings.CutPrefix(line, ready)
	if err != nil || !ok {
		return nil, errors.Join(fmt.Errorf("turns: %q said %q, want %q and a name", command, line, ready), err,
			s.Close())
	}
	s.Name = strings.TrimSpace(name)
	return s, nil
}

// Turn lets the side work for at least that many seconds.
func (s *Side) Turn(seconds float64) (t Slice, err error) {
	if _, err := fmt.Fprintln(s.in, seconds); err != nil {
		return t, fmt.Errorf("turns: %s: %w", s.Name, err)
	}
	if _, err := fmt.Fscanln(s.out, &t.Seconds, &t.Units, &t.CPU, &t.PeakKiB); err != nil {
		return t, fmt.Errorf("turns: answer of %s: %w", s.Name, err)
	}
	if t.Seconds <= 0 || t.Units <= 0 {
		return t, fmt.Errorf("turns: %s did %v units in %v s", s.Name, t.Units, t.Seconds)
	}
	return t, nil
}

// Close ends the side.
func (s *Side) Close() error {
	if err := errors.Join(s.in.Close(), s.cmd.Wait()); err != nil {
		return fmt.Errorf("turns: %s: %w", s.cmd.Path, err)
	}
	return nil
}
