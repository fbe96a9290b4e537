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
// how what a runtime on this machine computes from it compares with want.
func (s *subject) addExports(ctx context.Context, p *quantized.Proof, want []float32) error {
	options, err := exportOptions{facts: p.Facts()}.onnx(s.file)
	if err != nil {
		return err
	}
	if s.onnx, err = options.Encode(s.file); err != nil {
		return err
	}
	export := quantized.Export{Digest: quantized.DigestOf(onnxFormat().file, s.onnx)}
	if s.ortrun != "" {
		version, err := exec.CommandContext(ctx, s.ortrun, "-version").Output()
		if err != nil {
			return fmt.Errorf("%s: %w", s.ortrun, failure(err))
		}
		y, err := s.runONNX(ctx)
		if err != nil {
			return fmt.Errorf("%s: %w", s.ortrun, err)
		}
		name := "ONNX Runtime " + strings.TrimSpace(string(version))
		c := compared(theEngine, name, want, y, tolerance(s.file))
		export.Comparison = &c
	}
	p.Exports = append(p.Exports, export)
	return nil
}

// runONNX runs the default export on the test split with ONNX Runtime.
func (s *subject) runONNX(ctx context.Context) ([]float32, error) {
	dir, err := os.MkdirTemp("", "petrify")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	path := filepath.Join(dir, onnxFormat().file)
	if err := os.WriteFile(path, s.onnx, 0o666); err != nil {
		return nil, err
	}
	cmd := exec.CommandContext(ctx, s.ortrun, path)
	in, err := cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	var out bytes.Buffer
	cmd.Stdout = &out
	var complaints strings.Builder
	cmd.Stderr = &complaints
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	sent := s.send(in)
	if err := errors.Join(cmd.Wait(), sent); err != nil {
		return nil, fmt.Errorf("%w: %s", err, strings.TrimSpace(complaints.String()))
	}
	y := make([]float32, out.Len()/4)
	_, err = binary.Decode(out.Bytes(), binary.LittleEndian, y)
	return y, err
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
