package turns_test

import (
	"errors"
	"os"
	"strings"
	"testing"
	"time"

	"petrify/internal/benchpeers/turns"
)

// sideVariable makes the test's own binary a side.
const sideVariable = "TURNS_TEST_SIDE"

func TestMain(m *testing.M) {
	switch os.Getenv(sideVariable) {
	case "":
		os.Exit(m.Run())
	case "silent":
		os.Exit(0)
	}
	sleep := func() (float64, error) {
		time.Sleep(3 * time.Millisecond)
		return 2, nil
	}
	if err := turns.Serve(os.Stdin, os.Stdout, "sleeper 1.0", sleep); err != nil {
		os.Exit(1)
	}
}

func start(kind string) (*turns.Side, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	return turns.Start([]string{self}, append(os.Environ(), sideVariable+"="+kind))
}

func TestTurns(t *testing.T) {
	s, err := start("sleeping")
	if err != nil {
		t.Fatal(err)
	}
	if s.Name != "sleeper 1.0" {
		t.Errorf("the side calls itself %q", s.Name)
	}
	for range 2 {
		got, err := s.Turn(0.02)
		if err != nil {
			t.Fatal(err)
		}
		// A unit takes 1.5 ms at least; how much more is the machine's business.
		if got.Seconds < 0.02 || got.Units < 2 || got.Units > got.Seconds/0.0015 || got.PeakKiB < 100 ||
			got.CPU > got.Seconds {
			t.Errorf("turn of 0.02 s: %+v", got)
		}
	}
	if err := s.Close(); err != nil {
		t.Error(err)
	}
}

func TestASideThatSaysNothing(t *testing.T) {
	if _, err := start("silent"); err == nil {
		t.Error("no error for a side that ended without a word")
	}
}

func TestServeReportsFaults(t *testing.T) {
	fault := errors.New("broken")
	for name, c := range map[string]struct {
		input string
		work  turns.Work
	}{
		"work that fails":     {"0.001\n", func() (float64, error) { return 0, fault }},
		"a line not a number": {"soon\n", func() (float64, error) { return 1, nil }},
	} {
		var out strings.Builder
		if err := turns.Serve(strings.NewReader(c.input), &out, "x", c.work); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}
