package main

import (
	"io"
	"runtime"
	"runtime/debug"
	"strings"
	"testing"
	"time"

	"petrify/datasets"
)

type reading struct {
	file string
	done int64
}

// On a terminal, reading shows its progress after a second and clears it at the
// end.
func TestReadingProgress(t *testing.T) {
	for name, c := range map[string]struct {
		terminal bool
		since    time.Duration
		want     []string // nil: nothing
	}{
		"no terminal": {false, time.Hour, nil},
		"at once":     {true, 0, nil},
		"after a while": {true, time.Hour, []string{"a.csv  40% |", "(400 kB/1.0 MB, ", "]", // elapsed and left
			"b.csv  25% |", "(250 kB/1.0 MB, "}},
	} {
		t.Run(name, func(t *testing.T) {
			var shown strings.Builder
			wide := screen{c.terminal, true, func() int { return 120 }}
			p := &progress{w: &shown, screen: wide, begun: time.Now().Add(-c.since)}
			for _, r := range []reading{{"data/a.csv", 0}, {"data/a.csv", 400e3}, {"data/a.csv", 1e6},
				{"data/b.csv", 0}, {"data/b.csv", 250e3}} {
				p.reading(r.file, r.done, 1e6)
				p.redrawn = time.Time{}
			}
			p.clear()
			rest := shown.String()
			for _, part := range c.want {
				_, after, ok := strings.Cut(rest, part)
				if !ok {
					t.Errorf("%q does not say %q after the parts before", shown.String(), part)
				}
				rest = after
			}
			lines := strings.Split(strings.TrimSuffix(shown.String(), "\r"), "\r")
			if last := lines[len(lines)-1]; strings.TrimSpace(last) != "" || c.want == nil && shown.Len() > 0 {
				t.Errorf("%q is left on the screen", shown.String())
			}
		})
	}
}

func TestGarbageIsSmallBesideData(t *testing.T) {
	defer debug.SetGCPercent(debug.SetGCPercent(100))
	t.Setenv("GOGC", "")
	data := make([]byte, 256<<20)
	spareMemory()
	runtime.KeepAlive(data)
	if percent := debug.SetGCPercent(100); percent < 6 || percent > 13 {
		t.Errorf("the heap may grow by %d %% of 256 MB, want 12", percent)
	}
	t.Setenv("GOGC", "100")
	spareMemory()
	if percent := debug.SetGCPercent(100); percent != 100 {
		t.Errorf("GOGC=100 became %d", percent)
	}
}

// Garbage of decoders must not pile up beside data while they are read.
func TestGarbageIsSmallWhileReading(t *testing.T) {
	defer debug.SetGCPercent(debug.SetGCPercent(100))
	t.Setenv("GOGC", "")
	var o datasets.Options
	done := (&command{stderr: io.Discard}).watch(&o)
	data := make([]byte, 256<<20)
	runtime.GC()
	time.Sleep(interval + time.Millisecond)
	o.Reading("a.png", 1, 2)
	runtime.KeepAlive(data)
	if percent := debug.SetGCPercent(100); percent < 6 || percent > 13 {
		t.Errorf("the heap may grow by %d %% of 256 MB, want 12", percent)
	}
	if err := done(nil); err != nil {
		t.Error(err)
	}
}
