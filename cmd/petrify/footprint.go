package main

import (
	"fmt"
	"io"
	"strings"
	"text/tabwriter"

	"petrify/quantized"
	"petrify/quantized/carray"
)

// footprint is what an export takes on a microcontroller: bytes of constants in flash and of
// RAM for activations, and estimates for each core.
type footprint struct {
	flash, ram int
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
	fmt.Fprintf(w, "%s bytes of constants, %s bytes of RAM for activations; about, with gcc -O2:\n",
		thousands(int64(f.flash)), thousands(int64(f.ram)))
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, "core\tinstructions\tstack")
	for _, c := range f.costs {
		fmt.Fprintf(t, "%s\t%s\t%s\n", c.Core, roughly(c), thousands(int64(c.Stack)))
	}
	return t.Flush()
}

// roughly is an estimate with two digits.
func roughly(c carray.Cost) string {
	if c.Unknown != nil {
		return "not known of " + strings.Join(c.Unknown, ", ")
	}
	n := int64(c.Instructions)
	unit := int64(1)
	for n/unit >= 100 {
		unit *= 10
	}
	return thousands((n + unit/2) / unit * unit)
}

// note says what a report does.
func (f footprint) note() string {
	text := fmt.Sprintf("constants in flash; %s bytes of RAM", thousands(int64(f.ram)))
	var cores []string
	for _, c := range f.costs {
		if c.Unknown == nil {
			cores = append(cores, fmt.Sprintf("%s on %s", roughly(c), c.Core))
		}
	}
	if cores != nil {
		text += "; instructions of an inference, about: " + strings.Join(cores, ", ")
	}
	return text
}

// instructions are what an inference of the C export takes on a core.
func instructions(core string) func(m *quantized.Model) (int64, error) {
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
				return 0, fmt.Errorf("instructions on %s: not known of %s", core, strings.Join(c.Unknown, ", "))
			}
			return int64(c.Instructions), nil
		}
		return 0, fmt.Errorf("instructions on %s: not known", core)
	}
}

// instructionRespects are a budget for each core, such as instructions@m4.
func instructionRespects() (all []respect) {
	for _, core := range carray.Cores() {
		short := strings.ToLower(strings.TrimPrefix(core, "Cortex-"))
		all = append(all, respect{"instructions@" + short, "instructions of the C export on " + core + ", an estimate",
			instructions(core), nil})
	}
	return all
}
