package carray_test

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"petrify/quantized/carray"
	"petrify/quantized/quantizedtest"
)

// The footprint is what the header says.
func TestFootprint(t *testing.T) {
	for seed := range uint64(20) {
		_, m := quantizedtest.Random(rand.New(rand.NewPCG(seed, 4)), quantizedtest.W8A8, 6)
		files, err := carray.Encode(m, carray.Options{})
		if err != nil {
			continue // refused, as Footprint must
		}
		flash, ram, err := carray.Footprint(m, carray.Options{})
		if err != nil {
			t.Fatal(err)
		}
		costs, err := carray.Costs(m, carray.Options{})
		if err != nil {
			t.Fatal(err)
		}
		says := []string{fmt.Sprintf("Flash   %d bytes of constants", flash)}
		for _, c := range costs {
			switch {
			case c.Core == "Cortex-M4" && c.Arena != ram:
				t.Errorf("seed %d: %d bytes on %s, %d at most", seed, c.Arena, c.Core, ram)
			case c.Core == "Cortex-M0+":
				says = append(says, fmt.Sprintf("RAM     %d bytes of arena", c.Arena))
				if c.Arena < ram {
					says = append(says, fmt.Sprintf("%d on Cortex-M4", ram))
				}
			}
		}
		for _, want := range says {
			if !strings.Contains(string(files[0].Data), want) {
				t.Errorf("seed %d: the header does not say %q", seed, want)
			}
		}
	}
}
