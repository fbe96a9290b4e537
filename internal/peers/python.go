package main

import (
	"bufio"
	"context"
	_ "embed"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strconv"
	"strings"
)

// script is the peers' side.
//
//go:embed peer.py
var script string

// interpreter is Debian's Python, which sees Debian's packages.
const interpreter = "/usr/bin/python3"

// python is the process of the peers.
type python struct {
	command  *exec.Cmd
	in       io.WriteCloser
	out      *bufio.Reader
	versions string
}

func startPython(ctx context.Context) (*python, error) {
	p := &python{command: exec.CommandContext(ctx, interpreter, "-u", "-c", script, "serve")}
	p.command.Stderr = os.Stderr
	var err error
	if p.in, err = p.command.StdinPipe(); err != nil {
		return nil, err
	}
	out, err := p.command.StdoutPipe()
	if err != nil {
		return nil, err
	}
	p.out = bufio.NewReader(out)
	if err := p.command.Start(); err != nil {
		return nil, err
	}
	if p.versions, err = p.line(); err != nil {
		return nil, fmt.Errorf("the peers need Debian's packages python3-torch and libopenblas0: %w", err)
	}
	return p, nil
}

func (p *python) line() (string, error) {
	line, err := p.out.ReadString('\n')
	if err != nil {
		return "", fmt.Errorf("no answer from peer.py: %w", err)
	}
	return strings.TrimSpace(line), nil
}

// ask returns a question that is answered by a number.
func (p *python) ask(format string, args ...any) func(context.Context) (float64, error) {
	return func(context.Context) (float64, error) {
		if _, err := fmt.Fprintf(p.in, format+"\n", args...); err != nil {
			return 0, fmt.Errorf("peer.py: %w", err)
		}
		line, err := p.line()
		if err != nil {
			return 0, err
		}
		return strconv.ParseFloat(line, 64)
	}
}

// stop ends the process by ending its questions.
func (p *python) stop() {
	p.in.Close()
	if err := p.command.Wait(); err != nil {
		fmt.Fprintln(os.Stderr, "peers: peer.py:", err)
	}
}
