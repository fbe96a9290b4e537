package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"
	"runtime"
	"strings"
	"time"
)

// report is the outcome.
type report struct {
	Date       string      `json:"date"`
	Processor  string      `json:"processor"`
	Processors int         `json:"processors"`
	Go         string      `json:"go"`
	Peers      string      `json:"peers"`
	Rows       []result    `json:"rows"`
	Growth     []growthRow `json:"growth"`
}

func newReport(peers string) *report {
	return &report{
		Date: time.Now().UTC().Format(time.DateOnly), Processor: processor(), Processors: runtime.GOMAXPROCS(0),
		Go: runtime.Version(), Peers: peers,
	}
}

// processor is the name that Linux gives it.
func processor() string {
	f, err := os.Open("/proc/cpuinfo")
	if err != nil {
		return runtime.GOARCH
	}
	defer f.Close()
	for s := bufio.NewScanner(f); s.Scan(); {
		if key, value, ok := strings.Cut(s.Text(), ":"); ok && strings.TrimSpace(key) == "model name" {
			return strings.TrimSpace(value)
		}
	}
	return runtime.GOARCH
}

func (r *report) json() []byte {
	text, err := json.MarshalIndent(r, "", "  ")
	if err != nil {
		panic(err) // plain numbers and words
	}
	return append(text, '\n')
}

// markdown is the table for people.
func (r *report) markdown() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s, %s, %d threads, %s, %s. Medians; quartiles of the ratio in brackets.\n\n", r.Date, r.Processor, r.Processors, r.Go, r.Peers)
	b.WriteString("| measure | unit | petrify | peer | | ratio | goal | stretch |\n| --- | --- | --: | --: | --- | --: | --: | --: |\n")
	for _, row := range r.Rows {
		sign := "≥"
		if row.Less {
			sign = "≤"
		}
		fmt.Fprintf(&b, "| %s | %s | %s | %s | %s | **%.2f** (%.2f–%.2f) | %s %g | %s %g |\n", row.Name, row.Unit,
			number(row.Ours.Median), number(row.Theirs.Median), row.Peer, row.Ratio.Median, row.Ratio.Low, row.Ratio.High, sign, row.Goal, sign, row.Stretch)
	}
	if r.Growth == nil {
		return b.String()
	}
	b.WriteString("\nCost of a unit of work as sizes grow; 1.00 is linear.\n\n| size | | | | |\n| --- | --: | --: | --: | --: |\n")
	for _, g := range r.Growth {
		fmt.Fprintf(&b, "| %s |", g.Name)
		for i, size := range g.Sizes {
			fmt.Fprintf(&b, " %d: %.2f |", size, g.Cost[i])
		}
		b.WriteByte('\n')
	}
	return b.String()
}

// number keeps three digits or all before the point.
func number(v float64) string {
	if v >= 100 {
		return fmt.Sprintf("%.0f", v)
	}
	return fmt.Sprintf("%.3g", v)
}
