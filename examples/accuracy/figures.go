package main

import (
	_ "embed"
	"encoding/csv"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
)

// figures are accuracies in per cent, and gaps in points, by the names of the cells.
type figures map[string]float64

// peer is what quick_torch.py gave for the same float networks.
//
//go:embed peer.csv
var peer string

// parseFigures reads lines of a name and a figure.
func parseFigures(text string) (figures, error) {
	lines, err := csv.NewReader(strings.NewReader(text)).ReadAll()
	if err != nil {
		return nil, err
	}
	f := figures{}
	for i, l := range lines[1:] {
		if f[l[0]], err = strconv.ParseFloat(l[1], 64); err != nil {
			return nil, fmt.Errorf("line %d: %w", i+2, err)
		}
	}
	return f, nil
}

// String is what parseFigures reads, to 0.01 points.
func (f figures) String() string {
	var b strings.Builder
	b.WriteString("cell,per cent\n")
	for _, name := range slices.Sorted(maps.Keys(f)) {
		fmt.Fprintf(&b, "%s,%.2f\n", name, f[name])
	}
	return b.String()
}

// tolerance is by how many points a cell may fall, for the bits of its weights, t for
// ternary ones: more than three seeds of mlp differ, which is 0.33.
var tolerance = map[byte]float64{'8': 0.4, '4': 0.8, '3': 1.2, '2': 2, 't': 2, '1': 2}

// fallen lists the cells in which now loses more against its float network than
// before did, by more than the tolerance, and those with a gap. It looks at losses
// because the float networks are not the same on every processor, whose sums round
// otherwise.
func fallen(now, before figures) (names []string) {
	loss := func(f figures, network, name string) float64 { return f[cell(network, "", columnFloat)] - f[name] }
	for _, name := range slices.Sorted(maps.Keys(now)) {
		part := strings.Fields(name)
		switch {
		case len(part) < 3:
		case part[2] == columnGap:
			if now[name] != 0 {
				names = append(names, fmt.Sprintf("%s: %+.2f points, want 0", name, now[name]))
			}
		default:
			if _, known := before[name]; !known {
				continue
			}
			more, most := loss(now, part[0], name)-loss(before, part[0], name), tolerance[part[1][1]]
			if !(more <= most+1e-9) {
				names = append(names, fmt.Sprintf("%s: %.2f, %.2f points worse than the reference: want %.1f at most",
					name, now[name], more, most))
			}
		}
	}
	return names
}
