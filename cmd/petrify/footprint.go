package main

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"

	"petrify/internal/report"
	"petrify/quantized"
	"petrify/quantized/carray"
)

// footprint is what an export takes on a microcontroller: bytes of constants in flash and, for each
// core, of RAM for activations, and estimates, such as of its code.
type footprint struct {
	flash, ram int // on the core that takes most
	costs      []carray.Cost
}

func cFootprint(m *quantized.Model, o exportOptions) (f footprint, err error) {
	options, err := cOptions(m, o)
	if err != nil {
		return f, err
	}
	if f.flash, f.ram, err = carray.Footprint(m, options); err != nil {
		return f, err
	}
	f.costs, err = carray.Costs(m, options)
	return f, err
}

// print writes a line for each core.
func (f footprint) print(w io.Writer) error {
	fmt.Fprintf(w, "%s bytes of constants; bytes of RAM for activations (arena) and, about, with gcc -O2, of code:\n",
		thousands(int64(f.flash)))
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, "core\tinstructions\tcycles\tcode\tarena\tstack")
	for _, c := range f.costs {
		fmt.Fprintf(t, "%s\t%s\t%s\t%s\t%s\t%s\n", c.Core, roughly(c, c.Instructions), roughly(c, c.Cycles),
			digits(float64(c.Code)), thousands(int64(c.Arena)), thousands(int64(c.Stack)))
	}
	return t.Flush()
}

// writeJSON writes the same for programs. What is not known is left out.
func (f footprint) writeJSON(w io.Writer, path string) error {
	type core struct {
		Name         string   `json:"core"`
		Instructions int64    `json:"instructions,omitempty"`
		Cycles       int64    `json:"cycles,omitempty"`
		Code         int      `json:"code,omitempty"`
		Arena        int      `json:"arena"`
		Stack        int      `json:"stack"`
		Unknown      []string `json:"unknown,omitempty"`
	}
	all := struct {
		Path      string `json:"path"`
		Constants int    `json:"constants"`
		Arena     int    `json:"arena"`
		Cores     []core `json:"cores"`
	}{path, f.flash, f.ram, nil}
	for _, c := range f.costs {
		one := core{Name: c.Core, Code: c.Code, Arena: c.Arena, Stack: c.Stack, Unknown: c.Unknown}
		if c.Unknown == nil {
			one.Instructions, one.Cycles = int64(c.Instructions), int64(c.Cycles)
		}
		all.Cores = append(all.Cores, one)
	}
	e := json.NewEncoder(w)
	e.SetIndent("", "  ")
	return e.Encode(all)
}

// roughly is an estimate of what kernels execute.
func roughly(c carray.Cost, estimate float64) string {
	if c.Unknown != nil {
		return "not known of " + strings.Join(c.Unknown, ", ")
	}
	return digits(estimate)
}

// digits are the first two of an estimate; none if it is 0, and not known.
func digits(estimate float64) string {
	if estimate == 0 {
		return "–"
	}
	n, unit := int64(estimate), int64(1)
	for n/unit >= 100 {
		unit *= 10
	}
	return thousands((n + unit/2) / unit * unit)
}

// cores are a report's lines.
func (f footprint) cores() (all []report.Core) {
	for _, c := range f.costs {
		all = append(all, report.Core{Name: c.Core, Instructions: roughly(c, c.Instructions), Cycles: roughly(c, c.Cycles),
			Code: digits(float64(c.Code)), RAM: int64(c.Arena + c.Stack)})
	}
	return all
}

// estimated is what an inference of the C export takes on a core.
func estimated(core, what string, of func(carray.Cost) float64) func(m *quantized.Model) (int64, error) {
	return func(m *quantized.Model) (int64, error) {
		all, err := carray.Costs(m, carray.Options{})
		if err != nil {
			return 0, err
		}
		for _, c := range all {
			if c.Core != core {
				continue
			}
			if c.Unknown != nil {
				return 0, fmt.Errorf("%s on %s: not known of %s", what, core, strings.Join(c.Unknown, ", "))
			}
			return int64(of(c)), nil
		}
		return 0, fmt.Errorf("%s on %s: not known", what, core)
	}
}

// estimates are budgets for each core, such as instructions@m4 and cycles@m4.
func estimates() (all []respect) {
	for _, core := range carray.Cores() {
		short := strings.ToLower(strings.TrimPrefix(core, "Cortex-"))
		all = append(all, respect{"instructions@" + short, "instructions of the C export on " + core + ", an estimate",
			estimated(core, "instructions", func(c carray.Cost) float64 { return c.Instructions }), nil})
		if carray.Timed(core) {
			all = append(all, respect{"cycles@" + short, "cycles of the C export on " + core + ", by a model",
				estimated(core, "cycles", func(c carray.Cost) float64 { return c.Cycles }), nil})
		}
	}
	return all
}
