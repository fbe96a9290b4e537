package main

import (
	_ "embed"
	"encoding/csv"
	"fmt"
	"strconv"
	"strings"
)

// torch is what torch_side.py wrote: row, seed, accuracy from 0 to 1.
//
//go:embed torch.csv
var torch string

// peers reads PyTorch's accuracies by row, in the order of the seeds.
func peers(text string) (map[string][]float64, error) {
	lines, err := csv.NewReader(strings.NewReader(text)).ReadAll()
	if err != nil {
		return nil, fmt.Errorf("torch.csv: %w", err)
	}
	all := map[string][]float64{}
	for i, l := range lines[1:] {
		a, err := strconv.ParseFloat(l[2], 64)
		if err != nil {
			return nil, fmt.Errorf("torch.csv: line %d: %w", i+2, err)
		}
		all[l[0]] = append(all[l[0]], a)
	}
	return all, nil
}
