package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"petrify/quantized"
	"petrify/quantized/onnx"
)

// runner runs exports on this machine through a separate program, since this
// one has no cgo. Given -version, the program prints its version. Given a
// file's path, it reads inputs, float32 C H W, and writes the outputs of one
// input after the other.
type runner struct {
	name     string
	variable string // environment variable that names the program
	usual    string // its name, where the variable is not set

	// takes says how a file of the model is run, or why it cannot be.
	takes func(file []byte, m *quantized.Model) (execution, error)

	// tapped adds the model's activations to a file's outputs.
	tapped func(file []byte, m *quantized.Model) ([]byte, []onnx.Tap, error)
}

// execution is how a runner runs a file.
type execution struct {
	*runner
	file  []byte
	flags []string
}

// on returns how the runner runs a file.
func (r *runner) on(file []byte, m *quantized.Model) (execution, error) {
	x, err := r.takes(file, m)
	x.runner, x.file = r, file
	return x, err
}

// program is the path of the runtime's program, "" if there is none.
func (r *runner) program() string {
	if r == nil {
		return ""
	}
	if path := os.Getenv(r.variable); path != "" {
		return path
	}
	path, err := exec.LookPath(r.usual)
	if err != nil {
		return ""
	}
	return path
}

// version is the runtime's name with its version.
func (r *runner) version(ctx context.Context) (string, error) {
	version, err := exec.CommandContext(ctx, r.program(), "-version").Output()
	var exit *exec.ExitError
	switch {
	case errors.As(err, &exit) && len(exit.Stderr) > 0:
		return "", fmt.Errorf("%s: %w: %s", r.program(), err, bytes.TrimSpace(exit.Stderr))
	case err != nil:
		return "", fmt.Errorf("%s: %w", r.program(), err)
	}
	return r.name + " " + strings.TrimSpace(string(version)), nil
}

// process is the program at work on a file.
type process struct {
	*exec.Cmd
	outputs    io.Reader
	complaints strings.Builder
	sent       chan error
	folder     string // of the file
	room       []byte
	ended      bool
}

// start runs the program on a file, and send in a goroutine that feeds it.
func (x execution) start(ctx context.Context, file []byte, send func(w io.Writer) error) (*process, error) {
	folder, err := os.MkdirTemp("", "petrify")
	if err != nil {
		return nil, err
	}
	p := &process{sent: make(chan error, 1), folder: folder}
	path := filepath.Join(folder, "model")
	if err := os.WriteFile(path, file, 0o666); err != nil {
		return nil, errors.Join(err, os.RemoveAll(folder))
	}
	p.Cmd = exec.CommandContext(ctx, x.program(), append(x.flags, path)...)
	p.Stderr = &p.complaints
	in, err := p.StdinPipe()
	if err == nil {
		p.outputs, err = p.StdoutPipe()
	}
	if err == nil {
		err = p.Start()
	}
	if err != nil {
		return nil, errors.Join(err, os.RemoveAll(folder))
	}
	go func() {
		w := bufio.NewWriterSize(in, 1<<20)
		p.sent <- errors.Join(send(w), w.Flush(), in.Close())
	}()
	return p, nil
}

// end reads what is left, since a program that cannot write does not end, and
// waits for the program.
func (p *process) end() error {
	p.ended = true
	defer os.RemoveAll(p.folder)
	extra, err := io.Copy(io.Discard, p.outputs)
	if extra > 0 {
		err = fmt.Errorf("%d bytes follow the outputs of the last image", extra)
	}
	if sent := <-p.sent; sent != nil {
		err = sent
	}
	if ended := p.Wait(); ended != nil { // then nothing else is worth saying
		temporary := p.folder + string(filepath.Separator) // a name that helps nobody
		said := strings.ReplaceAll(p.complaints.String(), temporary, "")
		err = fmt.Errorf("%w: %s", ended, strings.TrimSpace(said))
	}
	if err != nil {
		return fmt.Errorf("%s: %w", p.Path, err)
	}
	return nil
}

// stop ends a program whose outputs are no longer wanted.
func (p *process) stop() {
	if !p.ended {
		p.Process.Kill()
		p.end()
	}
}

// read returns the next n bytes of the outputs, or fewer if there are no more;
// they are valid until the next call.
func (p *process) read(n int) ([]byte, error) {
	if len(p.room) < n {
		p.room = make([]byte, n)
	}
	came, err := io.ReadFull(p.outputs, p.room[:n])
	if err == io.EOF || err == io.ErrUnexpectedEOF {
		err = nil
	}
	return p.room[:came], err
}

// floats decodes what read returned.
func floats(raw []byte) []float32 {
	y := make([]float32, len(raw)/4)
	for i := range y {
		y[i] = math.Float32frombits(binary.LittleEndian.Uint32(raw[4*i:]))
	}
	return y
}
