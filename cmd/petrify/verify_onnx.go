package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"petrify/datasets"
	"petrify/quantized"
	"petrify/quantized/integer"
	"petrify/quantized/onnx"
)

// ortrunVariable names a program that runs an ONNX file with ONNX Runtime:
// internal/conformance/cmd/ortrun. This one has no cgo.
const ortrunVariable = "PETRIFY_ORTRUN"

// findOrtrun is the program's path, "" if there is none.
func findOrtrun() string {
	if path := os.Getenv(ortrunVariable); path != "" {
		return path
	}
	path, err := exec.LookPath("ortrun")
	if err != nil {
		return ""
	}
	return path
}

// addExports adds to the proof the default export, which names the proof, and
// how what a runtime on this machine computes from it compares with the engine.
func (s *subject) addExports(ctx context.Context, p *quantized.Proof, engine *integer.Engine) error {
	options, err := exportOptions{facts: p.Facts()}.onnx(s.file)
	if err != nil {
		return err
	}
	if s.onnx, err = options.Encode(s.file); err != nil {
		return err
	}
	export := quantized.Export{Digest: quantized.DigestOf(defaultFormat().file, s.onnx)}
	if s.ortrun != "" {
		version, err := exec.CommandContext(ctx, s.ortrun, "-version").Output()
		if err != nil {
			return fmt.Errorf("%s: %w", s.ortrun, failure(err))
		}
		name := "ONNX Runtime " + strings.TrimSpace(string(version))
		export.Comparison = &quantized.Comparison{A: theEngine, B: name, Tolerance: tolerance(s.file)}
		if err := s.runONNX(ctx, engine, export.Comparison); err != nil {
			return fmt.Errorf("%s: %w", s.ortrun, err)
		}
	}
	p.Exports = append(p.Exports, export)
	return nil
}

// runONNX compares what ONNX Runtime computes of the test split with the
// default export.
func (s *subject) runONNX(ctx context.Context, engine *integer.Engine, c *quantized.Comparison) error {
	dir, err := os.MkdirTemp("", "petrify")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	path := filepath.Join(dir, defaultFormat().file)
	if err := os.WriteFile(path, s.onnx, 0o666); err != nil {
		return err
	}
	cmd := exec.CommandContext(ctx, s.ortrun, path)
	in, err := cmd.StdinPipe()
	if err != nil {
		return err
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		return err
	}
	var complaints strings.Builder
	cmd.Stderr = &complaints
	if err := cmd.Start(); err != nil {
		return err
	}
	sent := make(chan error, 1)
	go func() { sent <- s.send(in) }()
	compared := s.compare(c, engine, out)
	if err := errors.Join(<-sent, cmd.Wait()); err != nil {
		said := strings.ReplaceAll(complaints.String(), path, filepath.Base(path)) // a temporary name helps nobody
		return fmt.Errorf("%w: %s", err, strings.TrimSpace(said))
	}
	return compared
}

// compare compares the engine's outputs of the test split with a runtime's,
// which it reads to their end, since a program that cannot write does not end.
func (s *subject) compare(c *quantized.Comparison, engine *integer.Engine, theirs io.Reader) error {
	defer io.Copy(io.Discard, theirs)
	ours := make([]float32, verifyBatch*engine.OutputSize())
	y, raw := make([]float32, len(ours)), make([]byte, 4*len(ours))
	for b, err := range s.data.Batches(s.data.Test, datasets.BatchOptions{Size: verifyBatch}) {
		if err != nil {
			return err
		}
		n := b.N * engine.OutputSize()
		if err := engine.Run(ours[:n], b.X[:b.N*engine.InputSize()], b.N); err != nil {
			return err
		}
		came, err := io.ReadFull(theirs, raw[:4*n])
		if err != nil && err != io.EOF && err != io.ErrUnexpectedEOF {
			return err
		}
		if _, err := binary.Decode(raw[:4*(came/4)], binary.LittleEndian, y[:came/4]); err != nil {
			return err
		}
		c.Add(ours[:n], y[:came/4]) // what did not come counts as differing
	}
	extra, err := io.Copy(io.Discard, theirs)
	if extra > 0 {
		return fmt.Errorf("%d bytes after the outputs of the last image", extra)
	}
	return err
}

// send writes the test split, N C H W, float32.
func (s *subject) send(w io.WriteCloser) error {
	buffered := bufio.NewWriterSize(w, 1<<20)
	channels, pixels := s.data.Shape[0], s.data.Shape[1]*s.data.Shape[2]
	planar := make([]float32, verifyBatch*channels*pixels)
	for b, err := range s.data.Batches(s.data.Test, datasets.BatchOptions{Size: verifyBatch}) {
		if err != nil {
			return errors.Join(err, w.Close())
		}
		size := channels * pixels
		for i := range b.N * size {
			at := i % size
			planar[i-at+at%channels*pixels+at/channels] = b.X[i]
		}
		if err := binary.Write(buffered, binary.LittleEndian, planar[:b.N*size]); err != nil {
			return errors.Join(err, w.Close())
		}
	}
	return errors.Join(buffered.Flush(), w.Close())
}

// failure is err with what the program said.
func failure(err error) error {
	var exit *exec.ExitError
	if errors.As(err, &exit) && len(exit.Stderr) > 0 {
		return fmt.Errorf("%w: %s", err, bytes.TrimSpace(exit.Stderr))
	}
	return err
}

// compared reports whether ONNX Runtime ran a file of the same options.
func (s *subject) compared(facts map[string]string) bool {
	usual, err := onnx.Metadata(s.onnx)
	return err == nil && usual[quantized.ExportKey] == facts[quantized.ExportKey]
}
