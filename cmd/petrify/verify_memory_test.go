//go:build !race

package main

import (
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
)

// What a proof compares grows with images times classes; its memory must not.
func TestProofHoldsNoOutputs(t *testing.T) {
	const classes, tests = 1000, 9 // of each class
	var table strings.Builder
	for i := range classes * (tests + 1) {
		fmt.Fprintf(&table, "%d,%d\n", i, i%classes)
	}
	dir := t.TempDir()
	data, out := filepath.Join(dir, "many.csv"), filepath.Join(dir, "run")
	if err := os.WriteFile(data, []byte(table.String()), 0o666); err != nil {
		t.Fatal(err)
	}
	config := fmt.Sprintf("dataset: %s\ndata: {test_fraction: 0.9}\nnetwork: [{linear: {features: %d}}]\nfloat: "+
		"{epochs: 1}\nqat: {epochs: 0}\n", data, classes)
	silent := func(args ...string) {
		t.Helper()
		var complaints strings.Builder
		if code := run(t.Context(), args, strings.NewReader(config), io.Discard, &complaints); code != exitOK {
			t.Fatalf("exit code %d: %s", code, complaints.String())
		}
	}
	silent("train", "--config", "-", "--out", out)
	const outputs = 4 * classes * classes * tests
	cost := uint64(math.MaxUint64)
	for range 3 { // what other tests leave running allocates as well
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		silent("verify", out)
		runtime.ReadMemStats(&after)
		if cost = min(cost, after.TotalAlloc-before.TotalAlloc); cost <= outputs {
			return
		}
	}
	t.Errorf("%d bytes allocated to compare outputs of %d", cost, outputs)
}
