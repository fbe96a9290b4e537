//go:build unix

package onnxeval

import (
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"petrify/internal/onnxpb"
)

// A pipe among the data is refused; opening it would wait for ever.
func TestOutsideDataInAPipe(t *testing.T) {
	folder := t.TempDir()
	if err := syscall.Mkfifo(filepath.Join(folder, "pipe"), 0o666); err != nil {
		t.Fatal(err)
	}
	_, err := Decode(&onnxpb.Tensor{Type: onnxpb.Float, Dims: []int64{1}, Outside: true,
		External: []onnxpb.Entry{{Key: "location", Value: "pipe"}}}, folder)
	if err == nil || !strings.Contains(err.Error(), `"pipe", which is no regular file`) {
		t.Errorf("got error %v", err)
	}
}
