package main

import (
	"bytes"
	"encoding/csv"
	"fmt"
	"os"
	"strconv"

	"petrify/quantized/integer"
)

const figuresFile = "internal/mcu/figures.csv"

// key says what was counted.
type key struct{ network, core, requantization, level string }

// figure is what was counted: instructions of one inference, bytes of code and of stack.
type figure struct {
	instructions int64
	code, stack  int
}

// growth is by how much a figure may exceed the recorded one.
const growth = 0.03

// keyOf is where a task's figures are recorded, if they are.
func keyOf(t task) key {
	if t.network == "" || t.format != formats[0] {
		return key{}
	}
	return key{t.network, t.name, t.requantization.String(), t.level}
}

// holds returns an error if the result is worse than the recorded figure allows.
func (f figure) holds(r result) error {
	for _, c := range []struct {
		what      string
		got, want float64
	}{
		{"instructions", r.instructions, float64(f.instructions)},
		{"bytes of code", float64(r.code), float64(f.code)},
		{"bytes of stack", float64(r.stack), float64(f.stack)},
	} {
		if c.got > c.want*(1+growth) {
			return fmt.Errorf("%.0f %s, %.1f %% more than the %.0f of %s: make it as good, or record the new figures",
				c.got, c.what, 100*(c.got/c.want-1), c.want, figuresFile)
		}
	}
	return nil
}

// figureTasks are what the table shows: everything in fixed point, and float32 where there are floats.
func figureTasks(cores []core) (all []task) {
	for _, c := range cores {
		for _, n := range networks {
			for _, level := range levels {
				all = append(all, task{c, n.name, formats[0], 0, integer.Gemmlowp, level})
			}
			if c.floats() {
				all = append(all, task{c, n.name, formats[0], 0, integer.Float32, "-O2"})
			}
		}
	}
	return all
}

var columns = []string{"network", "core", "requantization", "level", "instructions", "code", "stack"}

func writeFigures(all map[key]figure) []byte {
	var b bytes.Buffer
	w := csv.NewWriter(&b)
	_ = w.Write(columns) // into memory
	for _, k := range sorted(all) {
		f := all[k]
		_ = w.Write([]string{k.network, k.core, k.requantization, k.level, fmt.Sprint(f.instructions), fmt.Sprint(f.code),
			fmt.Sprint(f.stack)})
	}
	w.Flush()
	return b.Bytes()
}

func readFigures(path string) (map[key]figure, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	rows, err := csv.NewReader(bytes.NewReader(text)).ReadAll()
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	all := map[key]figure{}
	for i, row := range rows[1:] {
		var n [3]int64
		for j := range n {
			if n[j], err = strconv.ParseInt(row[4+j], 10, 64); err != nil {
				return nil, fmt.Errorf("%s: row %d: %w", path, i+2, err)
			}
		}
		all[key{row[0], row[1], row[2], row[3]}] = figure{n[0], int(n[1]), int(n[2])}
	}
	return all, nil
}
