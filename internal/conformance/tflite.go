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

// TFLiteVariable is the environment variable that names the folder of npm's
// package @tensorflow/tfjs-tflite.
const TFLiteVariable = "TFJS_TFLITE"

// TFLite is TensorFlow Lite, with XNNPACK, in a process of Node.js.
type TFLite struct {
	process *exec.Cmd
	in      io.WriteCloser
	out     *bufio.Reader
}

// StartTFLite starts the process.
func StartTFLite() (*TFLite, error) {
	_, file, _, _ := runtime.Caller(0)
	here := filepath.Dir(file)
	folder := os.Getenv(TFLiteVariable)
	if folder == "" {
		folder = filepath.Join(here, "node_modules/@tensorflow/tfjs-tflite")
	}
	if _, err := os.Stat(folder); err != nil {
		return nil, fmt.Errorf("conformance: no TensorFlow Lite: run internal/conformance/install.sh, or "+
			"set $%s: %w", TFLiteVariable, err)
	}
	t := &TFLite{process: exec.Command("node", filepath.Join(here, "tflite.cjs"), folder)}
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

// Run computes the outputs of a file for inputs that follow one another, as
// bytes of its types.
func (t *TFLite) Run(file, x []byte) ([]byte, error) {
	for _, part := range [][]byte{file, x} {
		if err := binary.Write(t.in, binary.LittleEndian, uint32(len(part))); err != nil {
			return nil, fmt.Errorf("conformance: TensorFlow Lite: %w", err)
		}
		if _, err := t.in.Write(part); err != nil {
			return nil, fmt.Errorf("conformance: TensorFlow Lite: %w", err)
		}
	}
	var head struct{ Status, Size uint32 }
	if err := binary.Read(t.out, binary.LittleEndian, &head); err != nil {
		return nil, fmt.Errorf("conformance: TensorFlow Lite: %w", err)
	}
	y := make([]byte, head.Size)
	if _, err := io.ReadFull(t.out, y); err != nil {
		return nil, fmt.Errorf("conformance: TensorFlow Lite: %w", err)
	}
	if head.Status != 0 {
		return nil, fmt.Errorf("conformance: TensorFlow Lite: %s", strings.TrimSpace(string(y)))
	}
	return y, nil
}

// Close ends the process.
func (t *TFLite) Close() error {
	if err := t.in.Close(); err != nil {
		return fmt.Errorf("conformance: TensorFlow Lite: %w", err)
	}
	if err := t.process.Wait(); err != nil {
		return fmt.Errorf("conformance: TensorFlow Lite: %w", err)
	}
	return nil
}
