package datasets

import (
	"encoding/binary"
	"fmt"
	"math"
	"strings"
	"testing"
)

// Values that float32 does not tell apart are warned of, in tables, targets and arrays.
func TestCoarseValuesAreWarnedOf(t *testing.T) {
	for name, c := range map[string]struct {
		from, step float64
		warned     string // the steps; "": none are too coarse
	}{
		"seconds since 1970":            {1.7e9, 30, "steps of 128"},
		"ids that become one":           {4e9, 1, "steps of 256"},
		"odd numbers lost":              {1 << 24, 1, "steps of 2"},
		"a place in a building":         {8.5417, 1e-7, "steps of 9.537e-07"},
		"below zero":                    {-1.7e9, 30, "steps of 128"},
		"below zero, always":            {-4e9, 0, "steps of 256"},
		"seconds since 1970, of a year": {1.7e9, 1e6, ""},
		"whole numbers":                 {1 << 15, 1, ""},
		"small ones":                    {0, 1e-30, ""},
		"always 5":                      {5, 0, ""},
	} {
		t.Run(name, func(t *testing.T) {
			value := func(i int) float64 { return c.from + c.step*float64(i) }
			var array, labels []byte
			for i := range 40 {
				for _, v := range []float64{float64(i % 7), value(i)} {
					array = binary.LittleEndian.AppendUint64(array, math.Float64bits(v))
				}
				labels = append(labels, byte(i%2))
			}
			dir := write(t, map[string][]byte{
				"feature.csv": []byte(rowsOf("a,n,label\n", 40, func(i int) string {
					return fmt.Sprintf("%d,%.9f,%s", i%7, value(i), pet(i))
				})),
				"target.csv": []byte(rowsOf("a,label\n", 40, func(i int) string { return fmt.Sprintf("%d,%.9f", i%7, value(i)) })),
				"array.npz": npzFile(t, map[string][]byte{"x": npyFile("<f8", "(40, 2)", array),
					"y": npyFile("|u1", "(40,)", labels)}),
			})
			for file, opts := range map[string]Options{"feature.csv": {}, "target.csv": {Target: NumberTargets}, "array.npz": {}} {
				set, err := Open(dir+"/"+file, opts)
				if err != nil {
					t.Fatal(err)
				}
				said := strings.Join(set.Account.Warnings, "\n")
				if strings.Contains(said, "steps") != (c.warned != "") || !strings.Contains(said, c.warned) {
					t.Errorf("%s: warnings %q, want %q", file, said, c.warned)
				}
			}
		})
	}
}
