package conformance

import (
	"bufio"
	"encoding/binary"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
)

// TFLitePackage is an npm package with TensorFlow Lite.
type TFLitePackage struct {
	name     string
	variable string // environment variable that names its folder
}

// The packages: TensorFlow Lite of 2023, and of 2026, when it was called LiteRT.
var (
	TFJS   = TFLitePackage{"@tensorflow/tfjs-tflite", "TFJS_TFLITE"}
	LiteRT = TFLitePackage{"@litertjs/core", "LITERT_CORE"}
)

// TFLite is TensorFlow Lite, with XNNPACK, in a process of Node.js.
type TFLite struct {
	Package TFLitePackage
	process *exec.Cmd
	in      io.WriteCloser
	out     *bufio.Reader
}

// String is its name on npm.
func (p TFLitePackage) String() string { return p.name }

// StartTFLite starts the process.
func StartTFLite(p TFLitePackage) (*TFLite, error) {
	_, file, _, _ := runtime.Caller(0)
	here := filepath.Dir(file)
	folder := os.Getenv(p.variable)
	if folder == "" {
		folder = filepath.Join(here, "node_modules", p.name)
	}
	if _, err := os.Stat(folder); err != nil {
		return nil, fmt.Errorf("conformance: no %s: run internal/conformance/install.sh, or set $%s: %w", p.name,
			p.variable, err)
	}
	t := &TFLite{Package: p, process: exec.Command("node", filepath.Join(here, "tflite.cjs"), folder)}
	t.process.Stderr = os.Stderr
	in, err := t.process.StdinPipe()
	if err != nil {
		return nil, fmt.Errorf("conformance: %w", err)
	}
	out, err := t.process.StdoutPipe()
	if err != nil {
		return nil, fmt.Errorf("conformance: %w", err)
	}
	t.in, t.out = in, bufio.NewReader(out)
	if err := t.process.Start(); err != nil {
		return nil, fmt.Errorf("conformance: Node.js: %w", err)
	}
	return t, nil
}

// Run computes the outputs of a file for consecutive inputs, as bytes of its
// types.
func (t *TFLite) Run(file, x []byte) ([]byte, error) {
	for _, part := range [][]byte{file, x} {
		if err := binary.Write(t.in, binary.LittleEndian, uint32(len(part))); err != nil {
			return nil, fmt.Errorf("conformance: %s: %w", t.Package, err)
		}
		if _, err := t.in.Write(part); err != nil {
			return nil, fmt.Errorf("conformance: %s: %w", t.Package, err)
		}
	}
	var head struct{ Status, Size uint32 }
	if err := binary.Read(t.out, binary.LittleEndian, &head); err != nil {
		return nil, fmt.Errorf("conformance: %s: %w", t.Package, err)
	}
	y := make([]byte, head.Size)
	if _, err := io.ReadFull(t.out, y); err != nil {
		return nil, fmt.Errorf("conformance: %s: %w", t.Package, err)
	}
	if head.Status != 0 {
		return nil, fmt.Errorf("conformance: %s: %s", t.Package, strings.TrimSpace(string(y)))
	}
	return y, nil
}

// Close ends the process.
func (t *TFLite) Close() error {
	if err := t.in.Close(); err != nil {
		return fmt.Errorf("conformance: %s: %w", t.Package, err)
	}
	if err := t.process.Wait(); err != nil {
		return fmt.Errorf("conformance: %s: %w", t.Package, err)
	}
	return nil
}
