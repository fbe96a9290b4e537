package main

import (
	"fmt"
	"os"
	"runtime"
	"strconv"
	"strings"

	"petrify/internal/benchpeers/turns"
)

// machine is what the figures were measured on.
type machine struct {
	Processor string `json:"processor"`
	Threads   int    `json:"threads"`
	Extension string `json:"kernel_path"`
	System    string `json:"system"`
}

func thisMachine(path string) machine {
	m := machine{"unknown processor", runtime.NumCPU(), path, runtime.GOOS + "/" + runtime.GOARCH}
	info, err := os.ReadFile("/proc/cpuinfo")
	if err != nil {
		return m
	}
	fields := map[string]string{}
	for line := range strings.Lines(string(info)) {
		if name, value, ok := strings.Cut(line, ":"); ok {
			fields[strings.TrimSpace(name)] = strings.TrimSpace(value)
		}
	}
	m.Processor = fmt.Sprintf("%s (%s family %s, model %s)", fields["model name"], fields["vendor_id"],
		fields["cpu family"], fields["model"])
	return m
}

// meter adds up what the processors did while sides took their turns.
type meter struct{ busy, total, sides float64 } // seconds

// watch runs a turn.
func (m *meter) watch(turn func() (turns.Slice, error)) (turns.Slice, error) {
	busy, total := processors()
	s, err := turn()
	b, t := processors()
	m.busy += b - busy
	m.total += t - total
	m.sides += s.CPU
	return s, err
}

func (m *meter) add(o meter) {
	m.busy += o.busy
	m.total += o.total
	m.sides += o.sides
}

// others is the share of the processors that was neither idle nor used by the
// side whose turn it was.
func (m *meter) others() float64 {
	if m.total == 0 {
		return 0
	}
	return max(0, (m.busy-m.sides)/m.total)
}

// processors returns how many seconds all processors together were busy, and
// how many passed; what the host took from a virtual machine counts as busy.
func processors() (busy, total float64) {
	stat, err := os.ReadFile("/proc/stat")
	if err != nil {
		return 0, 0
	}
	line, _, _ := strings.Cut(string(stat), "\n")
	const tick = 100        // a second
	const idle, last = 3, 7 // idle and waiting for a disk are 3 and 4, stolen is 7
	for i, field := range strings.Fields(line)[1:] {
		ticks, err := strconv.ParseFloat(field, 64)
		if err != nil || i > last {
			break
		}
		total += ticks / tick
		if i != idle && i != idle+1 {
			busy += ticks / tick
		}
	}
	return busy, total
}
