package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"petrify/quantized/carray"
	"petrify/quantized/integer"
)

// rounds is how often an inference is timed; the fastest counts.
const rounds = 200

// compareHost times exported C and the engine on this machine, one input at a time on one processor.
func compareHost() error {
	fmt.Println("network             engine µs      C µs    ratio")
	for _, n := range networks {
		m, err := n.model(formats[0])
		if err != nil {
			return err
		}
		e, err := integer.New(m, integer.Options{})
		if err != nil {
			return err
		}
		x, y := make([]uint8, e.InputSize()), make([]uint8, e.OutputSize())
		for i := range x {
			x[i] = uint8(i * 37)
		}
		least := time.Hour
		for range rounds {
			begin := time.Now()
			if err := e.RunBytes(y, x, 1); err != nil {
				return err
			}
			least = min(least, time.Since(begin))
		}
		files, err := carray.Encode(m, carray.Options{Name: "net"})
		if err != nil {
			return err
		}
		took, err := timeC(files)
		if err != nil {
			return err
		}
		engine := float64(least.Nanoseconds())
		fmt.Printf("%-18s %10.1f %9.1f %8.2f\n", n.name, engine/1e3, took/1e3, took/engine)
	}
	return nil
}

// timeC compiles an export for this processor and returns the nanoseconds of an inference.
func timeC(files []carray.File) (float64, error) {
	dir, err := os.MkdirTemp("", "mcu")
	if err != nil {
		return 0, err
	}
	defer os.RemoveAll(dir)
	for _, f := range files {
		if err := os.WriteFile(filepath.Join(dir, f.Name), f.Data, 0o666); err != nil {
			return 0, err
		}
	}
	if err := os.CopyFS(dir, board); err != nil {
		return 0, err
	}
	if err := tool(dir, "cc", "-std=gnu99", "-O3", "-march=native", "-I.", fmt.Sprintf("-DROUNDS=%d", rounds),
		"-o", "program", "net.c", "board/host.c", "-lm"); err != nil {
		return 0, err
	}
	out, err := output(dir, "./program")
	if err != nil {
		return 0, err
	}
	return strconv.ParseFloat(strings.TrimSpace(string(out)), 64)
}
