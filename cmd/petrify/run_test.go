package main

import (
	"bytes"
	"io"
	"strings"
	"testing"
)

// finished runs the command in this process and expects success.
func finished(t *testing.T, args ...string) {
	t.Helper()
	var stderr bytes.Buffer
	if code := run(t.Context(), args, strings.NewReader(""), io.Discard, &stderr); code != exitOK {
		t.Fatalf("%v: exit code %d: %s", args, code, &stderr)
	}
}
