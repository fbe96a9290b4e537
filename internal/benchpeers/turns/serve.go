package turns

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// Work does one unit, or a few, and returns how many.
type Work func() (units float64, err error)

// Serve is a side: it says that it is ready, and answers each line of in until
// the end.
func Serve(in io.Reader, out io.Writer, name string, work Work) error {
	if _, err := fmt.Fprintln(out, ready, name); err != nil {
		return err
	}
	lines := bufio.NewScanner(in)
	for lines.Scan() {
		seconds, err := strconv.ParseFloat(lines.Text(), 64)
		if err != nil {
			return fmt.Errorf("turns: %w", err)
		}
		s, err := measure(time.Duration(seconds*float64(time.Second)), work)
		if err != nil {
			return err
		}
		if _, err := fmt.Fprintln(out, s.Seconds, s.Units, s.CPU, s.PeakKiB); err != nil {
			return err
		}
	}
	return lines.Err()
}

const ready = "ready"

// measure works for at least d.
func measure(d time.Duration, work Work) (s Slice, err error) {
	begin, used := time.Now(), processorTime()
	for elapsed := time.Duration(0); elapsed < d; elapsed = time.Since(begin) {
		units, err := work()
		if err != nil {
			return s, err
		}
		s.Units += units
	}
	s.Seconds = time.Since(begin).Seconds()
	s.CPU = (processorTime() - used).Seconds()
	s.PeakKiB, err = peak()
	return s, err
}

// processorTime is the processor time that the process has used.
func processorTime() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// peak is the greatest resident set so far, in KiB. The kernel's count of a
// process restarts with its program; that of getrusage does not.
func peak() (float64, error) {
	status, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return 0, fmt.Errorf("turns: %w", err)
	}
	for line := range strings.Lines(string(status)) {
		if rest, ok := strings.CutPrefix(line, "VmHWM:"); ok {
			return strconv.ParseFloat(strings.Fields(rest)[0], 64)
		}
	}
	return 0, fmt.Errorf("turns: the system does not tell a process's peak memory")
}
