package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
)

// peer is the process in Python. It is not for concurrent use.
type peer struct {
	cmd *exec.Cmd
	in  io.WriteCloser
	out *bufio.Reader
}

// verdict is what the peer says about a record.
type verdict struct {
	Steps, Tensors int
	Decided        int  // numbers that were rounded, clipped or compared
	Near           int  // of them, too near a tie for float32
	Turned         int  // of them, decided the other way
	Rebased        int  // steps that agree from petrify's numbers before them
	Shaken         int  // steps that agree apart from noise
	Undecided      bool // too much is near a tie to tell
	Worst          float64
	At             string
	Difference     string // "": none
	Failure        string // of the peer itself
}

// start starts the program in the given folder.
func start(folder string) (*peer, error) {
	p := &peer{cmd: exec.Command("/usr/bin/python3", "-B", folder)}
	p.cmd.Stderr = os.Stderr
	p.cmd.Env = append(os.Environ(), "OMP_NUM_THREADS=1")
	var err error
	if p.in, err = p.cmd.StdinPipe(); err != nil {
		return nil, fmt.Errorf("peer: %w", err)
	}
	out, err := p.cmd.StdoutPipe()
	if err != nil {
		return nil, fmt.Errorf("peer: %w", err)
	}
	p.out = bufio.NewReaderSize(out, 1<<16)
	if err := p.cmd.Start(); err != nil {
		return nil, fmt.Errorf("peer: %w", err)
	}
	return p, nil
}

// try trains a plan and lets the peer judge.
func (p *peer) try(q plan) (v verdict, err error) {
	r, err := q.train()
	if err != nil {
		return v, err
	}
	if err := json.NewEncoder(p.in).Encode(r); err != nil {
		return v, fmt.Errorf("peer: %w", err)
	}
	line, err := p.out.ReadBytes('\n')
	if err != nil {
		return v, fmt.Errorf("peer: %w", err)
	}
	if err := json.Unmarshal(line, &v); err != nil {
		return v, fmt.Errorf("peer: %w", err)
	}
	if v.Failure != "" {
		return v, fmt.Errorf("peer: %s", v.Failure)
	}
	return v, nil
}

// stop ends the process.
func (p *peer) stop() {
	p.in.Close()
	p.cmd.Wait()
}
