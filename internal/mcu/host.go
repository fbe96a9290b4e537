package main

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"petrify/quantized/carray"
	"petrify/quantized/integer"
)

// rounds is how often an inference is timed at a time; turns how often the engine and each program take turns.
const rounds, turns = 500, 9

// hostFlags are how exports are compiled for this machine.
var hostFlags = [][]string{{"-O2"}, {"-O3", "-march=native"}}

// compareHost times exported C and the engine on this machine, one input at a time on one processor, in turns. A
// turn counts its fastest inference; medians of turns are printed.
func compareHost() error {
	fmt.Printf("%-18s %10s", "network", "engine µs")
	for _, f := range hostFlags {
		fmt.Printf(" %20s %7s", strings.Join(f, " ")+" µs", "ratio")
	}
	fmt.Println()
	for _, n := range networks {
		m, err := n.model(formats[0])
		if err != nil {
			return err
		}
		e, err := integer.New(m, integer.Options{})
		if err != nil {
			return err
		}
		files, err := carray.Encode(m, carray.Options{Name: "net"})
		if err != nil {
			return err
		}
		dir, err := os.MkdirTemp("", "mcu")
		if err != nil {
			return err
		}
		took, err := inTurns(dir, files, e)
		if err := os.RemoveAll(dir); err != nil {
			return err
		}
		if err != nil {
			return err
		}
		fmt.Printf("%-18s %10.1f", n.name, took[0]/1e3)
		for _, t := range took[1:] {
			fmt.Printf(" %20.1f %7.2f", t/1e3, t/took[0])
		}
		fmt.Println()
	}
	return nil
}

// inTurns returns the nanoseconds of an inference in the engine, and in exported C for each of hostFlags.
func inTurns(dir string, files []carray.File, e *integer.Engine) ([]float64, error) {
	if err := hostPrograms(dir, files); err != nil {
		return nil, err
	}
	x, y := make([]uint8, e.InputSize()), make([]uint8, e.OutputSize())
	for i := range x {
		x[i] = uint8(i * 37)
	}
	took := make([][]float64, 1+len(hostFlags))
	for range turns {
		least := time.Hour
		for range rounds {
			begin := time.Now()
			if err := e.RunBytes(y, x, 1); err != nil {
				return nil, err
			}
			least = min(least, time.Since(begin))
		}
		took[0] = append(took[0], float64(least.Nanoseconds()))
		for i := range hostFlags {
			out, err := output(dir, fmt.Sprintf("./program%d", i))
			if err != nil {
				return nil, err
			}
			n, err := strconv.ParseFloat(strings.TrimSpace(string(out)), 64)
			if err != nil {
				return nil, err
			}
			took[1+i] = append(took[1+i], n)
		}
	}
	medians := make([]float64, len(took))
	for i, all := range took {
		slices.Sort(all)
		medians[i] = all[len(all)/2]
	}
	return medians, nil
}

// hostPrograms compiles an export for this processor.
func hostPrograms(dir string, files []carray.File) error {
	for _, f := range files {
		if err := os.WriteFile(filepath.Join(dir, f.Name), f.Data, 0o666); err != nil {
			return err
		}
	}
	if err := os.CopyFS(dir, board); err != nil {
		return err
	}
	for i, flags := range hostFlags {
		args := append([]string{"-std=gnu99"}, flags...)
		args = append(args, "-I.", fmt.Sprintf("-DROUNDS=%d", rounds), "-o", fmt.Sprintf("program%d", i), "net.c",
			"board/host.c", "-lm")
		if err := tool(dir, "cc", args...); err != nil {
			return err
		}
	}
	return nil
}
